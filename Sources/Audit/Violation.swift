package import Core

/// One thing that must never happen and did.
package struct Violation: Sendable, Hashable {
    /// The number in docs/reliability.md.
    package let invariant: Int
    /// The run it happened to.
    package let runID: RunID
    /// One sentence, without the run's id.
    package let text: String

    package init(_ invariant: Int, _ runID: RunID, _ text: String) {
        self.invariant = invariant
        self.runID = runID
        self.text = text
    }
}
