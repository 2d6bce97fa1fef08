/// What is to be known of a run beside its steps; nearly every run has nothing of it.
package struct RunMarks: Sendable, Hashable {
    /// It begins no sooner.
    package var startAt: Instant?
    /// Nothing new begins; nil unless it is paused.
    package var pause: Pause?
    /// For so long altogether its deadline was held by pauses that are over.
    package var deadlineHeld = Duration.zero
    /// Past its pivot the deadline has passed, and that was told.
    package var hasMissedDeadline = false

    /// A pause that somebody asked for.
    package struct Pause: Sendable, Hashable {
        package var since: Instant
        package var by: String
        package var reason: String?
        /// The deadline does not come closer meanwhile.
        package var holdsDeadline: Bool
    }

    package init() {}

    /// Nothing is to be known.
    package var isEmpty: Bool { self == RunMarks() }
}

/// A value on the heap: a run without marks takes no room for them.
final class Boxed<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
