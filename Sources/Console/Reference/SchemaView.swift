import Core

/// A JSON Schema as people read it: what type it is in a line, and a table of its members.
struct SchemaView {
    /// What a reference leads to: its name, where it is explained, and the schema itself; nil for what there is not.
    let find: (String) -> (name: String, path: String, schema: JSON)?

    /// Objects within objects that stand in one table.
    private static let mostDepth = 4

    // MARK: In a line

    /// `text`, `list of Step`, `one of a, b`.
    func type(_ schema: JSON) -> HTML {
        if schema == true { return "anything" }
        if schema == false { return "not taken" }
        if let pointer = schema["$ref"]?.string {
            guard let found = find(pointer) else { return HTML(text: pointer) }
            return #"<a href="\#(found.path)">\#(found.name)</a>"#
        }
        if let value = schema["const"] { return #"<code>\#(value.text)</code>"# }
        if let words = schema["enum"]?.array {
            return words.map { #"<code>\#($0.string ?? $0.text)</code>"# as HTML }.joined(by: ", ")
        }
        if let types = alternatives(schema) { return either(types) }
        guard let given = schema["type"] else { return "anything" }
        let types = given.array?.compactMap(\.string) ?? [given.string].compactMap { $0 }
        return either(types.map { name(of: $0, schema) })
    }

    /// What it is one of; nil for a schema of one type.
    private func alternatives(_ schema: JSON) -> [HTML]? {
        if schema["type"] == nil {
            for keyword in ["oneOf", "anyOf"] {
                if let parts = schema[keyword]?.array { return parts.map(type) }
            }
            let branches = [schema["then"], schema["else"]].compactMap { $0 }.filter { $0.bool == nil }
            if !branches.isEmpty { return branches.map(type) }
        }
        return nil
    }

    private func either(_ types: [HTML]) -> HTML {
        var seen: Set<HTML> = []
        return types.filter { seen.insert($0).inserted }.joined(by: " or ")
    }

    private func name(of type: String, _ schema: JSON) -> HTML {
        switch type {
        case "string":
            guard let format = schema["format"]?.string else { return "text" }
            return "text (\(format))"
        case "integer": return "whole number"
        case "boolean": return "true or false"
        case "array": return "list of \(schema["items"].map { self.type($0) } ?? "anything")"
        case "object":
            guard let value = schema["additionalProperties"], value.object != nil else { return "object" }
            return "object, each member \(self.type(value))"
        default: return HTML(text: type)
        }
    }

    /// How much of it, and by default: what can be said in a few words.
    func bounds(_ schema: JSON) -> HTML {
        var parts: [HTML] = []
        if let value = schema["default"] { parts.append("by default <code>\(value.text)</code>") }
        parts += [
            range(schema["minimum"] ?? schema["exclusiveMinimum"], schema["maximum"], "") as HTML?,
            range(schema["minLength"], schema["maxLength"], " characters"),
            range(schema["minItems"], schema["maxItems"], " of them"),
            range(schema["minProperties"], schema["maxProperties"], " members"),
        ].compactMap { $0 }
        if let pattern = schema["pattern"]?.string { parts.append("like <code>\(pattern)</code>") }
        if schema["uniqueItems"] == true { parts.append("none twice") }
        return parts.joined(by: "; ")
    }

    private func range(_ least: JSON?, _ most: JSON?, _ of: String) -> HTML? {
        switch (least, most) {
        case (nil, nil): nil
        case (let least?, nil): least == 0 ? nil : "at least \(least.text)\(of)"
        case (nil, let most?): "at most \(most.text)\(of)"
        case (let least?, let most?): "\(least.text) to \(most.text)\(of)"
        }
    }

    /// Both, for a schema on its own.
    func kind(_ schema: JSON) -> HTML {
        let bounds = bounds(schema)
        return #"<p class="quiet">Type: \#(type(schema))\#(if: !bounds.isEmpty, "; \(bounds)")</p>"#
    }

    // MARK: Members

    /// Nil for what has none that are known.
    func table(_ schema: JSON, label: String) -> HTML? {
        let rows = rows(schema, before: "", depth: 0)
        if rows.isEmpty { return nil }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="\#(label)"><table class="members"><thead><tr><th scope="col">Member</th><th scope="col">Is</th><th scope="col">Means</th></tr></thead><tbody>\#(rows)</tbody></table></div>
            """#
    }

    private func rows(_ schema: JSON, before: String, depth: Int) -> [HTML] {
        let required = Set(schema["required"]?.array?.compactMap(\.string) ?? [])
        return (schema["properties"]?.object?.members ?? []).flatMap { key, member -> [HTML] in
            let name = before + key
            let row: HTML = #"""
                <tr><th scope="row"><code>\#(name)</code>\#(if: required.contains(key), #" <span class="quiet">needed</span>"#)</th><td>\#(type(member))</td><td>\#(meaning(member))</td></tr>
                """#
            guard depth < Self.mostDepth, let (inner, mark) = inner(member) else { return [row] }
            return [row] + rows(inner, before: name + mark, depth: depth + 1)
        }
    }

    private func meaning(_ schema: JSON) -> HTML {
        let target = schema["$ref"]?.string.flatMap { find($0)?.schema }
        let text = schema["description"]?.string ?? target?["description"]?.string
        let bounds = bounds(schema)
        return [text.map { Prose.line($0) }, bounds.isEmpty ? nil : #"<span class="quiet">(\#(bounds))</span>"#]
            .compactMap { $0 }.joined(by: " ")
    }

    /// An object that is written out in its place, and how its members are named from outside.
    private func inner(_ schema: JSON) -> (JSON, String)? {
        for part in [schema] + (schema["anyOf"]?.array ?? []) + (schema["oneOf"]?.array ?? []) {
            if part["properties"] != nil { return (part, ".") }
            if let items = part["items"], items["properties"] != nil { return (items, "[].") }
            if let value = part["additionalProperties"], value["properties"] != nil { return (value, ".*.") }
        }
        return nil
    }
}
