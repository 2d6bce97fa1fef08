/// One thing that happened to a run: in `run_journal`, the append-only truth.
package enum RunEvent: Sendable, Hashable {
    /// The API accepted the run; these steps (by index) are due at once.
    case runStarted(due: [Int])
    /// An attempt's intent: written before its call is sent.
    case attemptStarted(step: Int, action: CallAction, attempt: Int)
    /// The participant said yes. The step is SUCCEEDED, or COMPENSATED.
    case attemptSucceeded(step: Int, action: CallAction, attempt: Int, CallReport, output: JSON)
    /// The attempt came to nothing. It is repeated after `retryIn`, or, when that is nil, the action has given up.
    case attemptFailed(step: Int, action: CallAction, attempt: Int, CallReport, Failure, retryIn: Duration?)
    /// The participant has accepted the attempt and is to call back within `timeout`, with signs of life, if `heartbeat` says so;
    /// or its end is looked for as `poll` says.
    case attemptAccepted(
        step: Int, action: CallAction, attempt: Int, CallReport, timeout: Duration, heartbeat: Duration?,
        poll: PollStart? = nil)
    /// A look did not find the end of accepted work; with a failure it found nothing at all. The next one follows after
    /// `lookIn`; nil for the definition's `every`.
    case attemptLooked(step: Int, action: CallAction, Failure?, lookIn: Duration?)
    /// The end of an attempt was told from outside. What it leads to are events of their own, once its call is over.
    case callbackReceived(step: Int, action: CallAction, Callback)
    /// A sign of life of accepted work.
    case attemptHeartbeat(step: Int, action: CallAction)
    /// The step's `when` was false, a step it needs did not succeed, or the run is to end without it.
    case stepSkipped(step: Int)
    /// The step waits until then.
    case waitStarted(step: Int, until: Instant)
    /// The step waits for a signal, until then at the most; nil for as long as its run lives.
    case awaitStarted(step: Int, until: Instant?)
    /// A signal came. It is kept until a step takes it, unless the run has turned back.
    case signalReceived(ReceivedSignal)
    /// The step took the signal that came with the event of this number: it is done.
    case signalTaken(step: Int, signal: Int)
    /// The step's list was evaluated: it has so many elements, which stand for these entries (null where they were left out).
    case elementsStarted(step: Int, count: Int, items: JSON)
    /// All elements of the step are done, and it with them.
    case elementsEnded(step: Int)
    /// It is the child of another run.
    case parentLinked(ParentLink)
    /// The step has started a run. Until then it waits for its end; nil for as long as it lives.
    case childStarted(step: Int, ChildRun, until: Instant?)
    /// The step's child is to turn back: the run does, or, with a failure, it took too long.
    case childCancelRequested(step: Int, Failure?)
    /// The step's child has ended, forward or back. With an error it ended otherwise than the step can take.
    case childEnded(step: Int, ChildEnd)
    /// What the step's child did is to be undone.
    case childUndoRequested(step: Int)
    /// It can't be.
    case childUndoFailed(step: Int, Failure)
    /// Calls follow the run's end, which comes with the next event: this run makes them.
    case endCallsStarted(run: RunID)
    /// A step that makes no call is done.
    case stepSucceeded(step: Int, output: JSON)
    /// A step that makes no call has failed.
    case stepFailed(step: Int, Failure)
    /// The step gave up, and the run goes on; what it may have done is undone first.
    case stepUndoing(step: Int)
    /// The step waited for its next attempt when the run left the forward path.
    case stepAbandoned(step: Int)
    /// Somebody asked for the run to be undone.
    case cancelRequested(by: String, reason: String?)
    /// Somebody asked for the run to be undone when there was no way back any more.
    case cancelRefused(by: String, reason: String?)
    /// The run's deadline passed.
    case deadlineExceeded
    /// No forward call is in flight any more: `steps` will be undone. `uncompensated` may have had effects too, but
    /// have no compensation.
    case runCompensating(steps: [Int], uncompensated: [Int])
    /// Every step is done. `failure` says why the definition's `output` could not be evaluated, if so.
    case runCompleted(output: JSON, failure: Failure?)
    /// Every effect is undone.
    case runCompensated
    /// Every effect is undone, and that is what somebody asked for.
    case runCancelled
    /// A compensation gave up: a person has to look.
    case runFailed(Failure)
    /// An operator asked for a step to be tried now; nil: for all that a FAILED run gave up on.
    case retryRequested(step: Int?, by: String, reason: String? = nil)
    /// An operator undid the step by hand: it is COMPENSATED. Ends an attempt of its compensation that was in flight
    /// when the run was quarantined.
    case stepResolved(step: Int, by: String, reason: String)
    /// A person ended a step that waited, with this output where it succeeded.
    case stepSettled(step: Int, Settlement, output: JSON?, by: String, reason: String)
    /// The run begins no sooner than then.
    case runDelayed(until: Instant)
    /// Somebody paused the run: nothing new begins until it is resumed.
    case runPaused(by: String, reason: String?, holdsDeadline: Bool)
    /// Somebody let the run go on. For so long its deadline was held.
    case runResumed(by: String, reason: String?, held: Duration)
    /// Somebody asked for a run to be undone that had completed.
    case undoRequested(by: String, reason: String)
    /// The deadline passed when there was no way back any more: it changes nothing.
    case deadlineMissed
    /// The run could not be processed and was set aside.
    case runQuarantined(Failure)
    /// The run does another one anew, from this step on; nil: all of it.
    case restartedFrom(run: RunID, step: Int?, by: String, reason: String)
    /// What the other run did is taken over.
    case stepKept(KeptStep)
    /// Another run does this one anew, and has taken these steps over.
    case restartedAs(run: RunID, steps: [Int], by: String, reason: String)

    /// Its name in `run_journal` and in the view `run_events`.
    package var kind: RunEventKind {
        switch self {
        case .runStarted: .runStarted
        case .attemptStarted: .attemptStarted
        case .attemptSucceeded: .attemptSucceeded
        case .attemptFailed: .attemptFailed
        case .attemptAccepted: .attemptAccepted
        case .attemptLooked: .attemptLooked
        case .callbackReceived: .callbackReceived
        case .attemptHeartbeat: .attemptHeartbeat
        case .stepSkipped: .stepSkipped
        case .waitStarted: .waitStarted
        case .awaitStarted: .awaitStarted
        case .signalReceived: .signalReceived
        case .signalTaken: .signalTaken
        case .elementsStarted: .elementsStarted
        case .elementsEnded: .elementsEnded
        case .parentLinked: .parentLinked
        case .childStarted: .childStarted
        case .childCancelRequested: .childCancelRequested
        case .childEnded: .childEnded
        case .childUndoRequested: .childUndoRequested
        case .childUndoFailed: .childUndoFailed
        case .endCallsStarted: .endCallsStarted
        case .stepSucceeded: .stepSucceeded
        case .stepFailed: .stepFailed
        case .stepUndoing: .stepUndoing
        case .stepAbandoned: .stepAbandoned
        case .cancelRequested: .cancelRequested
        case .cancelRefused: .cancelRefused
        case .deadlineExceeded: .deadlineExceeded
        case .runCompensating: .runCompensating
        case .runCompleted: .runCompleted
        case .runCompensated: .runCompensated
        case .runCancelled: .runCancelled
        case .runFailed: .runFailed
        case .retryRequested: .retryRequested
        case .stepResolved: .stepResolved
        case .stepSettled: .stepSettled
        case .runDelayed: .runDelayed
        case .runPaused: .runPaused
        case .runResumed: .runResumed
        case .undoRequested: .undoRequested
        case .deadlineMissed: .deadlineMissed
        case .runQuarantined: .runQuarantined
        case .restartedFrom: .restartedFrom
        case .stepKept: .stepKept
        case .restartedAs: .restartedAs
        }
    }
}

/// The names of events, as SQL, JSON and the live stream carry them.
package enum RunEventKind: String, Sendable, Hashable, CaseIterable {
    case runStarted = "run_started"
    case attemptStarted = "attempt_started"
    case attemptSucceeded = "attempt_succeeded"
    case attemptFailed = "attempt_failed"
    case attemptAccepted = "attempt_accepted"
    case attemptLooked = "attempt_looked"
    case callbackReceived = "callback_received"
    case attemptHeartbeat = "attempt_heartbeat"
    case stepSkipped = "step_skipped"
    case waitStarted = "wait_started"
    case awaitStarted = "await_started"
    case signalReceived = "signal_received"
    case signalTaken = "signal_taken"
    case elementsStarted = "elements_started"
    case elementsEnded = "elements_ended"
    case parentLinked = "parent_linked"
    case childStarted = "child_started"
    case childCancelRequested = "child_cancel_requested"
    case childEnded = "child_ended"
    case childUndoRequested = "child_undo_requested"
    case childUndoFailed = "child_undo_failed"
    case endCallsStarted = "end_calls_started"
    case stepSucceeded = "step_succeeded"
    case stepFailed = "step_failed"
    case stepUndoing = "step_undoing"
    case stepAbandoned = "step_abandoned"
    case cancelRequested = "cancel_requested"
    case cancelRefused = "cancel_refused"
    case deadlineExceeded = "deadline_exceeded"
    case runCompensating = "run_compensating"
    case runCompleted = "run_completed"
    case runCompensated = "run_compensated"
    case runCancelled = "run_cancelled"
    case runFailed = "run_failed"
    case retryRequested = "retry_requested"
    case stepResolved = "step_resolved"
    case stepSettled = "step_settled"
    case runDelayed = "run_delayed"
    case runPaused = "run_paused"
    case runResumed = "run_resumed"
    case undoRequested = "undo_requested"
    case deadlineMissed = "deadline_missed"
    case runQuarantined = "run_quarantined"
    case restartedFrom = "restarted_from"
    case stepKept = "step_kept"
    case restartedAs = "restarted_as"

    /// A person's decision that takes up a run which is over: a FAILED one, or, to undo it, one that COMPLETED.
    package var takesUp: Bool {
        switch self {
        case .retryRequested, .stepResolved, .undoRequested: true
        case .runStarted, .attemptStarted, .attemptSucceeded, .attemptFailed, .attemptAccepted, .attemptLooked,
            .callbackReceived, .attemptHeartbeat, .stepSkipped, .waitStarted,
            .awaitStarted, .signalReceived, .signalTaken, .elementsStarted, .elementsEnded, .parentLinked,
            .childStarted, .childCancelRequested, .childEnded, .childUndoRequested, .childUndoFailed,
            .endCallsStarted, .stepSucceeded,
            .stepFailed, .stepUndoing, .stepAbandoned,
            .cancelRequested, .cancelRefused, .deadlineExceeded, .runCompensating, .runCompleted, .runCompensated,
            .runCancelled, .runFailed, .stepSettled, .runDelayed, .runPaused, .runResumed, .deadlineMissed,
            .runQuarantined, .restartedFrom, .stepKept, .restartedAs:
            false
        }
    }

    /// The run is terminal after such an event.
    package var isTerminal: Bool {
        switch self {
        case .runCompleted, .runCompensated, .runCancelled, .runFailed, .runQuarantined, .restartedAs: true
        case .runStarted, .attemptStarted, .attemptSucceeded, .attemptFailed, .attemptAccepted, .attemptLooked,
            .callbackReceived, .attemptHeartbeat, .stepSkipped, .waitStarted,
            .awaitStarted, .signalReceived, .signalTaken, .elementsStarted, .elementsEnded, .parentLinked,
            .childStarted, .childCancelRequested, .childEnded, .childUndoRequested, .childUndoFailed,
            .endCallsStarted, .stepSucceeded,
            .stepFailed, .stepUndoing, .stepAbandoned,
            .cancelRequested, .cancelRefused, .deadlineExceeded, .runCompensating, .retryRequested, .stepResolved,
            .stepSettled,
            .runDelayed, .runPaused, .runResumed, .undoRequested, .deadlineMissed, .restartedFrom, .stepKept:
            false
        }
    }
}

/// The facts of an attempt that ended.
package struct CallReport: Sendable, Hashable {
    /// What it came to.
    package var outcome: Outcome
    /// The answer's status, when there was an answer.
    package var httpStatus: Int?
    /// How long the call took.
    package var duration: Duration
    /// Headers of a success that something in the definition names; names in lower case.
    package var headers: [String: String]

    package init(outcome: Outcome, httpStatus: Int?, duration: Duration, headers: [String: String] = [:]) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.duration = duration
        self.headers = headers
    }

    /// See `CallResult.mayHaveEffect`.
    package var mayHaveEffect: Bool {
        CallResult.mayHaveEffect(outcome, httpStatus: httpStatus)
    }
}

/// How a person ends a step that waits. The raw values are public.
package enum Settlement: String, Sendable, Hashable, CaseIterable {
    /// It counts as having succeeded, with the output that the person gives.
    case complete
    /// It counts as not wanted.
    case skip
    /// It gives up.
    case fail
}
