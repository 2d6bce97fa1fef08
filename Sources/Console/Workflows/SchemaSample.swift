package import Core

/// An input to begin with, out of what a schema says: what is required, with the values that it names, or empty ones of the right
/// type. Whoever starts a run fills it in.
package enum SchemaSample {
    /// Levels of a schema that are followed, and values that are made, at most.
    private static let (deepest, most) = (8, 200)

    /// Nil where the schema does not tell what an input is.
    package static func value(of schema: JSON) -> JSON? {
        var left = most
        return value(of: schema, in: schema, depth: 0, &left)
    }

    private static func value(of schema: JSON, in root: JSON, depth: Int, _ left: inout Int) -> JSON? {
        guard depth < deepest, left > 0 else { return nil }
        left -= 1
        for name in ["const", "default"] {
            if let given = schema[name] { return given }
        }
        if let given = schema["examples"]?[0] ?? schema["enum"]?[0] { return given }
        if let target = schema["$ref"]?.string.flatMap({ referred($0, in: root) }) {
            return value(of: target, in: root, depth: depth + 1, &left)
        }
        for name in ["allOf", "oneOf", "anyOf"] where schema["type"] == nil && schema["properties"] == nil {
            if let first = schema[name]?[0], let made = value(of: first, in: root, depth: depth + 1, &left) {
                return made
            }
        }
        switch schema["type"]?.string ?? schema["type"]?[0]?.string ?? (schema["properties"] == nil ? nil : "object") {
        case "object": return .object(members(of: schema, in: root, depth: depth, &left))
        case "array":
            let isNeeded = (schema["minItems"]?.int ?? 0) > 0
            let element = isNeeded ? schema["items"].flatMap { value(of: $0, in: root, depth: depth + 1, &left) } : nil
            return .array(element.map { [$0] } ?? [])
        case "string": return ""
        case "integer", "number": return schema["minimum"] ?? 0
        case "boolean": return false
        case "null": return .null
        default: return nil
        }
    }

    private static func members(of schema: JSON, in root: JSON, depth: Int, _ left: inout Int) -> JSONObject {
        let properties = schema["properties"]?.object?.members ?? []
        let required = schema["required"]?.array.map { Set($0.compactMap(\.string)) }
        var object = JSONObject()
        for (name, property) in properties where required?.contains(name) ?? true {
            object[name] = value(of: property, in: root, depth: depth + 1, &left) ?? .null
        }
        return object
    }

    /// `#/$defs/money`
    private static func referred(_ reference: String, in root: JSON) -> JSON? {
        guard reference.hasPrefix("#/") else { return reference == "#" ? root : nil }
        var place: JSON? = root
        for token in reference.dropFirst(2).split(separator: "/") {
            let name = String(token).replacing("~1", with: "/").replacing("~0", with: "~")
            place = place?[name] ?? Int(name).flatMap { place?[$0] }
        }
        return place
    }
}
