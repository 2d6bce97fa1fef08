package import Core

/// Judges a run and its children: invariant 24. By values alone, so that whoever keeps runs in memory is judged by the very code of
/// `saga check`.
package enum FamilyAudit {
    /// A run whose row says that it is a child of the one that is judged.
    package struct Child: Sendable {
        package let runID: RunID
        package let status: RunStatus

        package init(runID: RunID, status: RunStatus) {
            self.runID = runID
            self.status = status
        }
    }

    /// What is wrong between a run and its children, all as of the same moment.
    ///
    /// - Parameters:
    ///   - events: the run's whole history.
    ///   - children: all there are; one that retention has removed is not missed.
    package static func violations(of run: Run, _ events: [RunEvent], children: [Child]) -> [Violation] {
        let findings = Findings(run.id)
        let started = Set(
            events.compactMap { event in
                if case .childStarted(_, let child, _) = event { child.runID } else { nil }
            })
        let statuses = Dictionary(children.map { ($0.runID, $0.status) }) { first, _ in first }
        for child in children {
            findings.require(
                started.contains(child.runID), 24,
                "\(child.runID) says that it is its child, and its history knows of none such")
        }
        for (index, step) in run.steps.enumerated() {
            guard let child = step.child else { continue }
            let name = "\(child.runID), the child of \(run.stepID(index)),"
            if let status = statuses[child.runID], let fits = fits(child, status, step) {
                findings.require(fits, 24, "\(name) is \(status.rawValue), and is known as \(child.phase.rawValue)")
            }
            guard run.status != .failed, run.status.isTerminal else { continue }
            findings.require(!step.awaitsChild, 24, "it is \(run.status.rawValue), and waits for \(name) still")
            guard run.status != .completed, run.stepDefinition(index).undoesChild else { continue }
            let isUndone = child.phase == .over
            findings.require(isUndone, 24, "it is \(run.status.rawValue), and \(name) COMPLETED and is not undone")
        }
        return findings.violations
    }

    /// Nil where a child may stand as it will: its end is not told yet, nobody waits for it, or a person has seen to it.
    private static func fits(_ child: ChildRun, _ status: RunStatus, _ step: Step) -> Bool? {
        switch child.phase {
        case .completed, .final: status == .completed
        case .over where step.compensationStatus == .compensated: nil
        case .over: status == .compensated || status == .cancelled
        case .live, .cancelling, .undoing, .detached: nil
        }
    }
}
