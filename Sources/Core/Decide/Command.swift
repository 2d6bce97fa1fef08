/// What a lease holder has to do for a run as it stands.
package enum Command: Sendable, Hashable {
    /// The attempt of a step's action: the intent is stored, no answer is.
    case call(Call)
    /// A look at what an accepted attempt has come to: its time has come.
    case look(Look)
    /// Ask the decider again at this time (`woke`).
    case wake(at: Instant)

    /// A question about an attempt that was accepted.
    package struct Look: Sendable, Hashable {
        /// The attempt.
        package let call: Call
        /// Where to look.
        package let path: String
    }

    /// An attempt that is to be made.
    package struct Call: Sendable, Hashable {
        package let step: Int
        package let action: CallAction
        package let attempt: Int
        /// It is not to begin later, however long it waits for its turn; nil for no such time.
        package let notAfter: Instant?

        package init(step: Int, action: CallAction, attempt: Int, notAfter: Instant? = nil) {
            self.step = step
            self.action = action
            self.attempt = attempt
            self.notAfter = notAfter
        }

        /// Whether a call that waited for its turn is still to be made.
        ///
        /// - Parameters:
        ///   - now: the database's time.
        ///   - isHeld: the run's lease has not run out.
        ///   - hasTurnedBack: the run goes forward no more.
        package func isWanted(at now: Instant, isHeld: Bool, hasTurnedBack: Bool) -> Bool {
            if action == .execute, hasTurnedBack { return false }
            if let notAfter, now >= notAfter { return false }
            return isHeld || isPlanted(.lostLeaseIgnored)
        }
    }
}

extension Run {
    /// Everything that is to be done for the run now, calls in the order of the definition, then looks, then at most one wake-up.
    ///
    /// Empty for a terminal run. When there is no call and no look the lease need not be held: the outbox row's
    /// `available_at` does the waking.
    package func nextCommands(at now: Instant) -> [Command] {
        if status.isTerminal { return [] }
        var commands: [Command] = []
        for index in steps.activePlaces(where: { $0.callInFlight != nil }) {
            guard let call = steps[index].callInFlight else { continue }
            let notAfter = call.action == .execute && !mustGoOn ? deadlineAt : nil
            commands.append(
                .call(.init(step: index, action: call.action, attempt: call.attempt, notAfter: notAfter)))
        }
        if hasMarks { commands += dueLooks(at: now).map { .look($0) } }
        if let wakeAt = wakeAt(apartFromLooksUntil: now) { commands.append(.wake(at: wakeAt)) }
        return commands
    }

    /// The call that an attempt makes.
    package func definition(of call: Command.Call) -> CallDefinition {
        guard let definition = stepDefinition(call.step).call(of: call.action) else {
            preconditionFailure("the decider starts no compensation that is not defined")
        }
        return definition
    }

    /// The participant that an attempt goes to; nil when it can't be told.
    package func participant(of call: Command.Call) -> String? {
        let choice = definition(of: call).participant
        if let name = choice.only { return name }
        return try? choice.name(CallScope(self, call))
    }

    /// The key with which an attempt is sent.
    package func idempotencyKey(of call: Command.Call) -> String {
        let key = Core.idempotencyKey(run: caller(of: call), step: stepID(call.step), action: call.action)
        return isPlanted(.keyForEachAttempt) ? "\(key):\(call.attempt)" : key
    }

    /// When the run next has something to be done although no call ends: the earliest due step or look, or the deadline.
    package var wakeAt: Instant? { wakeAt(apartFromLooksUntil: nil) }

    /// - Parameter begun: looks that are due by then are being made; nil for none.
    private func wakeAt(apartFromLooksUntil begun: Instant?) -> Instant? {
        if status.isTerminal { return nil }
        // What a decision left for the next.
        if isDraining, steps.hasActive(where: { $0.child?.phase == .live }), !isPlanted(.childCancelForgotten) {
            return updatedAt
        }
        if hasElementsToBegin { return updatedAt }
        var due = isPaused ? nil : steps.leastOfActive { $0.nextAttemptAt }
        if hasMarks, status == .pending, !isPaused, cause == nil, let startAt = marks.startAt, startAt > createdAt {
            due = min(due ?? startAt, startAt)
        }
        if hasMarks, let over = marks.accepted.lazy.compactMap(\.endsAt).min(), !isPlanted(.acceptedForEver) {
            due = min(due ?? over, over)
        }
        if hasMarks {
            let looks = marks.accepted.lazy.compactMap(\.poll?.lookAt).filter { look in begun.map { $0 < look } ?? true
            }
            if let look = looks.min() { due = min(due ?? look, look) }
        }
        guard let deadline = deadlineToMeet else { return due }
        if isPlanted(.deadlineIgnoredInFlight), hasCallInFlight { return due }
        return min(due ?? deadline, deadline)
    }

    /// The deadline, where its passing is still to be acted on.
    var deadlineToMeet: Instant? {
        guard cause == nil, status != .compensating, let deadlineAt else { return nil }
        if isPlanted(.deadlineEndsPastPivot) { return deadlineAt }
        if hasMarks, marks.hasMissedDeadline || marks.pause?.holdsDeadline == true { return nil }
        // Until it is known what became of the pivot, the deadline waits; its answer is a happening of its own.
        if let pivot = definition.pivot, mustGoOn, steps[pivot].status != .succeeded { return nil }
        return deadlineAt
    }

    /// A call of any step is in flight.
    package var hasCallInFlight: Bool {
        steps.hasActive { $0.callInFlight != nil }
    }
}
