/// What the decider is asked about: something came in from outside.
package enum Happening: Sendable, Hashable {
    /// The call of a step's action ended.
    case finished(step: Int, action: CallAction, attempt: Int, CallResult)
    /// A look at what was accepted ended.
    case looked(step: Int, action: CallAction, attempt: Int, CallResult)
    /// A new lease holder found calls in flight whose engine is gone.
    case tookOver
    /// Time has passed: waiting steps may be due, or the deadline over.
    case woke
    /// Somebody asked for the run to be undone.
    case cancel(by: String, reason: String?)
    /// An operator asked for this step to be tried now; nil: for all that a FAILED run gave up on.
    case retry(step: Int?, by: String, reason: String? = nil)
    /// An operator undid these steps by hand: their compensations count as done. All of them, or it is refused: with
    /// the first step of a quarantined run the engine begins to undo those that are not named.
    case resolve(steps: [Int], by: String, reason: String)
    /// A person ends this step, which waits.
    case settle(step: Int, Settlement, output: JSON?, by: String, reason: String)
    /// Nothing new is to begin.
    case pause(by: String, reason: String?, holdsDeadline: Bool)
    /// It is to go on.
    case resume(by: String, reason: String?)
    /// Somebody asked for a run to be undone that has completed.
    case undo(by: String, reason: String)
    /// A participant tells the end of an attempt, or that it is still at work.
    case calledBack(step: Int, CallAction, Callback)
    case beat(step: Int, CallAction)
    /// The child of this step has ended.
    case childEnded(step: Int, ChildEnd)
    /// Somebody sent a signal.
    case signal(ReceivedSignal)
    /// The run can't be processed.
    case poison(Failure)
}

/// A happening that makes no sense for the run as it stands. Nothing changes.
package struct IllegalHappening: Error, Sendable, CustomStringConvertible {
    /// One sentence for the log.
    package let description: String

    init(_ run: Run, _ happening: Happening) {
        description = "run \(run.id) is \(run.status.rawValue): \(happening) is not possible"
    }
}
