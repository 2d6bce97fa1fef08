extension SchemaEvaluator {
    mutating func check(
        _ rule: CompiledSchema.ObjectRule, of schema: CompiledSchema, _ value: JSON, _ object: JSONObject,
        _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        try charge()
        switch rule {
        case .maxProperties(let limit):
            return try object.count <= limit
                ? true : tell(schema, "maxProperties", "This must have at most \(limit) members.")
        case .minProperties(let limit):
            return try object.count >= limit
                ? true : tell(schema, "minProperties", "This must have at least \(limit) members.")
        case .required(let names):
            return try has(names, object, of: schema, "required", "This member is required.")
        case .dependentRequired(let dependencies):
            var areThere = true
            for (name, others) in dependencies where try isMember(name, of: object) {
                let detail = "This member is required beside \(JSON.string(String(name.prefix(80))))."
                areThere = try has(others, object, of: schema, "dependentRequired", detail) && areThere
                if !areThere, isQuiet { return false }
            }
            return areThere
        case .members(let members): return try check(members, object, &own)
        case .names(let names): return try check(names: names, object, of: schema)
        case .dependentSchemas(let dependencies):
            var areKept = true
            for (name, dependent) in dependencies where try isMember(name, of: object) {
                areKept = try holds(dependent, value, &own) && areKept
                if !areKept, isQuiet { return false }
            }
            return areKept
        case .unevaluated(let rest):
            var areKept = true
            for (place, member) in object.members.enumerated() where !own.contains(place) {
                areKept = try holds(rest, member: member.key, member.value) && areKept
                if !areKept, isQuiet { return false }
            }
            own.insertAll()
            return areKept
        }
    }

    private mutating func isMember(_ name: String, of object: JSONObject) throws(SchemaGivenUp) -> Bool {
        try charge(bytes: Cost.operation / 2 + Cost.ofName(name.utf8.count))
        return object[name] != nil
    }

    private mutating func has(
        _ names: [String], _ object: JSONObject, of schema: CompiledSchema, _ keyword: String, _ detail: String
    ) throws(SchemaGivenUp) -> Bool {
        var areThere = true
        for name in names where try !isMember(name, of: object) {
            areThere = try tell(schema, keyword, member: name, detail)
            if isQuiet { return false }
        }
        return areThere
    }

    /// `properties`, `patternProperties` and, for members that neither names, `additionalProperties`.
    private mutating func check(
        _ members: CompiledSchema.Members, _ object: JSONObject, _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        var areKept = true
        for (place, (name, value)) in object.members.enumerated() {
            try charge(bytes: Cost.operation / 2 + Cost.ofName(name.utf8.count))
            var isKnown = false
            if let schema = members.named[.init(text: name)] {
                isKnown = true
                areKept = try holds(schema, member: name, value) && areKept
            }
            for (pattern, schema) in members.patterns where try pattern.matches(name, left: &left) {
                isKnown = true
                areKept = try holds(schema, member: name, value) && areKept
            }
            if !isKnown, let additional = members.additional {
                areKept = try holds(additional, member: name, value) && areKept
            }
            if !areKept, isQuiet { return false }
            if isKnown { own.insert(place, of: object.count) }
        }
        if members.additional != nil { own.insertAll() }
        return areKept
    }

    private mutating func check(
        names: Int, _ object: JSONObject, of schema: CompiledSchema
    ) throws(SchemaGivenUp) -> Bool {
        var areKept = true
        for (name, _) in object.members {
            var evaluated = Evaluated()
            if try holdsQuietly(names, .string(name), &evaluated) { continue }
            areKept = try tell(schema, "propertyNames", member: name, "A member may not have this name.")
            if isQuiet { return false }
        }
        return areKept
    }
}
