// What a claim itself does with a run: it begins the due steps, so that their intent is committed with the claim. The
// claim's statement does it, and whoever reads the claimed rows does it again with `evolve`.

extension Run {
    /// The next attempt of every step whose time has come, in the order of the definition.
    package func dueAttempts(at now: Instant) -> [RunEvent] {
        steps.enumerated().compactMap { index, step in
            guard let due = step.nextAttemptAt, due <= now else { return nil }
            let action = step.waitingAction
            var attempt = (action == .execute ? step.attempts : step.compensationAttempts) + 1
            if isPlanted(.attemptsRestart) { attempt = 1 }
            return .attemptStarted(step: index, action: action, attempt: attempt)
        }
    }

    /// A claim begins the due steps, as nothing else is to be decided first: if, that is, the run was given back, and its
    /// inbox is empty.
    package func beginsWhenClaimed(at now: Instant) -> Bool {
        switch status {
        case .compensating: true
        case .pending, .running: cause == nil && deadlineAt.map { $0 > now } ?? true
        case .completed, .compensated, .cancelled, .failed: false
        }
    }
}
