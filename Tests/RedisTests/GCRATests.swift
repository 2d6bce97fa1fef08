import Testing

@testable import Redis

extension LocalGCRA {
    /// A call that counts under one key.
    fileprivate mutating func judge(_ key: String, limit: GCRALimit, now: Duration) -> RateDecision {
        judge([RateBucket(key, limit)], now: now)
    }
}

@Suite("GCRA")
struct GCRATests {
    /// One call a second, three at once.
    static let limit = GCRALimit(burst: 3, period: .seconds(60), count: 60)

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let stored: Int64?
        let now: Int64
        let verdict: GCRAVerdict
        let arrival: Int64
    }

    static let cases = [
        Case(
            testDescription: "an unseen key has its burst, less this call", stored: nil, now: 5_000_000,
            verdict: GCRAVerdict(isAllowed: true, remaining: 2, retryAfter: 0, resetAfter: 1_000_000),
            arrival: 6_000_000),
        Case(
            testDescription: "a long idle key gains no more than the burst", stored: 1, now: 900_000_000,
            verdict: GCRAVerdict(isAllowed: true, remaining: 2, retryAfter: 0, resetAfter: 1_000_000),
            arrival: 901_000_000),
        Case(
            testDescription: "the last call of the burst", stored: 7_000_000, now: 5_000_000,
            verdict: GCRAVerdict(isAllowed: true, remaining: 0, retryAfter: 0, resetAfter: 3_000_000),
            arrival: 8_000_000),
        Case(
            testDescription: "one over the burst is refused and costs nothing", stored: 8_000_000, now: 5_000_000,
            verdict: GCRAVerdict(isAllowed: false, remaining: 0, retryAfter: 1_000_000, resetAfter: 3_000_000),
            arrival: 8_000_000),
        Case(
            testDescription: "one microsecond early is refused", stored: 8_000_000, now: 5_999_999,
            verdict: GCRAVerdict(isAllowed: false, remaining: 0, retryAfter: 1, resetAfter: 2_000_001),
            arrival: 8_000_000),
        Case(
            testDescription: "to the microsecond in time is allowed", stored: 8_000_000, now: 6_000_000,
            verdict: GCRAVerdict(isAllowed: true, remaining: 0, retryAfter: 0, resetAfter: 3_000_000),
            arrival: 9_000_000),
        Case(
            testDescription: "a part of an interval is no whole call", stored: 7_000_000, now: 6_500_000,
            verdict: GCRAVerdict(isAllowed: true, remaining: 1, retryAfter: 0, resetAfter: 1_500_000),
            arrival: 8_000_000),
        Case(
            testDescription: "a clock that went back an hour refuses for one interval, not for an hour",
            stored: 3_600_000_000, now: 0,
            verdict: GCRAVerdict(isAllowed: false, remaining: 0, retryAfter: 1_000_000, resetAfter: 3_000_000),
            arrival: 3_000_000),
    ]

    @Test("judges as the formula says", arguments: cases)
    func judges(_ test: Case) {
        let (verdict, arrival) = GCRA.judge(theoreticalArrival: test.stored, now: test.now, limit: Self.limit)
        #expect(verdict == test.verdict)
        #expect(arrival == test.arrival)
    }

    @Test(
        "never lets more through than burst + rate × time, however the calls come",
        arguments: [
            GCRALimit(burst: 1, period: .seconds(1), count: 7), GCRALimit(burst: 5, period: .seconds(1), count: 3),
            GCRALimit(burst: 20, period: .milliseconds(10), count: 1),
            GCRALimit(burst: 2, period: .seconds(3600), count: 100),
        ])
    func holdsTheRate(_ limit: GCRALimit) {
        var random = SeededGenerator(seed: 42)
        var arrival: Int64?
        var now: Int64 = 0
        var allowed: Int64 = 0
        for _ in 0..<5_000 {
            now += Int64.random(in: 0...limit.emissionInterval / 10, using: &random)
            let (verdict, next) = GCRA.judge(theoreticalArrival: arrival, now: now, limit: limit)
            arrival = next
            if verdict.isAllowed { allowed += 1 }
        }
        // The floor of what passes keeps the test from being content with a limiter that refuses everything.
        let fair = Int64(limit.burst) + now / limit.emissionInterval
        #expect(allowed <= fair)
        #expect(allowed >= fair * 9 / 10)
    }

    @Test("a caller that waits as told is allowed, and one that does not is refused")
    func retryAfterIsTrue() {
        var limiter = LocalGCRA()
        let limit = GCRALimit(burst: 2, period: .seconds(1), count: 3)
        _ = limiter.judge("a", limit: limit, now: .zero)
        _ = limiter.judge("a", limit: limit, now: .zero)
        let refused = limiter.judge("a", limit: limit, now: .zero)
        #expect(!refused.allowed && refused.remaining == 0 && refused.retryAfter > .zero)
        #expect(!limiter.judge("a", limit: limit, now: refused.retryAfter - .microseconds(1)).allowed)
        #expect(limiter.judge("a", limit: limit, now: refused.retryAfter).allowed)
    }

    @Test("keys do not share their rate")
    func keysAreApart() {
        var limiter = LocalGCRA()
        let limit = GCRALimit(burst: 1, period: .seconds(1), count: 1)
        #expect(limiter.judge("a", limit: limit, now: .zero).allowed)
        #expect(limiter.judge("b", limit: limit, now: .zero).allowed)
        #expect(!limiter.judge("a", limit: limit, now: .zero).allowed)
    }

    @Test("a flood of invented keys takes no memory and frees no key that is in use")
    func tableIsBounded() {
        var limiter = LocalGCRA(capacity: 10)
        let limit = GCRALimit(burst: 1, period: .seconds(1), count: 1)
        #expect(limiter.judge("mine", limit: limit, now: .zero).allowed)
        let allowed = (0..<1_000).filter { limiter.judge("k\($0)", limit: limit, now: .milliseconds(1)).allowed }.count
        #expect(allowed == 10, "nine with a place of their own, and one for all others together")
        #expect(limiter.count == 10)
        #expect(!limiter.judge("mine", limit: limit, now: .milliseconds(2)).allowed)
        // Once the keys are idle they make room.
        #expect(limiter.judge("new", limit: limit, now: .seconds(5)).allowed)
        #expect(limiter.count == 1)
    }

    @Test("a scaled limit is never looser than the whole one", arguments: [0.01, 0.25, 0.5, 0.99, 1])
    func scaledIsStricter(_ factor: Double) {
        for limit in [Self.limit, GCRALimit(burst: 1, period: .seconds(86_400), count: 1)] {
            let scaled = limit.scaled(by: factor)
            #expect(scaled.burst <= limit.burst && scaled.burst >= 1)
            #expect(Double(scaled.emissionInterval) >= Double(limit.emissionInterval) / factor * 0.999_999)
        }
    }

    @Test("fractions of a microsecond never add up to a higher rate")
    func intervalIsRoundedUp() {
        #expect(GCRALimit(burst: 1, period: .seconds(1), count: 3).emissionInterval == 333_334)
        #expect(GCRALimit(burst: 1, period: .milliseconds(1), count: 1_000_000).emissionInterval == 1)
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
