import Synchronization

/// How many runs an engine holds while it spares a tenant that needs little.
///
/// An engine that can't keep up takes in all that it has room for, and each run waits behind all the others: for its turn on a core, and for
/// the batch in which its decision is stored. To a tenant with a backlog that is all the same, and large batches are cheap. One whose
/// runs come one by one would wait as long as the others' runs do. So while there is such a tenant, the engine holds no
/// more runs than it can carry without a queue: the number grows as long as decisions are stored about as fast as on an idle
/// system, and falls when they are not. Runs that wait for slow participants store nothing meanwhile, so of these it holds as
/// many as ever.
///
/// While nobody is to be spared this costs a decision one look at a flag.
final class Congestion: Sendable {
    /// The fewest runs that are held.
    static let fewest = 8
    /// Decisions take no longer than so many times what the quickest did, …
    static let tolerance = 2.0
    /// … or than this.
    static let free = Duration.microseconds(750)
    /// The quickest is forgotten little by little, as the machine changes.
    static let forgetting = 1.001
    /// How long to wait where there is no room.
    static let pause = Duration.milliseconds(1)
    /// How often the number is changed.
    static let interval = Duration.milliseconds(5)

    private struct State {
        var limit = Congestion.fewest
        /// In nanoseconds; nil before the first.
        var quickest: Double?
        var changedAt: ContinuousClock.Instant?
    }

    private let isSparing = Atomic<Bool>(false)
    private let sum = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    private let shortest = Atomic<Int>(.max)
    private let state = Mutex(State())

    /// A decision was stored, so long after it was handed to the store.
    func stored(took: Duration) {
        guard isSparing.load(ordering: .relaxed) else { return }
        let nanoseconds =
            Int(took.components.attoseconds / 1_000_000_000) + Int(took.components.seconds) * 1_000_000_000
        sum.add(nanoseconds, ordering: .relaxed)
        count.add(1, ordering: .relaxed)
        shortest.min(nanoseconds, ordering: .relaxed)
    }

    /// Nobody is to be spared: there is no limit.
    func stop() {
        guard isSparing.exchange(false, ordering: .relaxed) else { return }
        state.withLock { $0 = State(quickest: $0.quickest) }
    }

    /// How many runs to hold now that somebody is to be spared.
    ///
    /// - Parameters:
    ///   - capacity: no more than this.
    ///   - isBarred: decisions wait for others just now, so nothing is learned from them.
    func limit(at now: ContinuousClock.Instant, capacity: Int, isBarred: Bool = false) -> Int {
        isSparing.store(true, ordering: .relaxed)
        return state.withLock { state in
            guard let changedAt = state.changedAt else {
                state.changedAt = now
                return min(state.limit, capacity)
            }
            guard isBarred || now - changedAt >= Self.interval else { return min(state.limit, capacity) }
            state.changedAt = now
            let (total, number) = (sum.exchange(0, ordering: .relaxed), count.exchange(0, ordering: .relaxed))
            let least = shortest.exchange(.max, ordering: .relaxed)
            if isBarred { return min(state.limit, capacity) }
            guard number > 0 else {
                // Nothing was stored: all that is held waits for somebody else.
                state.limit = min(capacity, state.limit + max(1, state.limit / 4))
                return state.limit
            }
            let quickest = min(Double(least), (state.quickest ?? .infinity) * Self.forgetting)
            state.quickest = quickest
            let allowed = max(quickest * Self.tolerance, Double(Self.free.components.attoseconds / 1_000_000_000))
            let mean = Double(total) / Double(number)
            state.limit =
                mean > allowed
                ? max(Self.fewest, state.limit * 7 / 8) : min(capacity, state.limit + max(1, state.limit / 8))
            return state.limit
        }
    }
}
