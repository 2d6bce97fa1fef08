/// All that is wrong with a definition.
package struct DefinitionErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one and at most `limit`, in the order of the fields.
    package let errors: [DefinitionError]

    /// Errors reported at most; one is enough to refuse, hundreds help nobody.
    package static let limit = 100

    init(_ errors: [DefinitionError]) { self.errors = Array(errors.prefix(Self.limit)) }

    package var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// One broken rule and its place in the definition.
package struct DefinitionError: Hashable, Sendable, CustomStringConvertible {
    package let pointer: JSONPointer
    /// A sentence.
    package let detail: String

    package init(_ pointer: JSONPointer, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    package var description: String { "\(pointer): \(detail)" }
}
