/// Schemas that are applied to the same value.
extension SchemaEvaluator {
    mutating func check(
        _ combination: CompiledSchema.Combination, of schema: CompiledSchema, _ value: JSON, _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        switch combination {
        case .all(let parts):
            var areKept = true
            for part in parts {
                areKept = try holds(part, value, &own) && areKept
                if !areKept, isQuiet { return false }
            }
            return areKept
        case .any(let parts): return try checkAny(parts, of: schema, value, &own)
        case .one(let parts): return try checkOne(parts, of: schema, value, &own)
        case .not(let part):
            var evaluated = Evaluated()
            return try holdsQuietly(part, value, &evaluated)
                ? tell(schema, "not", "This is what must not be here.") : true
        case .choose(let condition, let then, let otherwise):
            var evaluated = Evaluated(isWanted: own.isWanted)
            let isMet = try holdsQuietly(condition, value, &evaluated)
            if isMet { own.merge(evaluated) }
            guard let next = isMet ? then : otherwise else { return true }
            return try holds(next, value, &own)
        }
    }

    private mutating func checkAny(
        _ parts: [Int], of schema: CompiledSchema, _ value: JSON, _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        var isKept = false
        for part in parts {
            var evaluated = Evaluated(isWanted: own.isWanted)
            guard try holdsQuietly(part, value, &evaluated) else { continue }
            // The others may look at more.
            guard own.isWanted else { return true }
            isKept = true
            try charge(bytes: evaluated.cost)
            own.merge(evaluated)
        }
        if isKept { return true }
        _ = try tell(schema, "anyOf", "This is none of the \(parts.count) things it may be.")
        try tellOfLikely(parts, value)
        return false
    }

    private mutating func checkOne(
        _ parts: [Int], of schema: CompiledSchema, _ value: JSON, _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        var kept: (index: Int, evaluated: Evaluated)?
        for (index, part) in parts.enumerated() {
            var evaluated = Evaluated(isWanted: own.isWanted)
            guard try holdsQuietly(part, value, &evaluated) else { continue }
            if let kept {
                return try tell(
                    schema, "oneOf",
                    "This must be exactly one of \(parts.count) things, and is those with the indices \(kept.index) and "
                        + "\(index).")
            }
            kept = (index, evaluated)
        }
        guard let kept else {
            _ = try tell(schema, "oneOf", "This is none of the \(parts.count) things it must be one of.")
            try tellOfLikely(parts, value)
            return false
        }
        try charge(bytes: kept.evaluated.cost)
        own.merge(kept.evaluated)
        return true
    }

    /// Tells what is wrong with the one thing that a value was most likely meant to be; nothing when that is not clear.
    private mutating func tellOfLikely(_ parts: [Int], _ value: JSON) throws(SchemaGivenUp) {
        if isQuiet { return }
        var likely: [InputSchema.Breach]?
        for part in parts {
            let found = try breaches(of: part, value)
            if found.contains(where: isOfAnotherThing) { continue }
            if likely != nil { return }
            likely = found
        }
        for breach in likely ?? [] { _ = try tell(breach) }
    }

    /// Another type, or another `kind`: a constant of the value itself or of one of its members.
    private func isOfAnotherThing(_ breach: InputSchema.Breach) -> Bool {
        let levels = breach.pointer.tokens.count - pointer.tokens.count
        return switch breach.schema.tokens.last {
        case "type": levels == 0
        case "const", "enum": levels <= 1
        default: false
        }
    }
}
