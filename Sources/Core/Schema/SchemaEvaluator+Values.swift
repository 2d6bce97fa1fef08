/// Types, equality, numbers and texts.
extension SchemaEvaluator {
    mutating func check(
        _ types: Set<ValueType>, of schema: CompiledSchema, _ value: JSON
    ) throws(SchemaGivenUp) -> Bool {
        if case .number(let number) = value { try charge(bytes: Cost.ofNumber(number.text.utf8.count)) }
        if types.contains(where: { $0.includes(value) }) { return true }
        let wanted = ValueType.allCases.filter(types.contains).map(\.phrase)
        let actual = value.typeName
        return try tell(
            schema, "type",
            types.contains(.integer) && value.number != nil
                ? "This must be \(wanted.joined(separator: " or ")), not a number with a fraction."
                : "This must be \(wanted.joined(separator: " or ")), not \(actual).")
    }

    mutating func isAmong(_ values: ValueSet, _ value: JSON) throws(SchemaGivenUp) -> Bool {
        var writer = CanonicalWriter(limit: values.longest, left: left)
        let isShort = try writer.write(value)
        left = writer.left
        return isShort && values.texts.contains(writer.bytes)
    }

    mutating func check(
        _ rule: CompiledSchema.NumberRule, of schema: CompiledSchema, _ number: JSONNumber
    ) throws(SchemaGivenUp) -> Bool {
        try charge(bytes: Cost.operation + Cost.ofNumber(number.text.utf8.count))
        switch rule {
        case .multipleOf(let multiple):
            // Up to 800 steps for the zeros of an exponent.
            if number.int == nil { try charge(8) }
            return try multiple.divides(number)
                ? true : tell(schema, "multipleOf", "This must be a multiple of \(multiple.number).")
        case .maximum(let limit):
            return try JSONNumber.compare(number, limit) != .greater
                ? true : tell(schema, "maximum", "This must be at most \(limit).")
        case .exclusiveMaximum(let limit):
            return try JSONNumber.compare(number, limit) == .less
                ? true : tell(schema, "exclusiveMaximum", "This must be less than \(limit).")
        case .minimum(let limit):
            return try JSONNumber.compare(number, limit) != .less
                ? true : tell(schema, "minimum", "This must be at least \(limit).")
        case .exclusiveMinimum(let limit):
            return try JSONNumber.compare(number, limit) == .greater
                ? true : tell(schema, "exclusiveMinimum", "This must be greater than \(limit).")
        }
    }

    mutating func check(
        _ rule: CompiledSchema.TextRule, of schema: CompiledSchema, _ text: String
    ) throws(SchemaGivenUp) -> Bool {
        try charge()
        switch rule {
        case .maxLength(let limit):
            // A scalar has one to four bytes.
            let bytes = text.utf8.count
            if bytes <= limit { return true }
            try charge(bytes: bytes)
            return try bytes <= limit * 4 && text.unicodeScalars.count <= limit
                ? true : tell(schema, "maxLength", "This must have at most \(limit) characters.")
        case .minLength(let limit):
            try charge(bytes: text.utf8.count)
            return try text.unicodeScalars.count >= limit
                ? true : tell(schema, "minLength", "This must have at least \(limit) characters.")
        case .pattern(let pattern):
            return try pattern.matches(text, left: &left)
                ? true : tell(schema, "pattern", "This does not match the pattern.")
        case .format(let format):
            try charge(bytes: text.utf8.count * 4)
            return try format.accepts(text) ? true : tell(schema, "format", "This must be \(format.rule).")
        }
    }
}
