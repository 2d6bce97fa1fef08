/// A decision of a session: it is stored as a whole under the run's lease, or not at all. A class, because it is handed on
/// several times, and holds two runs.
package final class SessionCommit: Sendable {
    /// What becomes of the lease with the commit.
    package enum Afterwards: Sendable, Hashable {
        /// It is kept: calls are in flight, or the holder goes on by itself.
        case keep
        /// It is given back, and the run is due after this long.
        case giveBack(after: Duration)
        /// The run is over.
        case end
    }

    /// The lease under which it was decided.
    package let lease: Lease
    /// The run as stored.
    package let before: Run
    /// The run as the decision leaves it.
    package let after: Run
    /// What was decided, in order; empty when nothing is to be done but to consume, or to give back.
    package let events: [RunEvent]
    /// Inbox rows that led to the decision.
    package let consumedInbox: [Int64]
    /// The database's time the decision was made with.
    package let decidedAt: Instant
    package let afterwards: Afterwards

    /// Sequence number of the first event.
    package var firstSequence: Int { before.lastSequence + 1 }

    /// The run's row is written, and a snapshot of its steps with it: where the run comes to rest or ends, and where something
    /// happens that people look for in many runs. What else happens to a run is in its journal alone, until then.
    package var storesRun: Bool {
        // What is asked of a FAILED run may come to nothing; then it is over as before.
        if afterwards == .end, events.isEmpty { return false }
        if afterwards != .keep || after.cause != before.cause { return true }
        if after.status != before.status, after.status != .running { return true }
        if before.hasMarks || after.hasMarks, before.marks.lasting != after.marks.lasting { return true }
        if after.lastSequence - before.storedSequence >= max(Self.mostEvents, after.steps.count) { return true }
        return after.steps.places(changedSince: before.steps).contains { places in
            places.contains { index in
                after.steps[index].compensationStatus == .failed && before.steps.indices.contains(index)
                    && before.steps[index].compensationStatus != .failed
            }
        }
    }

    /// So many events stand in the journal alone at the most, or one for each step and element if there are more: whoever reads the
    /// run reads them all.
    private static let mostEvents = 100

    /// The run as the store has it now.
    ///
    /// - Parameter at: when the decision was committed, by the database's clock. Until then that was not known, and `after` has
    ///   `decidedAt` in its place.
    package func stored(at: Instant) -> Run {
        var run = before
        for event in events { run.evolve(event, at: at) }
        if storesRun { run.storedSequence = run.lastSequence }
        return run
    }

    /// The time of the commit becomes the run's `updatedAt`: an event sets it.
    package var updatesRun: Bool {
        if after.updatedAt != before.updatedAt { return true }
        // Decided at the very time of the last change: only at another time it shows whether there is one now.
        return decidedAt == before.updatedAt
            && stored(at: decidedAt + .microseconds(1)).updatedAt != before.updatedAt
    }

    /// - Parameters:
    ///   - before: the run as stored.
    ///   - after: `before` with `events` applied.
    ///   - keepsLease: also if nothing is left to do but wait: the holder gives the run back by itself.
    package init(
        lease: Lease, before: Run, after: Run, events: [RunEvent], consumedInbox: [Int64] = [], now: Instant,
        keepsLease: Bool = false
    ) {
        self.lease = lease
        self.before = before
        self.after = after
        self.events = events
        self.consumedInbox = consumedInbox
        decidedAt = now
        let isBusy = after.isBusy(at: now) && !isPlanted(.givenBackWithCallInFlight)
        afterwards =
            if keepsLease {
                .keep
            } else if after.status.isTerminal {
                .end
            } else if isBusy {
                .keep
            } else {
                .giveBack(
                    after: after.wakeAt.map { max(.zero, $0 - now) }
                        ?? (after.waitsForOutside ? Run.longestRest : .zero))
            }
    }

    /// The same with `events` applied here.
    package convenience init(
        lease: Lease, run: Run, events: [RunEvent], consumedInbox: [Int64] = [], now: Instant, keepsLease: Bool = false
    ) {
        var after = run
        for event in events { after.evolve(event, at: now) }
        self.init(
            lease: lease, before: run, after: after, events: events, consumedInbox: consumedInbox, now: now,
            keepsLease: keepsLease)
    }
}

/// What the store says to a commit.
package enum CommitVerdict: Sendable, Hashable {
    /// Written at this time of the database. `unread` inbox rows wait to be consumed.
    case written(unread: Int, at: Instant)
    /// Not written: the run would have ended with unread inbox rows. Read them and decide again.
    case inboxFirst
    /// Not written: these children can't be started, for these reasons, by step. Decide again.
    case childrenRefused([Int: Failure])
    /// Another engine holds the run, or it is over: drop it without another word.
    case leaseLost
    /// The store refuses what the run led to, and would for ever; the text says why.
    case refused(String)
    /// It could not be stored in time, or nobody knows; the text says why. The next holder sees.
    case unavailable(String)
}
