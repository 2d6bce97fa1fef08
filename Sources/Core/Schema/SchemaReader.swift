/// Reads a schema and collects what is wrong; never stops at the first error.
///
/// Recursive; JSON has at most 64 levels.
struct SchemaReader {
    private let source: JSON
    private(set) var schemas: [CompiledSchema] = []
    private(set) var errors: [DefinitionError] = []
    /// Which schema stands where, for `$ref`.
    private(set) var places: [JSONPointer: Int] = [:]
    /// References as they are written, by the schema that has them.
    private(set) var references: [(schema: Int, text: String)] = []
    private var patternInstructions = 0

    init(_ json: JSON) { source = json }

    /// All schemas, the whole one first.
    mutating func whole() throws(SchemaErrors) -> [CompiledSchema] {
        _ = schema(source, at: .root)
        resolve()
        if errors.isEmpty { refuseEndless() }
        guard errors.isEmpty else { throw SchemaErrors(errors: errors) }
        return schemas
    }

    mutating func refuse(_ pointer: JSONPointer, _ detail: String) {
        guard errors.count < DefinitionErrors.limit else { return }
        errors.append(DefinitionError(pointer, detail))
    }

    mutating func refer(_ schema: Int, to target: Int) { schemas[schema].reference = target }

    /// Reads a schema; where it is wrong an error is left, and a schema all the same.
    mutating func schema(_ json: JSON, at pointer: JSONPointer) -> Int {
        let index = schemas.count
        schemas.append(CompiledSchema(pointer: pointer))
        if index == InputSchema.maxSchemas {
            refuse(pointer, "A schema consists of at most \(InputSchema.maxSchemas) schemas.")
        }
        guard index < InputSchema.maxSchemas else { return index }
        places[pointer] = index
        switch json {
        case .bool(let value): schemas[index].always = value
        case .object(let object): read(object, at: pointer, into: index)
        case .null, .number, .string, .array:
            refuse(pointer, "A schema is an object or a boolean, not \(json.typeName).")
        }
        return index
    }

    private mutating func read(_ object: JSONObject, at pointer: JSONPointer, into index: Int) {
        for (key, _) in object.members { check(keyword: key, at: pointer) }
        annotations(object, at: pointer)
        if let reference = object["$ref"], let text = string(reference, at: pointer.appending("$ref")) {
            references.append((index, text))
        }
        if let definitions = object["$defs"] { _ = namedSchemas(definitions, at: pointer.appending("$defs")) }
        var rules = values(object, at: pointer)
        rules += numbers(object, at: pointer).map { .number($0) }
        rules += texts(object, at: pointer).map { .text($0) }
        rules += arrays(object, at: pointer).map { .array($0) }
        rules += objects(object, at: pointer).map { .object($0) }
        rules += combinations(object, at: pointer).map { .combined($0) }
        // Last: they ask what the others have looked at.
        if let (json, place) = member("unevaluatedItems", of: object, at: pointer) {
            rules.append(.array(.unevaluated(schema(json, at: place))))
            schemas[index].needsEvaluated = true
        }
        if let (json, place) = member("unevaluatedProperties", of: object, at: pointer) {
            rules.append(.object(.unevaluated(schema(json, at: place))))
            schemas[index].needsEvaluated = true
        }
        schemas[index].rules = rules
    }

    // MARK: Keywords

    private mutating func check(keyword: String, at pointer: JSONPointer) {
        if Self.keywords.contains(keyword) { return }
        let place = pointer.appending(keyword)
        if Self.rootKeywords.contains(keyword) {
            if pointer != .root { refuse(place, "Only the whole schema may have this.") }
        } else if let advice = Self.advice[keyword] {
            refuse(place, advice)
        } else {
            refuse(place, "JSON Schema 2020-12 has no keyword of this name that is supported.")
        }
    }

    private static let rootKeywords: Set = ["$schema", "$id"]

    private static let keywords: Set = [
        "$comment", "$defs", "$ref", "additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding",
        "contentMediaType", "contentSchema", "default", "dependentRequired", "dependentSchemas", "deprecated",
        "description", "else", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "if", "items",
        "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength",
        "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems",
        "properties", "propertyNames", "readOnly", "required", "then", "title", "type", "unevaluatedItems",
        "unevaluatedProperties", "uniqueItems", "writeOnly",
    ]

    private static let advice: [String: String] = {
        let dynamic = "Dynamic references are not supported; use $ref with a place in this schema."
        let anchor = "Anchors are not supported; use $ref with a place in this schema (\"#/$defs/…\")."
        return [
            "$dynamicRef": dynamic, "$dynamicAnchor": dynamic, "$recursiveRef": dynamic, "$recursiveAnchor": dynamic,
            "$anchor": anchor, "$vocabulary": "Vocabularies are not supported.",
            "definitions": "In 2020-12 this is $defs.", "id": "In 2020-12 this is $id.",
            "dependencies": "In 2020-12 this is dependentRequired or dependentSchemas.",
            "additionalItems": "In 2020-12 this is items, beside prefixItems.",
            "nullable": "JSON Schema has a list of types instead: [\"string\", \"null\"].",
            "example": "JSON Schema has examples, a list.",
            "discriminator": "JSON Schema has no discriminator; oneOf alone decides.",
        ]
    }()

    // MARK: Schemas within schemas

    /// A member that is there, and its place.
    func member(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> (JSON, JSONPointer)? {
        object[key].map { ($0, pointer.appending(key)) }
    }

    mutating func schema(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> Int? {
        guard let (json, place) = member(key, of: object, at: pointer) else { return nil }
        return schema(json, at: place)
    }

    /// A list of one schema or more.
    mutating func schemas(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> [Int]? {
        guard let (json, place) = member(key, of: object, at: pointer) else { return nil }
        guard let elements = json.array, !elements.isEmpty else {
            refuse(place, "This must be an array of at least one schema.")
            return nil
        }
        var read: [Int] = []
        for (index, element) in elements.enumerated() { read.append(schema(element, at: place.appending(index))) }
        return read
    }

    /// An object whose members are schemas.
    mutating func namedSchemas(_ json: JSON, at pointer: JSONPointer) -> [(name: String, schema: Int)] {
        guard let object = json.object else {
            refuse(pointer, "This must be an object of schemas, not \(json.typeName).")
            return []
        }
        var read: [(name: String, schema: Int)] = []
        for (name, json) in object.members { read.append((name, schema(json, at: pointer.appending(name)))) }
        return read
    }

    /// A regular expression.
    mutating func pattern(_ text: String, at pointer: JSONPointer) -> Pattern? {
        do {
            let pattern = try Pattern(text)
            let limit = InputSchema.maxPatternInstructions
            if patternInstructions <= limit, patternInstructions + pattern.size > limit {
                refuse(pointer, "The patterns of a schema have at most \(limit) instructions together.")
            }
            patternInstructions += pattern.size
            return patternInstructions <= limit ? pattern : nil
        } catch {
            refuse(pointer, error.message)
            return nil
        }
    }
}
