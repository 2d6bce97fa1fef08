/// One string with `${path}` references, rendered to text.
package struct TextTemplate: Sendable {
    enum Piece: Hashable, Sendable {
        case literal(String)
        case reference(Reference)
    }

    /// Bytes of a rendered string at most, one that is part of a body or an output.
    package static let maxLength = 1 << 20

    let pieces: [Piece]
    /// Those written `${path?}`: where one has no value, what holds the text is left out.
    let optionals: [Reference]

    /// Splits `text` into literals and references; `$${` is a literal `${`.
    package init(_ text: String, at pointer: JSONPointer = .root) throws(TemplateError) {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            pieces = text.isEmpty ? [] : [.literal(text)]
            optionals = []
            return
        }
        var pieces: [Piece] = []
        var optionals: [Reference] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if rest.starts(with: "$${".utf8) {
                literal.append(contentsOf: "${".utf8)
                rest = rest.dropFirst(3)
            } else if rest.starts(with: "${".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw TemplateError(.unterminated, pointer: pointer)
                }
                let path = String(decoding: rest[(rest.startIndex + 2)..<end], as: UTF8.self)
                let isOptional = path.utf8.last == UInt8(ascii: "?")
                guard let reference = Reference(isOptional ? String(path.dropLast()) : path) else {
                    throw TemplateError(.invalidReference(String(path.prefix(80))), pointer: pointer)
                }
                if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
                literal = []
                pieces.append(.reference(reference))
                if isOptional { optionals.append(reference) }
                rest = rest[(end + 1)...]
            } else {
                literal.append(byte)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
        self.pieces = pieces
        self.optionals = optionals
    }

    /// A value that may be missing is missing, or null: what holds the text is left out.
    package func isLeftOut(_ scope: some Scope) -> Bool {
        optionals.contains { scope.value($0)?.isNull ?? true }
    }

    /// Whether the text would be read as holding a reference or the escape for one.
    static func mentionsReference(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: "$") && $1 == UInt8(ascii: "{") }
    }

    /// The references in order, repetitions included.
    package var references: [Reference] {
        pieces.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The text when it holds no reference.
    var constant: String? {
        if pieces.isEmpty { return "" }
        if case .literal(let text) = pieces[0], pieces.count == 1 { return text }
        return nil
    }

    /// The reference when the text is nothing else.
    var wholeReference: Reference? {
        if case .reference(let reference)? = pieces.first, pieces.count == 1 { return reference }
        return nil
    }

    /// The text with every reference replaced; a missing value, `null`, an array or an object is an error at `pointer`,
    /// and so are more than `limit` bytes, which are never put together.
    package func render(
        _ scope: some Scope, at pointer: JSONPointer = .root, limit: Int = maxLength
    ) throws(TemplateError) -> String {
        if let constant { return constant }
        var text = ""
        for piece in pieces {
            let part: String
            switch piece {
            case .literal(let literal): part = literal
            case .reference(let reference):
                switch TextTemplate.text(of: reference, in: scope) {
                case .success(let value): part = value
                case .failure(let kind): throw TemplateError(kind, pointer: pointer)
                }
            }
            guard text.utf8.count + part.utf8.count <= limit else {
                throw TemplateError(.tooLong(limit: limit), pointer: pointer)
            }
            text += part
        }
        return text
    }

    /// The referenced value as text, or why it has none.
    static func text(of reference: Reference, in scope: some Scope) -> Result<String, TemplateError.Kind> {
        switch scope.value(reference) {
        case .string(let value): .success(value)
        case .number(let value): .success(value.text)
        case .bool(let value): .success(value ? "true" : "false")
        case nil, .null: .failure(.missing(reference))
        case .array(let value): .failure(.notText(reference, JSON.array(value).typeName))
        case .object(let value): .failure(.notText(reference, JSON.object(value).typeName))
        }
    }
}
