internal import Synchronization

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
