import Core

/// JSON for people: a member or element to a line, what is short on one.
enum PrettyJSON {
    private static let lineLength = 100

    static func text(_ json: JSON) -> String { lines(json, indent: "").joined(separator: "\n") }

    /// The same, line by line.
    static func lines(_ json: JSON, indent: String = "") -> [String] {
        let short = spaced(json)
        if short.count + indent.count <= lineLength, !holdsSteps(json) { return [short] }
        let inner = indent + "  "
        switch json {
        case .object(let object):
            let members = object.members.map { (prefix: JSON.string($0.key).text + ": ", value: $0.value) }
            return ["{"] + block(members, inner) + [indent + "}"]
        case .array(let elements):
            return ["["] + block(elements.map { (prefix: "", value: $0) }, inner) + [indent + "]"]
        case .null, .bool, .number, .string: return [short]
        }
    }

    private static func block(_ parts: [(prefix: String, value: JSON)], _ indent: String) -> [String] {
        var all: [String] = []
        for (place, part) in parts.enumerated() {
            var written = lines(part.value, indent: indent)
            written[0] = indent + part.prefix + written[0]
            if place < parts.count - 1 { written[written.count - 1] += "," }
            all += written
        }
        return all
    }

    /// A definition is never one line, however short: it would be of no use to compare.
    private static func holdsSteps(_ json: JSON) -> Bool {
        json["steps"] != nil || json["action"] != nil || json.array?.contains { $0["action"] != nil } == true
    }

    /// On one line, with a blank after commas and colons.
    private static func spaced(_ json: JSON) -> String {
        switch json {
        case .object(let object):
            if object.isEmpty { return "{}" }
            let members = object.members.map { JSON.string($0.key).text + ": " + spaced($0.value) }
            return "{ " + members.joined(separator: ", ") + " }"
        case .array(let elements): return "[" + elements.map(spaced).joined(separator: ", ") + "]"
        case .null, .bool, .number, .string: return json.text
        }
    }
}
