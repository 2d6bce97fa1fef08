import Core

/// The calls that may begin here, at a rate that may change at any time: a token bucket, pure.
///
/// A call takes one token. They come at the rate, up to `depth`, which is at least one call and what comes in 50 ms more:
/// timers are late by a little, and that is not to cost calls. A rate that falls takes tokens beyond the new depth away,
/// and one that rises brings none: engines that hand shares to each other don't make tokens of it.
struct CallTokens: Sendable, Hashable {
    /// Tokens per second.
    private var rate: Double
    private var depth: Double
    private var level: Double
    private var filledAt: ContinuousClock.Instant

    /// - Parameter level: tokens that are there at first.
    init(_ share: CallRate, level: Double, at now: ContinuousClock.Instant) {
        (rate, depth) = Self.flow(share)
        self.level = level
        filledAt = now
    }

    /// Goes on with another share; one of no calls at all keeps what is there.
    mutating func change(to share: CallRate, at now: ContinuousClock.Instant) {
        fill(at: now)
        (rate, depth) = Self.flow(share)
        level = min(level, depth)
    }

    /// Whether a call may begin.
    mutating func hasOne(at now: ContinuousClock.Instant) -> Bool {
        fill(at: now)
        // Less than a billionth is missing only by rounding.
        return level >= 1 - 1e-9
    }

    /// A call begins; to be asked after `hasOne`.
    mutating func take() { level -= 1 }

    /// How long it takes from the last question until there is one; nil while none comes.
    var wait: Duration? {
        guard rate > 0 else { return nil }
        return level >= 1 ? .zero : .seconds((1 - level) / rate)
    }

    private mutating func fill(at now: ContinuousClock.Instant) {
        guard now > filledAt else { return }
        level = min(depth, level + (now - filledAt) / .seconds(1) * rate)
        filledAt = now
    }

    private static func flow(_ share: CallRate) -> (rate: Double, depth: Double) {
        let rate = Double(share.thousandths) / 1000
        return (rate, Double(max(1, share.burst)) + rate * 0.05)
    }
}
