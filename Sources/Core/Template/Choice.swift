/// What stands between `${` and `}`: references, of which the first that has a value counts, and what there is when none has.
///
/// `a`, `a?`, `a ?? b`, `a ?? b ?? "none"`, `a ?? omit`. Null is no value.
package struct Choice: Hashable, Sendable {
    /// What there is when no reference has a value.
    package enum Fallback: Hashable, Sendable {
        /// Nothing: where text is needed, that is an error, else null.
        case nothing
        /// What holds the text is left out.
        case omit
        /// A scalar.
        case value(JSON)
    }

    /// At least one.
    package let references: [Reference]
    package let fallback: Fallback

    /// The value; nil when there is none.
    package func value(_ scope: some Scope) -> JSON? {
        for reference in references {
            if let value = scope.value(reference), !value.isNull { return value }
        }
        if case .value(let value) = fallback { return value }
        return nil
    }

    /// There is no value, and what holds the text is to be left out then.
    package func isLeftOut(_ scope: some Scope) -> Bool { fallback == .omit && value(scope) == nil }

    /// Reads what stands between `${` and `}`.
    ///
    /// - Parameter item: see `Reference`.
    init(parsing text: String, item: String?) throws(TemplateError.Kind) {
        var parts = Self.parts(of: text)
        var fallback = Fallback.nothing
        if parts.count == 1, parts[0].utf8.last == UInt8(ascii: "?") {
            parts[0] = String(parts[0].dropLast())
            fallback = .omit
        } else if parts.count > 1, let last = parts.last, let read = Self.fallback(last) {
            parts.removeLast()
            fallback = read
        }
        var references: [Reference] = []
        for part in parts {
            guard let reference = Reference(part, item: item) else { throw .invalidReference(String(part.prefix(80))) }
            references.append(reference)
        }
        self.references = references
        self.fallback = fallback
    }

    /// The parts between `??`, without the blanks around them. Alone, it is taken as it is.
    private static func parts(of text: String) -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        var rest = Array(text.utf8)[...]
        var quotes = Quotes()
        while let byte = rest.first {
            if quotes.isOutside, rest.starts(with: "??".utf8) {
                parts.append(String(decoding: part, as: UTF8.self))
                part = []
                rest = rest.dropFirst(2)
                continue
            }
            quotes.read(byte)
            part.append(byte)
            rest = rest.dropFirst()
        }
        parts.append(String(decoding: part, as: UTF8.self))
        return parts.count == 1 ? parts : parts.map { $0.trimmingSpaces }
    }

    /// `omit`, or a scalar of JSON; of a text the quotes may be single ones.
    private static func fallback(_ text: String) -> Fallback? {
        if text == "omit" { return .omit }
        if let json = try? JSON(parsing: Array(text.utf8)), json.array == nil, json.object == nil {
            return .value(json)
        }
        guard text.utf8.count >= 2, text.utf8.first == UInt8(ascii: "'"), text.utf8.last == UInt8(ascii: "'") else {
            return nil
        }
        let inner = text.dropFirst().dropLast()
        return inner.utf8.contains(UInt8(ascii: "'")) ? nil : .value(.string(String(inner)))
    }
}

/// Follows a text and tells whether its next byte is outside of quotes.
struct Quotes {
    private var quote: UInt8?
    private var isEscaped = false

    var isOutside: Bool { quote == nil }

    mutating func read(_ byte: UInt8) {
        guard let open = quote else {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { quote = byte }
            return
        }
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == open {
            quote = nil
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
