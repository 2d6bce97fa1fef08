package import Logging
internal import Synchronization

/// Holds one rate over all processes through Redis, and a stricter one in this process while Redis cannot answer.
///
/// Stricter, because each process then counts alone: with the default factor of one half, two processes together
/// still hold the rate. There is nothing to switch back: every call asks Redis first, and while Redis is away the
/// client refuses without waiting. Without Redis in the configuration the process holds the full rate.
package final class RateLimiter: Sendable {
    private let redis: RedisClient?
    private let limit: GCRALimit
    private let localLimit: GCRALimit
    private let keyPrefix: String
    private let logger: Logger
    private let local: Mutex<Local>
    private let start = ContinuousClock.now

    private struct Local {
        var limiter: LocalGCRA
        /// True from the first answer given without Redis to the first with it, so that each change is logged once.
        var isInCharge = false
    }

    /// - Parameters:
    ///   - keyPrefix: goes before every key in Redis; limiters with the same prefix and limit share their rate.
    ///   - localFactor: the share of the rate that this process allows alone while Redis is away, in 0 < factor ≤ 1.
    package init(
        redis: RedisClient?, limit: GCRALimit, keyPrefix: String, localFactor: Double = 0.5, logger: Logger
    ) {
        self.redis = redis
        self.limit = limit
        self.localLimit = redis == nil ? limit : limit.scaled(by: localFactor)
        self.keyPrefix = keyPrefix
        self.logger = logger
        self.local = Mutex(Local(limiter: LocalGCRA()))
    }

    /// Judges one call of `key`, and counts it when it is allowed. Never throws and waits at most the client's
    /// command timeout.
    package func judge(_ key: String) async -> RateDecision {
        guard let redis else { return judgeLocally(key) }
        do throws(RedisError) {
            let decision = try await redis.judge(keyPrefix + key, limit: limit)
            if takeCharge(locally: false) {
                logger.notice("Redis holds the rate again", metadata: ["limit": "\(keyPrefix)"])
            }
            return decision
        } catch {
            if takeCharge(locally: true) {
                logger.warning(
                    "this process holds a stricter rate alone",
                    metadata: ["limit": "\(keyPrefix)", "error": "\(error)"])
            }
            return judgeLocally(key)
        }
    }

    private func judgeLocally(_ key: String) -> RateDecision {
        let now = start.duration(to: .now)
        return local.withLock { $0.limiter.judge(key, limit: localLimit, now: now) }
    }

    /// Notes who decides; true when that has changed.
    private func takeCharge(locally: Bool) -> Bool {
        local.withLock { local in
            defer { local.isInCharge = locally }
            return local.isInCharge != locally
        }
    }
}
