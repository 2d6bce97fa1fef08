internal import Core

/// Collects the violations of one run while audits read it.
///
/// A class, so that audits can report from anywhere while their own state is being changed; never leaves its task.
final class Findings {
    let runID: RunID
    private(set) var violations: [Violation] = []

    init(_ runID: RunID) { self.runID = runID }

    /// Notes a violation unless `holds`; the text is made only then.
    func require(_ holds: Bool, _ invariant: Int, _ text: @autoclosure () -> String) {
        if !holds { violations.append(Violation(invariant, runID, text())) }
    }
}
