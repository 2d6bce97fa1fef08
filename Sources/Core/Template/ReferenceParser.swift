internal import Basics

/// Reads and writes the ways of references.
enum ReferenceParser {
    /// Elements of a reference at most: no JSON has more levels.
    static let maxElements = 64

    /// The names, indices and `*` of a path; nil when it is none. There is at least one.
    static func elements(of text: String) -> [Reference.Element]? {
        var elements: [Reference.Element] = []
        var rest = Substring(text).utf8
        guard let first = plainName(&rest) else { return nil }
        elements.append(.name(first))
        while let byte = rest.popFirst() {
            guard elements.count < maxElements else { return nil }
            switch byte {
            case UInt8(ascii: "."):
                if rest.first == UInt8(ascii: "*") {
                    rest = rest.dropFirst()
                    elements.append(.each)
                } else {
                    guard let name = plainName(&rest) else { return nil }
                    elements.append(.name(name))
                }
            case UInt8(ascii: "["):
                guard let name = bracketed(&rest) else { return nil }
                elements.append(.name(name))
            default: return nil
            }
        }
        return elements
    }

    /// An element as it is written after others.
    static func text(of element: Reference.Element) -> String {
        switch element {
        case .each: return ".*"
        case .name(let name):
            if !name.isEmpty, name.utf8.allSatisfy(isNameByte) { return ".\(name)" }
            let quoted = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return "['\(quoted)']"
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static func plainName(_ rest: inout Substring.UTF8View) -> String? {
        let name = rest.prefix(while: isNameByte)
        rest = rest[name.endIndex...]
        return name.isEmpty ? nil : String(Substring(name))
    }

    /// `0]`, `'any text']` or `"any text"]`; a backslash before a quote or a backslash is not part of the text.
    private static func bracketed(_ rest: inout Substring.UTF8View) -> String? {
        guard let first = rest.first else { return nil }
        var name: String?
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            rest = rest.dropFirst()
            name = quoted(until: first, &rest)
        } else {
            let digits = rest.prefix(while: \.isDigit)
            rest = rest[digits.endIndex...]
            let text = String(Substring(digits))
            if let index = Int(text), String(index) == text { name = text }
        }
        guard let name, rest.popFirst() == UInt8(ascii: "]") else { return nil }
        return name
    }

    private static func quoted(until quote: UInt8, _ rest: inout Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote { return String(decoding: bytes, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst(),
                escaped == quote || escaped == UInt8(ascii: "\\")
            else { return nil }
            bytes.append(escaped)
        }
        return nil
    }
}
