package import Core

/// A stored definition as somebody reads and edits it: members in the order in which people write them, short values on one
/// line. The database keeps the value, and has an order of its own.
package enum DefinitionLayout {
    /// JSON, indented by two blanks, with a line feed at its end.
    package static func text(_ definition: JSON) -> String {
        var text = ""
        write(definition, depth: 0, used: 0, in: .workflow, to: &text)
        return text + "\n"
    }

    /// The same with another version.
    package static func text(_ definition: JSON, version: String?) -> String {
        guard let version, var members = definition.object else { return text(definition) }
        members["version"] = .string(version)
        return text(.object(members))
    }

    /// What is written without a break, with what stands before it on its line.
    private static let width = 96

    /// What a value is of a definition; elsewhere members stay as they are.
    private enum Place {
        case workflow, steps, step, call, other

        private static let workflowMembers = [
            "name", "version", "description", "timeout", "undoWithin", "retry", "compensationRetry", "inputSchema",
            "examples", "steps", "output", "onEnd", "sensitive",
        ]
        private static let stepMembers = [
            "id", "description", "dependsOn", "when", "runIf", "forEach", "timeout", "pivot", "onFailure", "action",
            "wait", "await", "run", "end", "retry", "compensation",
        ]
        private static let callMembers = [
            "participant", "method", "path", "query", "headers", "contentType", "body", "timeout",
        ]

        var order: [String] {
            switch self {
            case .workflow: Self.workflowMembers
            case .step: Self.stepMembers
            case .call: Self.callMembers
            case .steps, .other: []
            }
        }

        func member(_ key: String) -> Place {
            switch (self, key) {
            case (.workflow, "steps"), (.workflow, "onEnd"): .steps
            case (.step, "action"), (.step, "compensation"): .call
            default: .other
            }
        }

        var element: Place {
            self == .steps ? .step : .other
        }
    }

    private static func members(_ object: JSONObject, in place: Place) -> [(key: String, value: JSON)] {
        let order = place.order
        if order.isEmpty { return object.members }
        let known = order.compactMap { key in object[key].map { (key: key, value: $0) } }
        return known + object.members.filter { !order.contains($0.key) }
    }

    /// - Parameter used: columns that are taken on its line.
    private static func write(_ json: JSON, depth: Int, used: Int, in place: Place, to text: inout String) {
        // Steps stand one below the other, however short they are.
        if place == .call || place == .other {
            let line = inline(json, in: place)
            if used + line.unicodeScalars.count <= width { return text += line }
        }
        let indent = String(repeating: "  ", count: depth + 1)
        if let list = json.array, !list.isEmpty {
            text += "["
            for (index, element) in list.enumerated() {
                text += index > 0 ? ",\n\(indent)" : "\n\(indent)"
                write(element, depth: depth + 1, used: indent.count, in: place.element, to: &text)
            }
            text += "\n\(indent.dropLast(2))]"
        } else if let object = json.object, !object.isEmpty {
            text += "{"
            for (index, member) in members(object, in: place).enumerated() {
                let key = JSON.string(member.key).text + ": "
                text += (index > 0 ? ",\n\(indent)" : "\n\(indent)") + key
                write(
                    member.value, depth: depth + 1, used: indent.count + key.count, in: place.member(member.key),
                    to: &text)
            }
            text += "\n\(indent.dropLast(2))}"
        } else {
            text += json.text
        }
    }

    /// Blanks as people write them.
    private static func inline(_ json: JSON, in place: Place) -> String {
        if let list = json.array {
            return "[" + list.map { inline($0, in: place.element) }.joined(separator: ", ") + "]"
        }
        guard let object = json.object, !object.isEmpty else { return json.text }
        let parts = members(object, in: place).map { key, value in
            "\(JSON.string(key).text): \(inline(value, in: place.member(key)))"
        }
        return "{ " + parts.joined(separator: ", ") + " }"
    }
}
