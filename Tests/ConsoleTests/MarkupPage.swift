/// Markup as it was sent, taken apart by rules that are stricter than a browser's.
struct MarkupPage {
    private(set) var faults: [String] = []
    private(set) var hrefs: [String] = []
    private var open: [String] = []
    private var ids: Set<String> = []
    private var labelled: Set<String> = []
    private var fields: [(id: String?, tag: String)] = []

    private static let void: Set<String> = [
        "meta", "link", "input", "br", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use",
    ]
    private static let known: Set<String> = [
        "html", "head", "body", "title", "script", "a", "header", "footer", "nav", "ul", "li", "span", "svg", "form",
        "label",
        "button", "details",
        "summary", "div", "main", "section", "h1", "h2", "h3", "p", "b", "q", "bdi", "time", "dl", "dt", "dd", "table",
        "thead", "tbody", "tr",
        "caption", "g", "text", "tspan", "desc", "defs", "pattern", "marker", "clipPath", "th", "td", "code", "pre",
        "ol", "kbd", "select", "option", "datalist", "textarea", "fieldset", "legend", "article",
        "dialog",
    ]

    init(_ text: String) {
        var rest = text[...]
        guard rest.hasPrefix("<!DOCTYPE html>") else {
            faults.append("no doctype")
            return
        }
        rest.removeFirst("<!DOCTYPE html>".count)
        while let start = rest.firstIndex(of: "<") {
            check(text: rest[..<start])
            guard let end = rest[start...].firstIndex(of: ">") else {
                faults.append("a tag without its end")
                return
            }
            tag(rest[rest.index(after: start)..<end])
            rest = rest[rest.index(after: end)...]
        }
        if !open.isEmpty { faults.append("never closed: \(open)") }
        for label in labelled where !ids.contains(label) { faults.append("a label of nothing: \(label)") }
        for field in fields where field.id.map({ !labelled.contains($0) }) ?? true {
            faults.append("\(field.tag) without a label: \(field.id ?? "")")
        }
    }

    private mutating func check(text: Substring) {
        if text.contains(">") || text.contains("\"") && open.last != "script" {
            faults.append("not escaped: \(text.prefix(80))")
        }
    }

    private mutating func tag(_ tag: Substring) {
        if tag.hasPrefix("/") {
            let name = String(tag.dropFirst())
            if open.popLast() != name { faults.append("</\(name)> closes something else") }
            return
        }
        let name = String(tag.prefix { $0 != " " && $0 != "/" })
        guard Self.void.contains(name) || Self.known.contains(name) else {
            faults.append("an unknown element: \(name)")
            return
        }
        let attributes = attributes(tag.dropFirst(name.count), of: name)
        note(name, attributes)
        if !Self.void.contains(name) { open.append(name) }
    }

    private mutating func attributes(_ text: Substring, of tag: String) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text.drop { $0 == " " }
        while let first = rest.first, first != "/" {
            let name = String(rest.prefix { $0.isLetter || $0 == "-" || $0.isNumber })
            rest = rest.dropFirst(name.count)
            var value = ""
            if rest.first == "=" {
                guard rest.dropFirst().first == "\"", let end = rest.dropFirst(2).firstIndex(of: "\"") else {
                    faults.append("\(tag): \(name) is not quoted")
                    return found
                }
                value = String(rest.dropFirst(2)[..<end])
                rest = rest[rest.index(after: end)...]
            }
            if name.isEmpty || found.updateValue(value, forKey: name) != nil {
                faults.append("\(tag): an attribute that is none, or given twice: \(name) \(rest.prefix(40))")
                return found
            }
            rest = rest.drop { $0 == " " }
        }
        return found
    }

    private mutating func note(_ tag: String, _ attributes: [String: String]) {
        for name in attributes.keys where name == "style" || name.hasPrefix("on") {
            faults.append("inline: \(tag) \(name)")
        }
        if let id = attributes["id"], !ids.insert(id).inserted { faults.append("the id \(id) twice") }
        if let href = attributes["href"] { hrefs.append(href) }
        if let label = attributes["for"] { labelled.insert(label) }
        if tag == "script", attributes["src"] == nil { faults.append("an inline script") }
        guard ["input", "select", "textarea"].contains(tag), attributes["type"] != "hidden" else { return }
        // What stands in its label has a name.
        if attributes["aria-label"] == nil, !open.contains("label") { fields.append((attributes["id"], tag)) }
    }
}
