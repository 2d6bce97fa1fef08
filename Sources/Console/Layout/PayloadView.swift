import Core

/// A payload as somebody reads it: in lines, every number with the digits it came with, whatever it holds shown as text.
struct PayloadView {
    let json: JSON
    /// Where all of it is.
    let whole: String

    /// Bytes of JSON text that a page shows.
    private static let most = 32 * 1024

    /// Folded, under a title.
    ///
    /// - Parameter id: of the element, so that it stays open when the page is renewed.
    func details(_ title: String, id: String, isOpen: Bool = false) -> HTML {
        if let hidden = Self.hidden(json) {
            return #"<p class="payload-note"><b>\#(title)</b> \#(hidden)</p>"#
        }
        let size = json.bytes.count
        return #"""
            <details class="payload" id="\#(id)"\#("open", if: isOpen)><summary>\#(title) <span class="quiet">\#(Part.count(size, "byte"))</span></summary>
            \#(body(id: id, size: size))</details>
            """#
    }

    private func body(id: String, size: Int) -> HTML {
        guard size <= Self.most else {
            return #"<p>Too long to be shown here. <a href="\#(whole)">See the run as JSON</a>.</p>"#
        }
        return Part.copied(Self.lines(json), id: "\(id)-text")
    }

    /// What is said in the place of a payload that is not shown.
    private static func hidden(_ json: JSON) -> HTML? {
        guard let object = json.object, object.count == 2, let bytes = object["bytes"]?.int else { return nil }
        if object["redacted"] == true {
            return #"<span class="quiet">\#(Part.count(bytes, "byte")), which your key may not see</span>"#
        }
        if object["large"] == true {
            return #"<span class="quiet">\#(Part.count(bytes, "byte")), in the run as JSON</span>"#
        }
        return nil
    }

    /// Indented by two blanks.
    static func lines(_ json: JSON) -> String {
        var text = ""
        write(json, depth: 0, to: &text)
        return text
    }

    private static func write(_ json: JSON, depth: Int, to text: inout String) {
        func newLine(_ depth: Int) { text += "\n" + String(repeating: "  ", count: depth) }
        if let list = json.array, !list.isEmpty {
            text += "["
            for (place, item) in list.enumerated() {
                if place > 0 { text += "," }
                newLine(depth + 1)
                write(item, depth: depth + 1, to: &text)
            }
            newLine(depth)
            text += "]"
        } else if let object = json.object, !object.isEmpty {
            text += "{"
            for (place, member) in object.members.enumerated() {
                if place > 0 { text += "," }
                newLine(depth + 1)
                text += JSON.string(member.key).text + ": "
                write(member.value, depth: depth + 1, to: &text)
            }
            newLine(depth)
            text += "}"
        } else {
            text += json.text
        }
    }
}
