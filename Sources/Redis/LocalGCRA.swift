/// The rate limiter in the process: `GCRA.judge` over a bounded table of keys. The clock is passed in.
///
/// When `capacity` keys are busy at once, every further key shares one more: a flood of invented keys costs no memory
/// and frees nobody.
package struct LocalGCRA: Sendable {
    private let capacity: Int
    private var arrivals: [String: Int64] = [:]
    private var overflow: Int64?
    /// Sweeping a full table is worth it only when a key in it has become idle.
    private var nextSweep = Int64.min

    /// - Precondition: `capacity` ≥ 1.
    package init(capacity: Int = 10_000) {
        precondition(capacity >= 1, "a limiter remembers at least one key")
        self.capacity = capacity
    }

    /// Judges one call; `now` is the time since any fixed moment.
    package mutating func judge(_ key: String, limit: GCRALimit, now: Duration) -> RateDecision {
        let now = now.wholeMicroseconds
        let isKnown = arrivals[key] != nil
        if !isKnown, arrivals.count >= capacity { sweep(now: now) }
        let hasRoom = isKnown || arrivals.count < capacity
        let (verdict, arrival) = GCRA.judge(
            theoreticalArrival: hasRoom ? arrivals[key] : overflow, now: now, limit: limit)
        if hasRoom { arrivals[key] = arrival } else { overflow = arrival }
        return RateDecision(verdict, limit: limit, source: .local)
    }

    /// How many keys are remembered, at most `capacity`.
    package var count: Int { arrivals.count }

    /// Forgets the keys whose burst is free again, which is what a new key means too.
    private mutating func sweep(now: Int64) {
        guard now >= nextSweep else { return }
        arrivals = arrivals.filter { $0.value > now }
        nextSweep = arrivals.values.min() ?? .min
    }
}
