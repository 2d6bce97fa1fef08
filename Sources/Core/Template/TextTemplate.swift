/// One string with `${…}` in it, rendered to text.
package struct TextTemplate: Sendable {
    enum Piece: Hashable, Sendable {
        case literal(String)
        case choice(Choice)
    }

    /// Bytes of a rendered string at most, one that is part of a body or an output.
    package static let maxLength = 1 << 20

    let pieces: [Piece]
    /// Those that end in `?` or `?? omit`: where one has no value, what holds the text is left out.
    let optionals: [Choice]

    /// Splits `text` into literals and choices; `$${` is a literal `${`.
    ///
    /// - Parameter item: see `Reference`.
    package init(_ text: String, at pointer: JSONPointer = .root, item: String? = nil) throws(TemplateError) {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            pieces = text.isEmpty ? [] : [.literal(text)]
            optionals = []
            return
        }
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if rest.starts(with: "$${".utf8) {
                literal.append(contentsOf: "${".utf8)
                rest = rest.dropFirst(3)
            } else if rest.starts(with: "${".utf8) {
                guard let end = Self.end(of: rest.dropFirst(2)) else {
                    throw TemplateError(.unterminated, pointer: pointer)
                }
                let inner = String(decoding: rest[(rest.startIndex + 2)..<end], as: UTF8.self)
                if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
                literal = []
                do throws(TemplateError.Kind) { pieces.append(.choice(try Choice(parsing: inner, item: item))) } catch {
                    throw TemplateError(error, pointer: pointer)
                }
                rest = rest[(end + 1)...]
            } else {
                literal.append(byte)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty { pieces.append(.literal(String(decoding: literal, as: UTF8.self))) }
        self.pieces = pieces
        optionals = pieces.compactMap {
            if case .choice(let choice) = $0, choice.fallback == .omit { choice } else { nil }
        }
    }

    /// Where the `}` is that ends what a `${` began; one between quotes does not.
    private static func end(of text: ArraySlice<UInt8>) -> Int? {
        var quotes = Quotes()
        for (index, byte) in zip(text.indices, text) {
            if byte == UInt8(ascii: "}"), quotes.isOutside { return index }
            quotes.read(byte)
        }
        return nil
    }

    /// A value that may be missing is missing, or null: what holds the text is left out.
    package func isLeftOut(_ scope: some Scope) -> Bool { optionals.contains { $0.isLeftOut(scope) } }

    /// Whether the text would be read as holding a reference or the escape for one.
    static func mentionsReference(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: "$") && $1 == UInt8(ascii: "{") }
    }

    /// The references in order, repetitions included.
    package var references: [Reference] {
        pieces.flatMap { piece -> [Reference] in if case .choice(let choice) = piece { choice.references } else { [] } }
    }

    /// The references with their place, in order.
    func uses(at pointer: JSONPointer) -> [ReferenceUse] {
        pieces.flatMap { piece -> [ReferenceUse] in
            guard case .choice(let choice) = piece else { return [] }
            let isGuarded = choice.references.count > 1 || choice.fallback != .nothing
            return choice.references.map { ReferenceUse(pointer, $0, isGuarded: isGuarded) }
        }
    }

    /// The text when it holds no reference.
    var constant: String? {
        if pieces.isEmpty { return "" }
        if case .literal(let text) = pieces[0], pieces.count == 1 { return text }
        return nil
    }

    /// The choice when the text is nothing else.
    var wholeChoice: Choice? {
        if case .choice(let choice)? = pieces.first, pieces.count == 1 { return choice }
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
            case .choice(let choice):
                switch TextTemplate.text(of: choice, in: scope) {
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

    /// The value as text, or why it has none.
    static func text(of choice: Choice, in scope: some Scope) -> Result<String, TemplateError.Kind> {
        switch choice.value(scope) {
        case .string(let value): .success(value)
        case .number(let value): .success(value.text)
        case .bool(let value): .success(value ? "true" : "false")
        case nil, .null: .failure(.missing(choice.references[0]))
        case .array(let value): .failure(.notText(choice.references[0], JSON.array(value).typeName))
        case .object(let value): .failure(.notText(choice.references[0], JSON.object(value).typeName))
        }
    }
}
