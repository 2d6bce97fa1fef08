import Synchronization

/// Lets runs of tenants that need little go first.
///
/// Such a run is over in milliseconds if nobody is in its way, and there are few of them. So while one is at work, the decisions of others
/// wait: what is under way already is finished, and the machine is its own. No run is ahead for longer than `longest`,
/// and the way is free for as long afterwards as it was barred: a tenant whose runs take their time has at most half of the
/// engine's attention this way, however light it is.
///
/// While nobody is ahead this costs a decision one look at a flag.
final class Precedence: Sendable {
    /// The way is barred for so long at a time.
    static let longest = Duration.milliseconds(20)

    private struct State {
        /// Runs that are ahead.
        var ahead: Set<Int> = []
        var nextID = 0
        /// Since when the way is barred; nil while it is free.
        var barredSince: ContinuousClock.Instant?
        /// Nobody is let ahead before.
        var freeUntil = ContinuousClock.now
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let bar = Atomic<Bool>(false)
    private let state = Mutex(State())
    private let later: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

    /// - Parameter later: does something after a while.
    init(later: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void) { self.later = later }

    /// Others wait now.
    var isBarred: Bool { bar.load(ordering: .relaxed) }

    /// A run goes ahead of the others until it leaves, or for as long as one may; nil where the way is to be free now.
    func enter(at now: ContinuousClock.Instant = .now) -> Int? {
        let (entered, bars) = state.withLock { state -> (Int?, Bool) in
            guard now >= state.freeUntil || state.barredSince != nil else { return (nil, false) }
            state.nextID += 1
            state.ahead.insert(state.nextID)
            guard state.barredSince == nil else { return (state.nextID, false) }
            state.barredSince = now
            bar.store(true, ordering: .relaxed)
            return (state.nextID, true)
        }
        if bars { later(Self.longest) { self.free(since: now) } }
        return entered
    }

    /// The run that entered is out of the way.
    func leave(_ entered: Int, at now: ContinuousClock.Instant = .now) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.ahead.remove(entered) != nil, state.ahead.isEmpty else { return [] }
            return open(&state, now)
        }
        for one in waiting { one.resume() }
    }

    /// Returns when nobody is ahead.
    func waitForTurn() async {
        guard isBarred else { return }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.barredSince != nil else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// How many wait now.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Whoever is ahead has been for long enough.
    private func free(since: ContinuousClock.Instant) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.barredSince == since else { return [] }
            state.ahead = []
            return open(&state, since + Self.longest)
        }
        for one in waiting { one.resume() }
    }

    private func open(_ state: inout State, _ now: ContinuousClock.Instant) -> [CheckedContinuation<Void, Never>] {
        if let since = state.barredSince { state.freeUntil = now + (now - since) }
        state.barredSince = nil
        bar.store(false, ordering: .relaxed)
        defer { state.waiting = [] }
        return state.waiting
    }
}
