/// Whether one call may go, and what to tell the caller (`RateLimit-*`, `Retry-After`).
package struct RateDecision: Hashable, Sendable {
    package let allowed: Bool
    /// The burst: the most calls that may ever be free at once.
    package let limit: Int
    /// Calls that may go right now, after this one.
    package let remaining: Int
    /// How long until one call is free; zero when this one was allowed.
    package let retryAfter: Duration
    /// How long until the whole burst is free.
    package let resetAfter: Duration
    /// For each bucket, how long until its whole burst is free, in the order they were given.
    let resets: [Duration]
    /// Who decided.
    package let source: Source

    package enum Source: String, Hashable, Sendable {
        /// Redis: the rate holds over all processes together.
        case redis
        /// This process alone.
        case local
    }

    /// What one call is told that counts in several buckets: the figures are those of the tighter one, which is the one
    /// that makes it wait longest, or else the one with the fewest calls left.
    ///
    /// - Precondition: as many verdicts as buckets, at least one.
    init(_ verdicts: [GCRAVerdict], of buckets: [RateBucket], source: Source) {
        let tighter = zip(verdicts, buckets).min { one, other in
            (-one.0.retryAfter, one.0.remaining, -one.0.resetAfter)
                < (-other.0.retryAfter, other.0.remaining, -other.0.resetAfter)
        }
        guard let (verdict, bucket) = tighter else { preconditionFailure("a call counts somewhere") }
        allowed = verdicts.allSatisfy(\.isAllowed)
        limit = bucket.limit.burst
        remaining = Int(verdict.remaining)
        retryAfter = .microseconds(verdict.retryAfter)
        resetAfter = .microseconds(verdict.resetAfter)
        resets = verdicts.map { .microseconds($0.resetAfter) }
        self.source = source
    }
}
