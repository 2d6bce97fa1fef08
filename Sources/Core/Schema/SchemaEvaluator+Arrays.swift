extension SchemaEvaluator {
    mutating func check(
        _ rule: CompiledSchema.ArrayRule, of schema: CompiledSchema, _ elements: [JSON], _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        try charge()
        switch rule {
        case .maxItems(let limit):
            return try elements.count <= limit
                ? true : tell(schema, "maxItems", "This must have at most \(limit) elements.")
        case .minItems(let limit):
            return try elements.count >= limit
                ? true : tell(schema, "minItems", "This must have at least \(limit) elements.")
        case .uniqueItems:
            guard let (first, second) = try firstEqual(elements) else { return true }
            return try tell(schema, "uniqueItems", element: second, "This equals element \(first); each must differ.")
        case .items(let first, let rest): return try check(first: first, rest: rest, elements, &own)
        case .contains(let wanted, let least, let most):
            return try checkContains(wanted, least, most, of: schema, elements, &own)
        case .unevaluated(let rest):
            var areKept = true
            for (place, element) in elements.enumerated() where !own.contains(place) {
                areKept = try holds(rest, element: place, element) && areKept
                if !areKept, isQuiet { return false }
            }
            own.insertAll()
            return areKept
        }
    }

    /// `prefixItems` for the first elements, `items` for those after them.
    private mutating func check(
        first: [Int], rest: Int?, _ elements: [JSON], _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        var areKept = true
        for (place, element) in elements.enumerated() {
            guard let schema = place < first.count ? first[place] : rest else { break }
            areKept = try holds(schema, element: place, element) && areKept
            if !areKept, isQuiet { return false }
            if rest == nil { own.insert(place, of: elements.count) }
        }
        if rest != nil { own.insertAll() }
        return areKept
    }

    private mutating func checkContains(
        _ wanted: Int, _ least: Int, _ most: Int?, of schema: CompiledSchema, _ elements: [JSON],
        _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        var count = 0
        for (place, element) in elements.enumerated() {
            var evaluated = Evaluated()
            guard try holdsQuietly(wanted, element, &evaluated) else { continue }
            count += 1
            own.insert(place, of: elements.count)
            if let most, count > most {
                return try tell(
                    schema, "maxContains", "At most \(most) of the elements may be what is looked for here.")
            }
            if most == nil, count >= least, !own.isWanted { return true }
        }
        if count >= least { return true }
        return try tell(
            schema, least == 1 ? "contains" : "minContains",
            "At least \(least) of the elements must be what is looked for here.")
    }

    /// Two elements that are equal, the first of them first.
    private mutating func firstEqual(_ elements: [JSON]) throws(SchemaGivenUp) -> (Int, Int)? {
        if elements.count < 2 { return nil }
        var seen: [[UInt8]: Int] = [:]
        for (place, element) in elements.enumerated() {
            var writer = CanonicalWriter(limit: .max, left: left)
            _ = try writer.write(element)
            left = writer.left
            // It is kept and hashed.
            try charge(bytes: Cost.operation * 2 + writer.bytes.count * 2)
            if let first = seen.updateValue(place, forKey: writer.bytes) { return (first, place) }
        }
        return nil
    }
}
