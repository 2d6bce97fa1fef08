/// A rate: `count` calls per `period` on the long run, and up to `burst` at once after a quiet time.
package struct GCRALimit: Hashable, Sendable {
    package let burst: Int
    package let period: Duration
    package let count: Int

    /// - Precondition: `burst` and `count` from 1 to 1,000,000, `period` at least 1 ms, and `burst` calls at the
    ///   steady rate take at most 10¹⁵ µs (31 years), which keeps every sum of microseconds exact in Lua's doubles.
    package init(burst: Int, period: Duration, count: Int) {
        precondition((1...1_000_000).contains(burst), "burst out of range")
        precondition((1...1_000_000).contains(count), "count out of range")
        precondition(.milliseconds(1) <= period && period <= .seconds(1_000_000_000), "period out of range")
        self.burst = burst
        self.period = period
        self.count = count
        precondition(
            Self.isExact(burst: burst, period: period, count: count),
            "a burst that takes longer than 31 years at the steady rate")
    }

    /// Whether a burst takes at most 10¹⁵ µs at the steady rate, as `init` demands.
    package static func isExact(burst: Int, period: Duration, count: Int) -> Bool {
        let (tolerance, overflow) = interval(period, count).multipliedReportingOverflow(by: Int64(burst))
        return !overflow && tolerance <= 1_000_000_000_000_000
    }

    private static func interval(_ period: Duration, _ count: Int) -> Int64 {
        (period.wholeMicroseconds + Int64(count) - 1) / Int64(count)
    }

    /// T, the microseconds between two calls at the steady rate, rounded up: the limit is never exceeded by rounding.
    var emissionInterval: Int64 { Self.interval(period, count) }

    /// τ, in microseconds.
    var tolerance: Int64 { emissionInterval * Int64(burst) }

    /// This limit with its rate and its burst multiplied by `factor`, in 0 < factor ≤ 1; a burst of one call always
    /// stays.
    package func scaled(by factor: Double) -> GCRALimit {
        precondition(0 < factor && factor <= 1, "factor out of range")
        return GCRALimit(burst: max(1, Int(Double(burst) * factor)), period: period / factor, count: count)
    }
}

extension Duration {
    var wholeMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
