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

    /// - Precondition: `capacity` ≥ 2.
    package init(capacity: Int = 10_000) {
        precondition(capacity >= 2, "a limiter remembers a few keys")
        self.capacity = capacity
    }

    /// Judges one call that counts in all of `buckets`; `now` is the time since any fixed moment.
    package mutating func judge(_ buckets: [RateBucket], now: Duration) -> RateDecision {
        let now = now.wholeMicroseconds
        let stored = buckets.map { (theoreticalArrival: arrival($0.key, now: now), limit: $0.limit) }
        let (verdicts, following) = GCRA.judge(stored, now: now)
        for (bucket, arrival) in zip(buckets, following) { remember(bucket.key, arrival) }
        return RateDecision(verdicts, of: buckets, source: .local)
    }

    /// Notes what somebody else has decided: the burst of `key` is free again `resetAfter` from now.
    package mutating func note(_ key: String, resetAfter: Duration, now: Duration) {
        let now = now.wholeMicroseconds
        if arrivals[key] == nil, arrivals.count >= capacity { sweep(now: now) }
        remember(key, now + resetAfter.wholeMicroseconds)
    }

    /// How many keys are remembered, at most `capacity`.
    package var count: Int { arrivals.count }

    private mutating func arrival(_ key: String, now: Int64) -> Int64? {
        if let known = arrivals[key] { return known }
        if arrivals.count >= capacity { sweep(now: now) }
        return arrivals.count < capacity ? nil : overflow
    }

    private mutating func remember(_ key: String, _ arrival: Int64) {
        if arrivals[key] != nil || arrivals.count < capacity {
            arrivals[key] = arrival
        } else {
            overflow = max(overflow ?? .min, arrival)
        }
    }

    /// Forgets the keys whose burst is free again, which is what a new key means too.
    private mutating func sweep(now: Int64) {
        guard now >= nextSweep else { return }
        arrivals = arrivals.filter { $0.value > now }
        nextSweep = arrivals.values.min() ?? .min
    }
}
