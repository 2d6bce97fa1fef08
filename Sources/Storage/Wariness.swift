import Synchronization

/// Whether claims look out for locked rows.
///
/// That costs too much to be done always, and not to do it costs a lock timeout, in which nothing is claimed, as long as
/// somebody has a row of a due run locked. So it is tried again the less often the longer that lasts.
final class Wariness: Sendable {
    static let shortest: Duration = .seconds(5)
    static let longest: Duration = .seconds(80)

    private let state = Mutex((until: ContinuousClock.now, next: shortest))

    func isWary(at now: ContinuousClock.Instant) -> Bool { state.withLock { now < $0.until } }

    /// A claim could not get a lock.
    func beware(at now: ContinuousClock.Instant) {
        state.withLock { $0 = (now + $0.next, min($0.next * 2, Self.longest)) }
    }

    /// A claim of whatever is due got all locks without looking out.
    func trust() { state.withLock { $0.next = Self.shortest } }
}
