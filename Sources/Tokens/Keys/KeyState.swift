/// What is known of an issuer's keys, and when to ask for them anew. It does nothing by itself.
///
/// Keys are believed for five minutes, and asked for again a little earlier, which nobody waits for. When that fails they are
/// believed for an hour at most, while it is tried again every ten seconds. A key that is not known is asked for at once, and
/// no more than every ten seconds: made-up ones cost the issuer next to nothing.
struct KeyState: Sendable {
    /// From this age on the keys are asked for anew, and used meanwhile.
    static let refreshAfter: Duration = .seconds(240)
    /// Older ones are not used before the issuer was asked.
    static let lifetime: Duration = .seconds(300)
    /// Older ones are not used.
    static let longestStale: Duration = .seconds(3600)
    /// Between attempts after one that failed, and between those for keys that are not known.
    static let pause: Duration = .seconds(10)

    /// What to do for somebody who needs the keys.
    enum Advice {
        case use(KeySet)
        /// The same, and fetch them, which nobody waits for.
        case useAndFetch(KeySet)
        /// Wait for the fetch; begin it if none is on its way.
        case wait
        /// They could not be had a moment ago.
        case unavailable
        /// There is no such key: the issuer was asked a moment ago.
        case absent
    }

    private var keys: KeySet?
    private var fetchedAt: ContinuousClock.Instant?
    /// The last attempt, if it failed.
    private var failedAt: ContinuousClock.Instant?
    /// When the issuer was last asked because of a key that was not known.
    private var missedAt: ContinuousClock.Instant?
    private var isFetching = false

    /// Whether the last attempt failed.
    var hasFailed: Bool { failedAt != nil }

    func advice(_ now: ContinuousClock.Instant) -> Advice {
        guard let keys, let fetchedAt, now - fetchedAt < Self.longestStale else {
            return isFetching || mayTry(now) ? .wait : .unavailable
        }
        let age = now - fetchedAt
        if age < Self.refreshAfter { return .use(keys) }
        // Only the first attempt is waited for: an issuer that is away must not slow down what goes on without it.
        if age >= Self.lifetime, failedAt == nil { return .wait }
        return !isFetching && mayTry(now) ? .useAndFetch(keys) : .use(keys)
    }

    /// For a key that is not among those in use.
    mutating func adviceForUnknown(_ now: ContinuousClock.Instant) -> Advice {
        if isFetching { return .wait }
        guard mayTry(now) else { return .unavailable }
        if let missedAt, now - missedAt < Self.pause { return .absent }
        missedAt = now
        return .wait
    }

    mutating func begin() { isFetching = true }

    mutating func succeed(_ keys: KeySet, _ now: ContinuousClock.Instant) {
        (self.keys, fetchedAt, failedAt, isFetching) = (keys, now, nil, false)
    }

    mutating func fail(_ now: ContinuousClock.Instant) { (failedAt, isFetching) = (now, false) }

    /// What is left after an attempt; nil when it is too old.
    func usable(_ now: ContinuousClock.Instant) -> KeySet? {
        guard let keys, let fetchedAt, now - fetchedAt < Self.longestStale else { return nil }
        return keys
    }

    private func mayTry(_ now: ContinuousClock.Instant) -> Bool { failedAt.map { now - $0 >= Self.pause } ?? true }
}
