// What a claim itself does with a run: it begins the steps that are due, so that their intent is committed with the claim.
//
// Which those are is decided here when the run comes to rest, and stored with it (`workflow_runs.due`). The claim appends
// them to the journal as they are when nothing else is to be decided first, that is, when the run was given back and its
// inbox is empty.

/// What the claim of a run that rests begins.
package struct DueAttempts: Sendable {
    /// The beginnings of attempts, in the order of the definition; never empty.
    package let events: [RunEvent]
    /// From then on the claim begins nothing; nil for no such time.
    package let before: Instant?
}

extension Run {
    /// The next attempt of every step whose time has come, in the order of the definition.
    package func dueAttempts(at now: Instant) -> [RunEvent] {
        // What makes no call is decided under the lease.
        let due = steps.activePlaces { $0.status != .waiting && $0.nextAttemptAt.map { $0 <= now } ?? false }
        return due.map { index in
            let step = steps[index]
            let action = step.waitingAction
            var attempt = (action == .execute ? step.attempts : step.compensationAttempts) + 1
            if isPlanted(.attemptsRestart) { attempt = 1 }
            return .attemptStarted(step: index, action: action, attempt: attempt)
        }
    }

    /// What the next claim begins of a run that comes to rest as it now stands: what is due when it wakes. Nil when it wakes for
    /// something else, or something else comes first.
    package var dueWhenClaimed: DueAttempts? {
        let before: Instant?
        switch status {
        case .compensating: before = nil
        case .pending, .running:
            if cause != nil { return nil }
            before = deadlineToMeet
        case .completed, .compensated, .cancelled, .failed: return nil
        }
        guard !isPaused, let wakeAt, !hasMarks || marks.callbacks.isEmpty else { return nil }
        let events = dueAttempts(at: wakeAt)
        return events.isEmpty ? nil : DueAttempts(events: events, before: before)
    }
}
