/// The values of keywords.
extension SchemaReader {
    /// The one dialect that is spoken.
    private static let dialect = "https://json-schema.org/draft/2020-12/schema"

    mutating func string(_ json: JSON, at pointer: JSONPointer) -> String? {
        if let string = json.string { return string }
        refuse(pointer, "This must be a string, not \(json.typeName).")
        return nil
    }

    mutating func flag(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> Bool? {
        guard let (json, place) = member(key, of: object, at: pointer) else { return nil }
        if let flag = json.bool { return flag }
        refuse(place, "This must be true or false, not \(json.typeName).")
        return nil
    }

    mutating func number(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> JSONNumber? {
        guard let (json, place) = member(key, of: object, at: pointer) else { return nil }
        if let number = json.number { return number }
        refuse(place, "This must be a number, not \(json.typeName).")
        return nil
    }

    /// A number of things: an integer from 0, which may be written with a fraction of zeros. What is larger than anything
    /// there can be counts as that.
    mutating func count(_ key: String, of object: JSONObject, at pointer: JSONPointer) -> Int? {
        guard let (json, place) = member(key, of: object, at: pointer) else { return nil }
        guard let number = json.number, number.isIntegral, JSONNumber.compare(number, JSONNumber(0)) != .less else {
            refuse(place, "This must be an integer that is not negative.")
            return nil
        }
        return number.double.flatMap { Int(exactly: $0) } ?? .max
    }

    /// Names of members, each once.
    mutating func names(_ json: JSON, at pointer: JSONPointer) -> [String]? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of names, not \(json.typeName).")
            return nil
        }
        var names: [String] = []
        var seen: Set<JSONObject.ExactKey> = []
        for (index, element) in elements.enumerated() {
            guard let name = string(element, at: pointer.appending(index)) else { continue }
            if !seen.insert(.init(text: name)).inserted {
                refuse(pointer.appending(index), "This name is there twice.")
            }
            names.append(name)
        }
        return names
    }

    /// What says something about a schema to people and programs, and nothing about values: only checked for its type.
    mutating func annotations(_ object: JSONObject, at pointer: JSONPointer) {
        if let (json, place) = member("$schema", of: object, at: pointer), json.string != Self.dialect,
            json.string != Self.dialect + "#"
        {
            refuse(place, "Only \(Self.dialect) is supported.")
        }
        for key in ["$id", "$comment", "title", "description", "contentEncoding", "contentMediaType"] {
            if let (json, place) = member(key, of: object, at: pointer) { _ = string(json, at: place) }
        }
        for key in ["deprecated", "readOnly", "writeOnly"] { _ = flag(key, of: object, at: pointer) }
        if let (json, place) = member("examples", of: object, at: pointer), json.array == nil {
            refuse(place, "This must be an array, not \(json.typeName).")
        }
        // Of what a text holds; nobody decodes it, but it is a schema.
        _ = schema("contentSchema", of: object, at: pointer)
    }
}
