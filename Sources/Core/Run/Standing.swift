/// Where a run and its steps stand: all that an operator's request is judged by (`canRetry` and `canResolve` in
/// Standing+Requests.swift).
///
/// A `Run` is judged by whoever decides, the rows of one, without their payloads, by whoever lets requests in: by one rule.
package protocol Standing {
    var status: RunStatus { get }
    /// It is FAILED because it could not be processed.
    var isQuarantined: Bool { get }
    /// It has not turned back.
    var isGoingForward: Bool { get }
    /// The step after which there is no way back, by its place in the definition; nil when there is none.
    var pivot: Int? { get }
    /// For so long after its end it may be undone; nil for as long as it is kept.
    var undoWithin: Duration? { get }
    var completedAt: Instant? { get }
    /// What it did was taken over by another run.
    var isHandedOver: Bool { get }
    /// In the order of the definition.
    var steps: Steps { get }
}

extension Run: Standing {
    package var isGoingForward: Bool { cause == nil }
    package var pivot: Int? { definition.pivot }
    package var undoWithin: Duration? { definition.undoWithin }
}

extension Standing {
    /// There is no way back any more: its pivot has succeeded.
    package var isPastPivot: Bool { pivot.map { steps[$0].status == .succeeded } ?? false }

    /// It can't turn back now: it is past its pivot, or its pivot may have taken effect and nobody knows yet.
    package var mustGoOn: Bool {
        guard let pivot else { return false }
        let step = steps[pivot]
        return step.status == .succeeded || step.status == .executing || (step.status == .pending && step.isAmbiguous)
    }
}
