import Postgres

/// How the writing of one part of a batch goes on after an error: was it committed, is it to be tried again, and with whom?
///
/// A definite refusal is given only when nothing can have been written. From the moment a statement was sent whose outcome
/// nobody knows, the part is in doubt: it is looked for before anything is sent again, and ends as *unavailable* when its
/// time is over before anybody knows.
///
/// A lock that was not to be had is looked for, too, and whose row it is on is left out. Where that can't be seen (the key of
/// a start that somebody has inserted and not committed, say), halves are tried by themselves, until it stands alone.
struct Attempts: Sendable {
    /// What is done for a part, in this order; all but `store` only where need be.
    enum Step: Sendable {
        /// Of whose rows has somebody one locked?
        case findLocked
        /// What of it is written already?
        case findStored
        case store
        /// What is there instead of rows that were not written?
        case lookUp
    }

    /// What to do next.
    enum Next: Sendable {
        /// All steps again after a pause.
        case again(after: Duration)
        /// Halves are tried by themselves: one bad row never fails its batch-mates.
        case split
        /// Somebody has what is needed locked: the lane is better used for others.
        case locked
        /// Nothing more is tried.
        case giveUp(StoreError)
    }

    /// How often a part in doubt may run into rows that are there already before they count as somebody else's.
    private static let maxCollisions = 3

    private let giveUpAt: ContinuousClock.Instant
    private let meetsOnlyItself: Bool
    /// What was sent may be written: it is to be looked for first.
    private(set) var isInDoubt: Bool
    /// Whoever has rows locked is to be looked for first.
    private(set) var looksForLocks: Bool
    /// Something went wrong before; from now on it may take its time.
    private(set) var isTroubled: Bool
    private var collisions = 0
    private var splitFor: StoreError?
    private var backoff = Backoff()

    /// - Parameters:
    ///   - giveUpAt: until when it is tried.
    ///   - meetsOnlyItself: a row that is there already can only be the part's own, because its id is new.
    ///   - isSuspect: somebody had rows of it locked when it was tried before, maybe a statement of its own whose answer was
    ///     lost.
    init(until giveUpAt: ContinuousClock.Instant, meetsOnlyItself: Bool = false, isSuspect: Bool = false) {
        self.giveUpAt = giveUpAt
        self.meetsOnlyItself = meetsOnlyItself
        (isInDoubt, looksForLocks, isTroubled) = (isSuspect, isSuspect, isSuspect)
    }

    /// What is said of a half for which no time is left; nil when there is some, or it is no half.
    func overdue(at now: ContinuousClock.Instant) -> StoreError? { now < giveUpAt ? nil : splitFor }

    /// - Parameters:
    ///   - error: of the step, which has changed nothing then, or nobody knows.
    ///   - count: how many rows it was about.
    mutating func next(
        after error: PostgresError, in step: Step, of count: Int, at now: ContinuousClock.Instant = .now
    ) -> Next {
        isTroubled = true
        if step == .store, error.state == .lockNotAvailable { return nextAfterLock(of: count, at: now) }
        let ranIntoItself = step == .store && ranIntoItself(error)
        if step == .store { isInDoubt = isInDoubt || error.mayHaveCommitted || ranIntoItself }
        if !error.isTransient, !error.mayHaveCommitted, !ranIntoItself {
            // Nothing of its own was sent: what somebody else's row is, is all that is not known.
            if step == .lookUp { return .giveUp(.unavailable(error)) }
            if count > 1, case .server = error { return split(for: .unavailable(error)) }
            return .giveUp(isInDoubt ? .unavailable(error) : StoreError(error))
        }
        guard now < giveUpAt else { return .giveUp(.unavailable(error)) }
        return .again(after: backoff.wait())
    }

    /// The lock timeout is over: a row is locked, or a whole table, and then the look will say so.
    private mutating func nextAfterLock(of count: Int, at now: ContinuousClock.Instant) -> Next {
        if !looksForLocks {
            looksForLocks = true
            return .again(after: .zero)
        }
        // The look has found nobody's.
        return count > 1 && now < giveUpAt ? split(for: .rowLocked) : .locked
    }

    private mutating func split(for error: StoreError) -> Next {
        splitFor = error
        return .split
    }

    private mutating func ranIntoItself(_ error: PostgresError) -> Bool {
        guard error.state == .uniqueViolation else { return false }
        if meetsOnlyItself { return true }
        // After a lost answer the first statement may still have been at work.
        guard isInDoubt else { return false }
        collisions += 1
        return collisions <= Self.maxCollisions
    }
}

/// How long to wait before a database that failed is asked again: 50 ms doubling to 1 s, with full jitter.
package struct Backoff: Sendable {
    private var next: Duration
    private let longest: Duration

    /// - Parameters:
    ///   - first: the first wait at the most.
    ///   - longest: every later one at the most.
    package init(from first: Duration = .milliseconds(50), to longest: Duration = .seconds(1)) {
        next = first
        self.longest = longest
    }

    /// The next wait.
    package mutating func wait() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1)
    }
}
