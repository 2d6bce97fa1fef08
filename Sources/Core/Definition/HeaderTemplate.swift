/// The value of a header with `${path}` references.
///
/// What it renders to is printable ASCII, so that no input can end the header and begin another.
package struct HeaderTemplate: Sendable {
    /// Bytes of a rendered value at most.
    package static let maxLength = 4096

    private let text: TextTemplate

    /// Reads a value; refuses literals that no header may hold.
    package init(_ text: String) throws(TemplateError) {
        self.text = try TextTemplate(text)
        for case .literal(let literal) in self.text.pieces { try Self.check(literal) }
    }

    /// The references in order, repetitions included.
    package var references: [Reference] { text.references }

    /// The same, with whether something stands in for a value that is missing.
    var uses: [ReferenceUse] { text.uses(at: .root) }

    /// A value that may be missing is: the header is not sent.
    package func isLeftOut(_ scope: some Scope) -> Bool { text.isLeftOut(scope) }

    /// The value for one call; a missing value or one with control or non-ASCII characters is an error.
    package func render(_ scope: some Scope) throws(TemplateError) -> String {
        let value = try text.render(scope, limit: Self.maxLength)
        try Self.check(value)
        return value
    }

    private static func check(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= maxLength else { throw TemplateError(.tooLong(limit: maxLength), pointer: .root) }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw TemplateError(.headerCharacter, pointer: .root)
        }
    }
}
