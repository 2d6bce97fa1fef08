/// One step of one run.
package struct Step: Sendable, Hashable {
    /// Where the forward action stands.
    package var status: StepStatus = .pending
    /// Forward attempts begun so far.
    package var attempts: Int = 0
    /// Some forward attempt ended without a usable answer, so the effect may exist although nobody said yes.
    package var isAmbiguous: Bool = false
    /// Where the compensation stands.
    package var compensationStatus: CompensationStatus = .notRequired
    /// Compensation attempts begun since the compensation was last requested.
    package var compensationAttempts: Int = 0
    /// The same as `isAmbiguous`, of the compensation.
    package var isCompensationAmbiguous: Bool = false
    /// What the participant answered to the forward action.
    package var output: JSON?
    /// The last failure of either action.
    package var error: Failure?
    /// When the first forward attempt began.
    package var startedAt: Instant?
    /// When the forward action ended: succeeded, failed or skipped.
    package var completedAt: Instant?
    /// When the next attempt (of whichever action waits) is due; nil when none waits.
    package var nextAttemptAt: Instant?
    /// The number of the event with which the last attempt, of either action, began; 0 before the first. When that was, and
    /// on which engine, stands there.
    package var attemptSequence = 0
    /// The number of the event that holds the output; 0 when there is none, or nobody needs to know.
    package var outputSequence = 0

    package init() {}

    /// The participant may hold an effect of this step, so undoing the run must undo it.
    package var mayHaveEffect: Bool {
        status == .succeeded || isAmbiguous
    }

    /// An operator may say that it was undone by hand, when its run is FAILED.
    ///
    /// - Parameter inQuarantine: the run was set aside. Then nobody else undoes its steps either, so whatever may have
    ///   had an effect counts, a call that was in flight included.
    package func isResolvable(inQuarantine: Bool) -> Bool {
        guard inQuarantine else { return compensationStatus == .failed }
        return compensationStatus != .compensated && (mayHaveEffect || status == .executing)
    }

    /// A call of this step is in flight, and which.
    package var callInFlight: (action: CallAction, attempt: Int)? {
        if compensationStatus == .compensating { return (.compensate, compensationAttempts) }
        if status == .executing { return (.execute, attempts) }
        return nil
    }

    /// How many attempts of the same action were lost before this one. Known from `error`, which is that of the attempt
    /// before; with its first attempt an action begins to count anew.
    package func lostAttempts(before attempt: Int) -> Int {
        attempt > 1 ? error?.lostAttempts ?? 0 : 0
    }

    /// The same of attempts that were not made because their engines were not allowed to.
    package func notAllowedAttempts(before attempt: Int) -> Int {
        attempt > 1 ? error?.notAllowedAttempts ?? 0 : 0
    }

    /// The action that `nextAttemptAt` speaks of.
    package var waitingAction: CallAction {
        compensationStatus == .pending ? .compensate : .execute
    }
}
