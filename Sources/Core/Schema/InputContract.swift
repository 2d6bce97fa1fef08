/// What a workflow says of the input it is started with.
package struct InputContract: Sendable {
    /// Nil takes any input.
    package let schema: InputSchema?
    /// Inputs as they may be, for people and programs that read the definition; each keeps to the schema.
    package let examples: [JSON]

    /// Examples of a workflow at most.
    package static let maxExamples = 20
    /// Operations that checking all of them may take.
    package static let exampleOperations = 20_000
}
