package import Core

/// Judges a run and its children, and the runs that make the calls after its ends: invariants 24 and 25. By values alone, so that whoever keeps runs in memory is judged by the very code of
/// `saga check`.
package enum FamilyAudit {
    /// A run whose row says that it is a child of the one that is judged.
    package struct Child: Sendable {
        package let runID: RunID
        package let status: RunStatus
        /// Of one that makes the calls after an end: how the run ended, as it is told there; nil where nothing asks for that.
        package let endedAs: String?

        package init(runID: RunID, status: RunStatus, endedAs: String? = nil) {
            self.runID = runID
            self.status = status
            self.endedAs = endedAs
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
                switch event {
                case .childStarted(_, let child, _): child.runID
                case .endCallsStarted(let runID): runID
                default: nil
                }
            })
        let resolved = Set(
            events.compactMap { event in
                if case .stepResolved(let step, _, _) = event { step } else { nil }
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
            if let status = statuses[child.runID], let fits = fits(child, status, isResolved: resolved.contains(index))
            {
                findings.require(fits, 24, "\(name) is \(status.rawValue), and is known as \(child.phase.rawValue)")
            }
            guard run.status != .failed, run.status.isTerminal else { continue }
            findings.require(!step.awaitsChild, 24, "it is \(run.status.rawValue), and waits for \(name) still")
            guard run.status != .completed, run.stepDefinition(index).undoesChild else { continue }
            let isUndone = child.phase == .over
            findings.require(isUndone, 24, "it is \(run.status.rawValue), and \(name) COMPLETED and is not undone")
        }
        judgeEndCalls(of: run, events, children, findings)
        return findings.violations
    }

    /// What follows an end is there, and knows which end that was.
    private static func judgeEndCalls(
        of run: Run, _ events: [RunEvent], _ children: [Child], _ findings: Findings
    ) {
        for (announced, end) in zip(events, events.dropFirst()) {
            guard case .endCallsStarted(let runID) = announced else { continue }
            guard let calls = children.first(where: { $0.runID == runID }) else {
                findings.require(false, 25, "\(runID), which makes the calls after its end, is not there")
                continue
            }
            guard let told = calls.endedAs, let status = end.kind.endedAs else { continue }
            findings.require(
                told == status.rawValue, 25, "it ended \(status.rawValue), and \(runID) was told that it is \(told)")
        }
    }

    /// Nil where a child may stand as it will: its end is not told yet, nobody waits for it, or a person has seen to it.
    private static func fits(_ child: ChildRun, _ status: RunStatus, isResolved: Bool) -> Bool? {
        switch child.phase {
        case .completed, .final: status == .completed
        case .over where isResolved: nil
        case .over: status == .compensated || status == .cancelled
        case .live, .cancelling, .undoing, .detached: nil
        }
    }
}

extension RunEventKind {
    /// The status of a run that ends with it.
    fileprivate var endedAs: RunStatus? {
        switch self {
        case .runCompleted: .completed
        case .runCompensated: .compensated
        case .runCancelled: .cancelled
        case .runFailed: .failed
        default: nil
        }
    }
}
