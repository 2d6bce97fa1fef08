internal import Synchronization

/// A number that only grows, from zero at the start of the process.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    /// What has been counted.
    package var value: Int { count.load(ordering: .relaxed) }

    /// Counts `amount` more, which must not be negative.
    package func add(_ amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}

/// A number as it stands. Unknown until it is first set; an unknown gauge is left out of the exposition rather than
/// shown as a zero that nobody measured.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(Double.nan.bitPattern)

    package init() {}

    /// Nil when it is not known.
    package var value: Double? {
        let value = Double(bitPattern: bits.load(ordering: .relaxed))
        return value.isNaN ? nil : value
    }

    /// Sets it; nil when it is no longer known.
    package func set(_ value: Double?) {
        bits.store((value ?? .nan).bitPattern, ordering: .relaxed)
    }

    package func set(_ value: Int) { set(Double(value)) }
}

/// How often values fell into which range.
package final class Histogram: Sendable {
    /// What has been observed since the start.
    package struct Counts: Sendable {
        /// Observations per bucket, not cumulated; the last one holds what is above every bound.
        package var buckets: [Int]
        /// All observations added up.
        package var sum = 0.0

        /// All observations.
        package var count: Int { buckets.reduce(0, +) }
    }

    /// Upper bounds of the buckets, ascending, without the infinite one.
    package let bounds: [Double]
    private let state: Mutex<Counts>

    package init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds ascend")
        self.bounds = bounds
        state = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// What has been observed so far.
    package var counts: Counts { state.withLock { $0 } }

    /// Counts one value, in the unit of the bounds.
    package func observe(_ value: Double) {
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        state.withLock { counts in
            counts.buckets[index] += 1
            counts.sum += value
        }
    }

    /// Counts one duration, in seconds.
    package func observe(_ duration: Duration) { observe(duration.seconds) }
}

extension Duration {
    /// In seconds, with fractions.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// Bounds that fit what is measured.
package enum Buckets {
    /// Seconds, for calls and statements: 0.5 ms to 30 s.
    package static let latency: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Seconds, for whole runs: 5 ms to a day.
    package static let run: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400,
    ]
    /// Items in a batch.
    package static let batch: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500]
}
