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
    /// Who decided.
    package let source: Source

    package enum Source: String, Hashable, Sendable {
        /// Redis: the rate holds over all processes together.
        case redis
        /// This process alone.
        case local
    }

    init(_ verdict: GCRAVerdict, limit: GCRALimit, source: Source) {
        allowed = verdict.isAllowed
        self.limit = limit.burst
        remaining = Int(verdict.remaining)
        retryAfter = .microseconds(verdict.retryAfter)
        resetAfter = .microseconds(verdict.resetAfter)
        self.source = source
    }
}
