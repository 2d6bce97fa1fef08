/// The keywords of JSON Schema Validation, and those that apply schemas, in groups as they are checked.
extension SchemaReader {
    /// `type`, `enum` and `const`.
    mutating func values(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.Rule] {
        var rules: [CompiledSchema.Rule] = []
        if let (json, place) = member("type", of: object, at: pointer), let types = types(json, at: place) {
            rules.append(.type(types))
        }
        if let (json, place) = member("enum", of: object, at: pointer) {
            if let values = json.array, !values.isEmpty {
                rules.append(.oneOf(ValueSet(values)))
            } else {
                refuse(place, "This must be an array of at least one value.")
            }
        }
        if let value = object["const"] { rules.append(.constant(ValueSet([value]))) }
        return rules
    }

    private mutating func types(_ json: JSON, at pointer: JSONPointer) -> Set<ValueType>? {
        let names = json.array ?? [json]
        let types = names.compactMap { $0.string.flatMap { ValueType(rawValue: $0) } }
        guard !types.isEmpty, types.count == names.count, Set(types).count == types.count else {
            let known = ValueType.allCases.map(\.rawValue).joined(separator: ", ")
            refuse(pointer, "A type is one of \(known), or an array of some of them, each once.")
            return nil
        }
        return Set(types)
    }

    mutating func numbers(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.NumberRule] {
        var rules: [CompiledSchema.NumberRule] = []
        if let (json, place) = member("multipleOf", of: object, at: pointer) {
            if let multiple = json.number.flatMap({ Multiple($0) }) {
                rules.append(.multipleOf(multiple))
            } else {
                refuse(place, "This must be a number greater than 0 of at most \(Multiple.maxDigits) digits.")
            }
        }
        if let limit = number("maximum", of: object, at: pointer) { rules.append(.maximum(limit)) }
        if let limit = number("exclusiveMaximum", of: object, at: pointer) { rules.append(.exclusiveMaximum(limit)) }
        if let limit = number("minimum", of: object, at: pointer) { rules.append(.minimum(limit)) }
        if let limit = number("exclusiveMinimum", of: object, at: pointer) { rules.append(.exclusiveMinimum(limit)) }
        return rules
    }

    mutating func texts(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.TextRule] {
        var rules: [CompiledSchema.TextRule] = []
        if let limit = count("maxLength", of: object, at: pointer) { rules.append(.maxLength(limit)) }
        if let limit = count("minLength", of: object, at: pointer) { rules.append(.minLength(limit)) }
        if let (json, place) = member("pattern", of: object, at: pointer), let text = string(json, at: place),
            let pattern = pattern(text, at: place)
        {
            rules.append(.pattern(pattern))
        }
        if let (json, place) = member("format", of: object, at: pointer), let name = string(json, at: place) {
            if let format = TextFormat(rawValue: name) {
                rules.append(.format(format))
            } else {
                let known = TextFormat.allCases.map(\.rawValue).joined(separator: ", ")
                refuse(place, "This format is not known; known are \(known).")
            }
        }
        return rules
    }

    mutating func arrays(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.ArrayRule] {
        var rules: [CompiledSchema.ArrayRule] = []
        if let limit = count("maxItems", of: object, at: pointer) { rules.append(.maxItems(limit)) }
        if let limit = count("minItems", of: object, at: pointer) { rules.append(.minItems(limit)) }
        if flag("uniqueItems", of: object, at: pointer) == true { rules.append(.uniqueItems) }
        let first = schemas("prefixItems", of: object, at: pointer)
        var rest: Int?
        if let (json, place) = member("items", of: object, at: pointer) {
            if json.array != nil {
                refuse(place, "In 2020-12 a list of schemas is prefixItems; items is one schema for all others.")
            } else {
                rest = schema(json, at: place)
            }
        }
        if first != nil || rest != nil { rules.append(.items(first: first ?? [], rest: rest)) }
        let least = count("minContains", of: object, at: pointer)
        let most = count("maxContains", of: object, at: pointer)
        if let wanted = schema("contains", of: object, at: pointer) {
            rules.append(.contains(wanted, least: least ?? 1, most: most))
        }
        return rules
    }

    mutating func objects(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.ObjectRule] {
        var rules: [CompiledSchema.ObjectRule] = []
        if let limit = count("maxProperties", of: object, at: pointer) { rules.append(.maxProperties(limit)) }
        if let limit = count("minProperties", of: object, at: pointer) { rules.append(.minProperties(limit)) }
        if let (json, place) = member("required", of: object, at: pointer), let names = names(json, at: place) {
            rules.append(.required(names))
        }
        if let (json, place) = member("dependentRequired", of: object, at: pointer) {
            rules.append(.dependentRequired(dependentNames(json, at: place)))
        }
        if let members = members(object, at: pointer) { rules.append(.members(members)) }
        if let names = schema("propertyNames", of: object, at: pointer) { rules.append(.names(names)) }
        if let (json, place) = member("dependentSchemas", of: object, at: pointer) {
            rules.append(.dependentSchemas(namedSchemas(json, at: place)))
        }
        return rules
    }

    private mutating func members(_ object: JSONObject, at pointer: JSONPointer) -> CompiledSchema.Members? {
        var members = CompiledSchema.Members()
        let keywords = ["properties", "patternProperties", "additionalProperties"]
        guard keywords.contains(where: { object[$0] != nil }) else { return nil }
        if let (json, place) = member(keywords[0], of: object, at: pointer) {
            for (name, schema) in namedSchemas(json, at: place) { members.named[.init(text: name)] = schema }
        }
        if let (json, place) = member(keywords[1], of: object, at: pointer) {
            for (text, schema) in namedSchemas(json, at: place) {
                guard let pattern = pattern(text, at: place.appending(text)) else { continue }
                members.patterns.append((pattern, schema))
            }
        }
        members.additional = schema(keywords[2], of: object, at: pointer)
        return members
    }

    private mutating func dependentNames(
        _ json: JSON, at pointer: JSONPointer
    ) -> [(name: String, others: [String])] {
        guard let object = json.object else {
            refuse(pointer, "This must be an object of lists of names, not \(json.typeName).")
            return []
        }
        var read: [(name: String, others: [String])] = []
        for (name, json) in object.members {
            guard let others = names(json, at: pointer.appending(name)) else { continue }
            read.append((name, others))
        }
        return read
    }

    mutating func combinations(_ object: JSONObject, at pointer: JSONPointer) -> [CompiledSchema.Combination] {
        var combinations: [CompiledSchema.Combination] = []
        if let parts = schemas("allOf", of: object, at: pointer) { combinations.append(.all(parts)) }
        if let parts = schemas("anyOf", of: object, at: pointer) { combinations.append(.any(parts)) }
        if let parts = schemas("oneOf", of: object, at: pointer) { combinations.append(.one(parts)) }
        if let part = schema("not", of: object, at: pointer) { combinations.append(.not(part)) }
        let condition = schema("if", of: object, at: pointer)
        let then = schema("then", of: object, at: pointer)
        let otherwise = schema("else", of: object, at: pointer)
        if let condition { combinations.append(.choose(condition, then: then, otherwise: otherwise)) }
        return combinations
    }
}
