/// A point in time to the microsecond, as Postgres keeps it.
package struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, without leap seconds.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The instant this much later; the ends of time are not passed.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(duration.microseconds)
        return Instant(microseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The instant this much earlier; the ends of time are not passed.
    package static func - (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.microseconds.subtractingReportingOverflow(duration.microseconds)
        return Instant(microseconds: overflow ? (duration < .zero ? .max : .min) : sum)
    }

    /// How long it is from the right instant to the left one.
    package static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds) - .microseconds(right.microseconds)
    }

    package static func += (instant: inout Instant, duration: Duration) { instant = instant + duration }
}
