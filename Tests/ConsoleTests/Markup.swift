import Console

/// Looks at a piece of markup as a browser under the console's Content-Security-Policy would.
enum Markup {
    /// What is wrong with it, one sentence each: tags that are not closed, styles and handlers within it.
    static func faults(_ html: HTML) -> [String] {
        var (wrong, open) = ([String](), [Substring]())
        var rest = html.markup[...]
        while let start = rest.firstIndex(of: "<") {
            if rest[..<start].contains(">") { wrong.append("a > outside of a tag") }
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ">") else { return wrong + ["a tag without an end"] }
            let tag = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if tag.contains("<") { wrong.append("a < within a tag: \(tag)") }
            if tag.count(where: { $0 == "\"" }) % 2 != 0 { wrong.append("quotes that are not closed: \(tag)") }
            let names = tag.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter {
                $0.offset % 2 == 0
            }
            for name in names.map(\.element) where name.hasPrefix(" on") || name.hasPrefix(" style") {
                wrong.append("\(name) in <\(tag)>")
            }
            if tag.contains("javascript:") { wrong.append("a script in <\(tag)>") }
            if tag.hasPrefix("/") {
                guard let last = open.popLast(), last == tag.dropFirst() else {
                    return wrong + ["</\(tag.dropFirst())> closes nothing"]
                }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        if !open.isEmpty { wrong.append("\(open) are not closed") }
        if html.markup.contains("<style") || html.markup.contains("<script") { wrong.append("a style or a script") }
        return wrong
    }

    /// How often a text is in it.
    static func count(_ text: String, in html: HTML) -> Int { html.markup.ranges(of: text).count }
}
