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
