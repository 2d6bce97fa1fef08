/// The end of accepted work, as its participant tells it.
package struct Callback: Sendable, Hashable {
    /// What it came to; the raw values are what is sent.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        case succeeded
        /// A definite no: nothing happened there, and trying again is pointless.
        case rejected
        /// It came to nothing, and may have begun: it is tried again as the policy says.
        case failed
    }

    package let outcome: Outcome
    /// Of one that succeeded. In the history it is left out where it stands with what follows.
    package var output: JSON?
    /// What the participant says about the other ends.
    package var error: JSON?
    /// The attempt that failed, if the participant says so: what is said of an earlier one than that which is open is old.
    package let attempt: Int?
    /// SHA-256 of all this, as hexadecimal text: the same callback again has the same.
    package let digest: String

    package init(outcome: Outcome, output: JSON?, error: JSON?, attempt: Int? = nil, digest: String) {
        self.outcome = outcome
        self.output = output
        self.error = error
        self.attempt = attempt
        self.digest = digest
    }

    /// The same without what it says.
    var bare: Callback { Callback(outcome: outcome, output: nil, error: nil, attempt: attempt, digest: digest) }

    /// Bytes of an output at most.
    package static let maxOutput = CallDefinition.keptResponseBytes
    /// Bytes of an error at most.
    package static let maxError = 16 << 10
}

/// An attempt that a participant has accepted, and whose end it is to tell.
package struct AcceptedAttempt: Sendable, Hashable {
    package let step: Int
    /// Until then its end is waited for.
    package let until: Instant
    /// So often a sign of life is to come; nil for none.
    package let heartbeat: Duration?
    /// The next one is to come by then.
    package var beatBy: Instant?
    /// Where its end is looked for; nil where that is told.
    package var poll: AcceptedPoll?

    /// When it is over if nothing comes.
    package var dueAt: Instant { beatBy.map { min($0, until) } ?? until }

    /// The same, unless a look comes before: what was due in time is made, however late, before anybody gives up.
    var endsAt: Instant? {
        if let poll, poll.lookAt <= until, !isPlanted(.overdueBeforeLook) { return nil }
        return dueAt
    }

    /// A look did not find its end; the next one is due then.
    mutating func look(hasFailed: Bool, _ next: Instant) {
        guard var poll else { return }
        poll.lookAt = next
        poll.failures = hasFailed ? poll.failures + 1 : 0
        self.poll = poll
    }

    /// A sign of life within this time after the last one changes nothing.
    package static let heartbeatShare = 4
}

/// Where the engine looks for the end of accepted work, and when next.
package struct AcceptedPoll: Sendable, Hashable {
    /// As the definition's `path` was rendered when the work was accepted.
    package let path: String
    /// The next look is due then.
    package var lookAt: Instant
    /// Looks that have failed since the last that did not.
    package var failures: Int

    package init(path: String, lookAt: Instant, failures: Int = 0) {
        self.path = path
        self.lookAt = lookAt
        self.failures = failures
    }
}

/// What the answer that accepted an attempt says of where its end is to be looked for.
package struct PollStart: Sendable, Hashable {
    package let path: String
    /// The first look follows after so long.
    package let firstLook: Duration

    package init(path: String, firstLook: Duration) {
        self.path = path
        self.firstLook = firstLook
    }
}

/// A callback that came before the call was over that it ends.
package struct KeptCallback: Sendable, Hashable {
    package let step: Int
    package let action: CallAction
    package let callback: Callback

    package init(step: Int, action: CallAction, callback: Callback) {
        self.step = step
        self.action = action
        self.callback = callback
    }
}
