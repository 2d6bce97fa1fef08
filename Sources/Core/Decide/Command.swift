/// What a lease holder has to do for a run as it stands.
package enum Command: Sendable, Hashable {
    /// Call the participant: the intent is stored, no answer is.
    case call(step: Int, action: CallAction, attempt: Int)
    /// Ask the decider again at this time (`woke`).
    case wake(at: Instant)
}

extension Run {
    /// Everything that is to be done for the run now, calls in the order of the definition, then at most one wake-up.
    ///
    /// Empty for a terminal run. When there is no call the lease need not be held: the outbox row's `available_at` does
    /// the waking.
    package var nextCommands: [Command] {
        if status.isTerminal { return [] }
        var commands: [Command] = []
        for (index, step) in steps.enumerated() {
            guard let call = step.callInFlight else { continue }
            commands.append(.call(step: index, action: call.action, attempt: call.attempt))
        }
        if let wakeAt { commands.append(.wake(at: wakeAt)) }
        return commands
    }

    /// When the run next needs a look although no call ends: the earliest due step, or the deadline.
    package var wakeAt: Instant? {
        if status.isTerminal { return nil }
        let due = steps.lazy.compactMap(\.nextAttemptAt).min()
        guard cause == nil, status != .compensating, let deadlineAt else { return due }
        return min(due ?? deadlineAt, deadlineAt)
    }

    /// A call of any step is in flight.
    package var hasCallInFlight: Bool {
        steps.contains { $0.callInFlight != nil }
    }
}
