/// What a member of an event's `data` holds.
package enum EventMember: Sendable, Hashable {
    /// What sagaflow, or a person who asked for something, says: names, times, numbers, reasons.
    case plain
    /// The output of the event's step.
    case stepOutput
    /// The output of the run.
    case runOutput
    /// Anything else that clients and participants gave.
    case payload
}

extension RunEventKind {
    /// What a member of the data of such an event holds. Those that are not listed are payloads.
    package func holds(_ member: String) -> EventMember {
        let (plain, output) = members
        if member == "output" { return output }
        return plain.contains(member) ? .plain : .payload
    }

    /// The members that are plain, and what `output` is.
    private var members: (plain: Set<String>, output: EventMember) {
        switch self {
        case .runStarted: (["due"], .payload)
        // In `headers` is what the participant answered.
        case .attemptSucceeded: ([], .stepOutput)
        case .stepSucceeded: ([], .stepOutput)
        // In `path` may be where an answer has said that the work is.
        case .attemptAccepted: (["timeoutUs", "heartbeatUs", "lookInUs"], .payload)
        // Its output is not that of the step, and by its digest what is short can be guessed.
        case .callbackReceived: (["outcome"], .payload)
        case .waitStarted, .runDelayed: (["until"], .payload)
        case .awaitStarted: (["signal", "until"], .payload)
        case .signalReceived: (["name", "by"], .payload)
        case .signalTaken: (["signal"], .payload)
        case .elementsStarted: (["count"], .payload)
        case .parentLinked: (["parent"], .payload)
        case .childStarted: (["runId", "workflow", "detached", "until"], .payload)
        case .childEnded: (["runId", "status", "pastPivot"], .stepOutput)
        case .endCallsStarted: (["runId"], .payload)
        case .cancelRequested, .cancelRefused, .retryRequested, .stepResolved, .undoRequested:
            (["by", "reason"], .payload)
        case .runCompensating: (["steps", "uncompensated"], .payload)
        case .runCompleted: ([], .runOutput)
        case .stepSettled: (["as", "by", "reason"], .stepOutput)
        case .runPaused: (["by", "reason", "holdDeadline"], .payload)
        case .runResumed: (["by", "reason", "heldUs"], .payload)
        case .restartedFrom: (["runId", "fromStep", "by", "reason"], .payload)
        case .stepKept: (["effectOf"], .stepOutput)
        case .restartedAs: (["runId", "steps", "by", "reason"], .payload)
        case .attemptStarted, .attemptFailed, .attemptLooked, .attemptHeartbeat, .stepSkipped, .stepFailed,
            .stepUndoing, .stepAbandoned, .elementsEnded, .childCancelRequested, .childUndoRequested, .childUndoFailed,
            .deadlineExceeded, .deadlineMissed, .runCompensated, .runCancelled, .runFailed, .runQuarantined:
            ([], .payload)
        }
    }
}
