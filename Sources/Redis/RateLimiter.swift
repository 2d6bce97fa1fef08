package import Logging
internal import Synchronization

/// Holds rates over all processes through Redis, and stricter ones in this process while Redis cannot answer.
///
/// Stricter, because each process then counts alone: with the default factor of one half, two processes together
/// still hold the rates. What Redis has let through is remembered here too, so its loss frees nobody from a wait.
/// There is nothing to switch back: every call asks Redis first, and while Redis is away the client refuses without
/// waiting. Without Redis in the configuration the process holds the full rates.
package final class RateLimiter: Sendable {
    private let redis: RedisClient?
    private let keyPrefix: String
    private let localFactor: Double
    private let logger: Logger
    private let state: Mutex<State>
    private let start = ContinuousClock.now

    private struct State {
        var limiter = LocalGCRA()
        /// True from the first answer given without Redis to the first with it, so that each change is logged once.
        var isLocal = false
        var limitedCount = 0
    }

    /// - Parameters:
    ///   - keyPrefix: goes before every key in Redis; limiters with the same prefix share their rates.
    ///   - localFactor: the share of a rate that this process allows alone while Redis is away, in 0 < factor ≤ 1.
    package init(redis: RedisClient?, keyPrefix: String, localFactor: Double = 0.5, logger: Logger) {
        self.redis = redis
        self.keyPrefix = keyPrefix
        self.localFactor = localFactor
        self.logger = logger
        self.state = Mutex(State())
    }

    /// Redis is configured but can't answer: this process decides alone, by the stricter rates.
    package var isLocal: Bool { state.withLock { $0.isLocal } }

    /// How many calls have been refused so far.
    package var limitedCount: Int { state.withLock { $0.limitedCount } }

    /// Judges one call that counts in all of `buckets`, of which there is at least one: it is allowed when all of them
    /// have room, and counted in all of them then, otherwise in none. Never throws and waits at most the client's
    /// command timeout.
    package func judge(_ buckets: [RateBucket]) async -> RateDecision {
        let decision = await decide(buckets)
        if !decision.allowed { state.withLock { $0.limitedCount += 1 } }
        return decision
    }

    private func decide(_ buckets: [RateBucket]) async -> RateDecision {
        guard let redis else { return judgeLocally(buckets) }
        do throws(RedisError) {
            let decision = try await redis.judge(buckets, prefix: keyPrefix)
            if note(decision, of: buckets) {
                logger.notice("Redis holds the rate again", metadata: ["limit": "\(keyPrefix)"])
            }
            return decision
        } catch {
            let isNew = state.withLock { state in
                defer { state.isLocal = true }
                return !state.isLocal
            }
            if isNew {
                logger.warning(
                    "this process holds a stricter rate alone",
                    metadata: ["limit": "\(keyPrefix)", "error": "\(error)"])
            }
            return judgeLocally(buckets.map { RateBucket($0.key, $0.limit.scaled(by: localFactor)) })
        }
    }

    private func judgeLocally(_ buckets: [RateBucket]) -> RateDecision {
        let now = start.duration(to: .now)
        return state.withLock { $0.limiter.judge(buckets, now: now) }
    }

    /// Remembers what Redis has decided; true when it was away before.
    private func note(_ decision: RateDecision, of buckets: [RateBucket]) -> Bool {
        let now = start.duration(to: .now)
        return state.withLock { state in
            for (bucket, reset) in zip(buckets, decision.resets) {
                state.limiter.note(bucket.key, resetAfter: reset, now: now)
            }
            defer { state.isLocal = false }
            return state.isLocal
        }
    }
}

/// A key that calls are counted under, and its limit.
package struct RateBucket: Hashable, Sendable {
    package let key: String
    package let limit: GCRALimit

    package init(_ key: String, _ limit: GCRALimit) {
        self.key = key
        self.limit = limit
    }

    /// The key in Redis, without a prefix. It names the limit: processes that are configured differently, as during a
    /// rolling restart, would read each other's times as their own limits' and free what the other has refused.
    var redisKey: String { "\(key):\(limit.emissionInterval):\(limit.tolerance)" }
}
