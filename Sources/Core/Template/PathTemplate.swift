internal import Basics

/// The path and query of a call, with `${path}` references.
///
/// Every value is percent-encoded as part of one segment, so that no input can add segments, a query or a host.
package struct PathTemplate: Sendable {
    /// Bytes of a rendered path at most.
    package static let maxLength = 8192

    private enum Body: Sendable {
        case constant(String)
        case pieces([TextTemplate.Piece])
        /// The whole is where an answer said that something is.
        case location(Choice)
        /// With parameters that may be left out: the path, and the parameters of the query.
        case parameters(TextTemplate, [TextTemplate])
    }

    private let body: Body
    /// The empty segments that the definition itself has; one more is the work of an empty value.
    private let emptySegments: Int
    /// The references in order, repetitions included.
    package var references: [Reference] { uses.map(\.reference) }
    /// The same, with whether something stands in for a value that is missing.
    let uses: [ReferenceUse]

    /// It is a location, as answers give it: a URL, or a path from its root. To be followed below the participant's base only.
    package var isLocation: Bool { if case .location = body { true } else { false } }

    /// Reads a path that begins with exactly one `/`, has only URL characters, no fragment and no dot segments; or one
    /// reference, whose value is a location.
    ///
    /// - Parameter item: see `Reference`.
    package init(_ text: String, item: String? = nil) throws(TemplateError) {
        let template = try TextTemplate(text, item: item)
        if let choice = template.wholeChoice, choice.fallback == .nothing {
            uses = template.uses(at: .root)
            body = .location(choice)
            emptySegments = 0
            return
        }
        guard text.utf8.first == UInt8(ascii: "/"), !text.utf8.starts(with: "//".utf8) else {
            throw TemplateError(.pathNotAbsolute, pointer: .root)
        }
        for case .literal(let literal) in template.pieces where !Self.isPathText(literal) {
            throw TemplateError(.pathCharacter, pointer: .root)
        }
        if template.references.count > Template.maxReferences {
            throw TemplateError(.tooManyReferences(limit: Template.maxReferences), pointer: .root)
        }
        uses = template.uses(at: .root)
        body = try Self.body(text, template, item)
        // What is wrong whatever the values are is seen with harmless ones.
        let sample = template.pieces.map { if case .literal(let literal) = $0 { literal } else { "x" } }.joined()
        emptySegments = try Self.emptySegments(sample.utf8)
    }

    /// The path for one call; of a location that, as it is.
    ///
    /// - Throws: `TemplateError` for a value that is missing or no text, and for one that would leave a segment empty or
    ///   turn it into `.` or `..`: the call would go somewhere else than the definition says.
    package func render(_ scope: some Scope) throws(TemplateError) -> String {
        var bytes: [UInt8] = []
        switch body {
        case .constant(let path): return path
        case .location(let choice):
            switch TextTemplate.text(of: choice, in: scope) {
            case .success(let text):
                guard text.utf8.count <= Self.maxLength else {
                    throw TemplateError(.tooLong(limit: Self.maxLength), pointer: .root)
                }
                return text
            case .failure(let kind): throw TemplateError(kind, pointer: .root)
            }
        case .pieces(let pieces): try Self.append(pieces, scope, to: &bytes)
        case .parameters(let path, let parameters):
            try Self.append(path.pieces, scope, to: &bytes)
            var mark = UInt8(ascii: "?")
            for parameter in parameters where !parameter.isLeftOut(scope) {
                bytes.append(mark)
                mark = UInt8(ascii: "&")
                try Self.append(parameter.pieces, scope, to: &bytes)
            }
        }
        guard bytes.count <= Self.maxLength else {
            throw TemplateError(.tooLong(limit: Self.maxLength), pointer: .root)
        }
        guard try Self.emptySegments(bytes) == emptySegments else { throw TemplateError(.emptySegment, pointer: .root) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A path in which nothing can be left out is rendered piece by piece.
    private static func body(
        _ text: String, _ template: TextTemplate, _ item: String?
    ) throws(TemplateError) -> Body {
        if let constant = template.constant { return .constant(constant) }
        if template.optionals.isEmpty { return .pieces(template.pieces) }
        // The query begins with the first "?" that is in no "${…}".
        var marks: [String.Index] = []
        var inside: Quotes?
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if inside != nil {
                if byte == UInt8(ascii: "}"), inside?.isOutside == true { inside = nil } else { inside?.read(byte) }
                continue
            }
            switch byte {
            case UInt8(ascii: "{"): inside = Quotes()
            case UInt8(ascii: "?") where marks.isEmpty: marks.append(index)
            case UInt8(ascii: "&") where !marks.isEmpty: marks.append(index)
            default: break
            }
        }
        let path = try TextTemplate(String(text[..<(marks.first ?? text.endIndex)]), item: item)
        guard path.optionals.isEmpty else { throw TemplateError(.optionalSegment, pointer: .root) }
        var parameters: [TextTemplate] = []
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1] : text.endIndex
            parameters.append(try TextTemplate(String(text[text.utf8.index(after: mark)..<end]), item: item))
        }
        return .parameters(path, parameters)
    }

    private static func append(
        _ pieces: [TextTemplate.Piece], _ scope: some Scope, to bytes: inout [UInt8]
    ) throws(TemplateError) {
        for piece in pieces {
            guard bytes.count <= maxLength else { throw TemplateError(.tooLong(limit: maxLength), pointer: .root) }
            switch piece {
            case .literal(let literal): bytes.append(utf8Of: literal)
            case .choice(let choice):
                switch TextTemplate.text(of: choice, in: scope) {
                case .success(let text) where text.utf8.count > maxLength:
                    throw TemplateError(.tooLong(limit: maxLength), pointer: .root)
                case .success(let text): PercentEncoding.append(segment: text, to: &bytes)
                case .failure(let kind): throw TemplateError(kind, pointer: .root)
                }
            }
        }
    }

    /// How many segments are empty, such as the one after a slash at the end; refuses dot segments, also encoded ones.
    private static func emptySegments(_ path: some Collection<UInt8>) throws(TemplateError) -> Int {
        let end = path.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex
        let segments = path[..<end].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.contains(where: { isDots($0) }) { throw TemplateError(.dotSegment, pointer: .root) }
        return segments.count(where: \.isEmpty)
    }

    private static func isDots(_ segment: some Collection<UInt8>) -> Bool {
        let text = String(decoding: segment, as: UTF8.self).lowercased()
        return [".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"].contains(text)
    }

    /// RFC 3986 `pchar`, `/` and `?`, with every `%` followed by two hexadecimal digits.
    private static func isPathText(_ text: String) -> Bool {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.popFirst()?.hexValue != nil, rest.popFirst()?.hexValue != nil else { return false }
            } else if !PercentEncoding.isUnreserved(byte), !"!$&'()*+,;=:@/?".utf8.contains(byte) {
                return false
            }
        }
        return true
    }
}
