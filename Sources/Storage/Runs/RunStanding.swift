package import Core

/// Where a run and its steps stand, by what is stored of them.
package struct RunStanding: Standing, Sendable {
    package let status: RunStatus
    package let isQuarantined: Bool
    package let isGoingForward: Bool
    package let steps: Steps
    package let pivot: Int?
    package let undoWithin: Duration?
    package let completedAt: Instant?
    package let isHandedOver: Bool
    /// The run that does it anew.
    let restartedAs: RunID?
    let cause: RunCause?
    let isPaused: Bool
    /// Whose child it is; nil when it is nobody's.
    let parent: ParentLink?
    /// Signals that wait to be taken.
    let signals: (count: Int, bytes: Int)
    /// Attempts that were accepted, and callbacks that came before their calls were over.
    let accepted: [AcceptedAttempt]
    let callbacks: [KeptCallback]
    /// What its steps may wait for; nil where the definition can't be read.
    let signalNames: Set<String>?
    /// Nil where it can't be read.
    let definition: WorkflowDefinition?
    let stepIDs: [String]

    /// Nil when its status, or that of a step, is one that this version does not know.
    ///
    /// - Parameter definition: nil where it can't be read; then nothing is known of a pivot.
    init?(_ run: RunHead, _ followed: FollowedRun, _ definition: WorkflowDefinition?) {
        let known = followed.steps.compactMap { $0.step() }
        guard let status = run.status, known.count == followed.steps.count else { return nil }
        self.status = status
        isQuarantined = run.isQuarantined
        isGoingForward = run.causeText == nil
        cause = run.causeText.flatMap { RunCause(rawValue: $0) }
        steps = Steps(known)
        stepIDs = followed.steps.map(\.stepID)
        self.definition = definition
        pivot = definition?.pivot.flatMap { known.indices.contains($0) ? $0 : nil }
        undoWithin = definition?.undoWithin
        completedAt = run.completedAt
        isPaused = followed.marks.pause != nil
        restartedAs = followed.marks.restartedAs?.run
        isHandedOver = followed.marks.restartedAs.map { !$0.steps.isEmpty } ?? false
        parent = followed.marks.parent
        (accepted, callbacks) = (followed.marks.accepted, followed.marks.callbacks)
        let kept = followed.marks.signals
        signals = (kept.count, kept.reduce(0) { $0 + $1.bytes })
        signalNames = definition.map { definition in
            Set(
                definition.steps.compactMap { step in
                    if case .signal(let awaited) = step.action { awaited.signal } else { nil }
                })
        }
    }

    /// The place of a step in the definition; nil when there is none of this id.
    func index(of stepID: String) -> Int? { stepIDs.firstIndex(of: stepID) }
}
