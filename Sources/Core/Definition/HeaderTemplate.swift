/// The value of a header: a text with `${path}` references, or what `$logic` comes to.
///
/// What it renders to is printable ASCII, so that no input can end the header and begin another.
package struct HeaderTemplate: Sendable {
    /// Bytes of a rendered value at most.
    package static let maxLength = 4096

    private enum Value: Sendable {
        case text(TextTemplate)
        case logic(Template)
    }

    private let value: Value

    /// Reads a text; refuses literals that no header may hold.
    ///
    /// - Parameter item: see `Reference`.
    package init(_ text: String, item: String? = nil) throws(TemplateError) {
        let template = try TextTemplate(text, item: item)
        for case .literal(let literal) in template.pieces { try Self.check(literal) }
        value = .text(template)
    }

    /// Reads an object whose only member is `$logic`.
    package init(logic json: JSON, item: String? = nil) throws(TemplateError) {
        value = .logic(try Template(json, item: item))
    }

    /// Whether `json` is what `init(logic:)` reads.
    static func isLogic(_ json: JSON) -> Bool { json.object?.members.first?.key == Template.logicKey }

    /// The references in order, repetitions included.
    package var references: [Reference] { uses.map(\.reference) }

    /// The same, with whether something stands in for a value that is missing.
    var uses: [ReferenceUse] {
        switch value {
        case .text(let text): text.uses(at: .root)
        case .logic(let template): template.uses
        }
    }

    /// The secrets that it signs with.
    var secrets: Set<String> {
        switch value {
        case .text: []
        case .logic(let template): template.secrets
        }
    }

    /// A value that may be missing is: the header is not sent.
    package func isLeftOut(_ scope: some Scope) -> Bool {
        switch value {
        case .text(let text): text.isLeftOut(scope)
        case .logic(let template): template.isLeftOut(scope)
        }
    }

    /// The value for one call; a missing value or one with control or non-ASCII characters is an error.
    package func render(_ scope: some Scope) throws(TemplateError) -> String {
        let text: String
        switch value {
        case .text(let template): text = try template.render(scope, limit: Self.maxLength)
        case .logic(let template):
            let json = try template.render(scope)
            guard let found = json.scalarText else {
                throw TemplateError(.logicNoText(json.typeName), pointer: JSONPointer([Template.logicKey]))
            }
            text = found
        }
        try Self.check(text)
        return text
    }

    private static func check(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= maxLength else { throw TemplateError(.tooLong(limit: maxLength), pointer: .root) }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw TemplateError(.headerCharacter, pointer: .root)
        }
    }
}
