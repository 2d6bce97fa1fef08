/// A JSON Schema (2020-12) that is written here rather than read: of definitions, and of what the API takes and gives.
///
/// Only what `InputSchema` knows is written, so that its own reader can hold values against each of them.
package struct JSONSchema: Sendable {
    /// The keywords, in the order they were said.
    package private(set) var keywords: JSONObject

    package init(_ keywords: JSONObject = [:]) { self.keywords = keywords }

    package var json: JSON { .object(keywords) }

    /// The same with this keyword; nil takes it away.
    package func with(_ keyword: String, _ value: JSON?) -> JSONSchema {
        var schema = self
        schema.keywords[keyword] = value
        return schema
    }

    /// The same, and what it is in words.
    package func described(_ text: String) -> JSONSchema { with("description", .string(text)) }

    package func examples(_ examples: JSON...) -> JSONSchema { with("examples", .array(examples)) }

    package func defaulting(to value: JSON) -> JSONSchema { with("default", value) }

    /// The same, or null.
    package var orNull: JSONSchema {
        var schema = self
        guard let type = keywords["type"] else {
            return JSONSchema(["anyOf": [json, ["type": "null"]]])
        }
        schema.keywords["type"] = .array((type.array ?? [type]) + ["null"])
        if let words = keywords["enum"]?.array { schema.keywords["enum"] = .array(words + [.null]) }
        return schema
    }

    // MARK: Values

    /// Any value.
    package static let any = JSONSchema()
    package static let null = JSONSchema(["type": "null"])
    package static let flag = JSONSchema(["type": "boolean"])

    package static func const(_ value: JSON) -> JSONSchema { JSONSchema(["const": value]) }

    /// - Parameter length: in characters. Limits in bytes are told in words beside it: a schema knows none.
    package static func text(_ length: ClosedRange<Int>? = nil, pattern: String? = nil) -> JSONSchema {
        var keywords: JSONObject = ["type": "string"]
        if let length {
            if length.lowerBound > 0 { keywords["minLength"] = JSON(length.lowerBound) }
            if length.upperBound < .max { keywords["maxLength"] = JSON(length.upperBound) }
        }
        keywords["pattern"] = pattern.map { .string($0) }
        return JSONSchema(keywords)
    }

    package static func text(format: String) -> JSONSchema {
        JSONSchema(["type": "string", "format": .string(format)])
    }

    package static func word(_ words: [String]) -> JSONSchema {
        JSONSchema(["type": "string", "enum": .array(words.map { .string($0) })])
    }

    package static func word(_ words: String...) -> JSONSchema { word(words) }

    package static func integer(_ range: ClosedRange<Int>? = nil) -> JSONSchema { bounded("integer", range) }

    package static func number(_ range: ClosedRange<Int>? = nil) -> JSONSchema { bounded("number", range) }

    private static func bounded(_ type: String, _ range: ClosedRange<Int>?) -> JSONSchema {
        var keywords: JSONObject = ["type": .string(type)]
        if let range {
            keywords["minimum"] = JSON(range.lowerBound)
            if range.upperBound < .max { keywords["maximum"] = JSON(range.upperBound) }
        }
        return JSONSchema(keywords)
    }

    package static func list(_ element: JSONSchema, _ count: ClosedRange<Int>? = nil) -> JSONSchema {
        var keywords: JSONObject = ["type": "array", "items": element.json]
        if let count {
            if count.lowerBound > 0 { keywords["minItems"] = JSON(count.lowerBound) }
            if count.upperBound < .max { keywords["maxItems"] = JSON(count.upperBound) }
        }
        return JSONSchema(keywords)
    }

    /// Members by name; those whose names end in a question mark may be missing.
    ///
    /// - Parameter isClosed: no other member is taken.
    package static func object(_ members: Members, isClosed: Bool = false) -> JSONSchema {
        var (properties, required) = (JSONObject(), [JSON]())
        for (name, schema) in members {
            if name.hasSuffix("?") {
                properties[String(name.dropLast())] = schema.json
            } else {
                properties[name] = schema.json
                required.append(.string(name))
            }
        }
        var keywords: JSONObject = ["type": "object"]
        if !required.isEmpty { keywords["required"] = .array(required) }
        keywords["properties"] = .object(properties)
        if isClosed { keywords["additionalProperties"] = false }
        return JSONSchema(keywords)
    }

    package typealias Members = KeyValuePairs<String, JSONSchema>

    /// An object all of whose members are of one kind.
    package static func map(_ value: JSONSchema, _ count: ClosedRange<Int>? = nil) -> JSONSchema {
        var keywords: JSONObject = ["type": "object", "additionalProperties": value.json]
        if let count { keywords["maxProperties"] = JSON(count.upperBound) }
        return JSONSchema(keywords)
    }

    package static func anyOf(_ schemas: JSONSchema...) -> JSONSchema {
        JSONSchema(["anyOf": .array(schemas.map(\.json))])
    }

    package static func oneOf(_ schemas: [JSONSchema]) -> JSONSchema {
        JSONSchema(["oneOf": .array(schemas.map(\.json))])
    }

    /// What stands elsewhere in the same document.
    package static func reference(_ pointer: String) -> JSONSchema { JSONSchema(["$ref": .string(pointer)]) }
}
