import DequeModule
import Synchronization

/// Is told how many items a batch has, when it is about to be written.
package typealias BatchObserver = @Sendable (_ size: Int) -> Void

/// Batches writes by nature, not by timers: while one batch is written the next one collects, and goes as soon as that is
/// done, up to `maxBatch`. Idle, a batch is one item and nothing is delayed.
///
/// A second lane begins beside the first only with a full batch, or when the first is stuck or held up. Two that share what
/// comes would write twice as many batches of half the size, and what Postgres does for a batch before its first row is as
/// much as it does for several rows.
///
/// Where others write to the same database, a lane may be told to rest between two batches when more waits, for the same
/// reason: what comes meanwhile goes with it.
///
/// A batch is bounded by the weight of its items, too, whatever that counts; one item is always a batch.
///
/// The queue is bounded: beyond `maxWaiting` an item is refused instead of kept in memory.
package final class GroupCommitter<Item: Sendable, Output: Sendable>: Sendable {
    /// Writes one batch; answers each of its items, as soon as its own fate is known.
    package typealias Flush = @Sendable (Batch) async -> Void
    /// How long to rest after a batch that took so long.
    package typealias Rest = @Sendable (Duration) -> Duration

    typealias Answer = CheckedContinuation<Result<Output, StoreError>, Never>
    struct Waiting: Sendable {
        let item: Item
        let answer: Answer
    }
    private struct IdleLane: Sendable {
        let number: Int
        let wake: CheckedContinuation<Bool, Never>
    }
    /// Waits until there is something to watch; nil when the committer is closed.
    private typealias Watch = CheckedContinuation<ContinuousClock.Instant?, Never>
    private enum Enqueued {
        case wake(IdleLane)
        case watch(Watch, until: ContinuousClock.Instant)
        case nothing
        case refuse(StoreError)
    }
    private struct State: Sendable {
        let stuckAfter: Duration
        var waiting: Deque<Waiting> = []
        var idleLanes: [IdleLane] = []
        /// Since when each lane writes, or is about to; nil while it does not.
        var busySince: [ContinuousClock.Instant?]
        /// Who watches lanes that others wait for, while there are none.
        var watch: Watch?
        var isClosed = false

        /// Whether one more lane has something to do.
        func hasWork(fullBatch: Int) -> Bool {
            if waiting.isEmpty { return false }
            if waiting.count >= fullBatch { return true }
            let now = ContinuousClock.now
            return !busySince.contains { $0.map { now - $0 < stuckAfter } ?? false }
        }

        /// An idle lane for what waits, busy from now on.
        mutating func takeLane(fullBatch: Int) -> IdleLane? {
            guard !idleLanes.isEmpty, hasWork(fullBatch: fullBatch), let lane = idleLanes.popLast() else { return nil }
            busySince[lane.number] = .now
            return lane
        }

        /// When those who wait have waited long enough for the lanes that write, and another one is to begin; nil when nobody
        /// waits, or no other lane is there.
        var stuckAt: ContinuousClock.Instant? {
            guard !waiting.isEmpty, !idleLanes.isEmpty else { return nil }
            return busySince.lazy.compactMap { $0 }.max().map { $0 + stuckAfter }
        }

        /// Who is to be told that there is something to watch.
        mutating func takeWatch() -> (Watch, until: ContinuousClock.Instant)? {
            guard let watch, let stuckAt else { return nil }
            self.watch = nil
            return (watch, stuckAt)
        }
    }

    private let state: Mutex<State>
    private let maxBatch: Int
    /// With so many items waiting a second lane begins.
    private let crowd: Int
    private let maxWaiting: Int
    private let maxWeight: Int
    private let weigh: @Sendable (Item) -> Int
    private let lanes: Int
    private let stuckAfter: Duration
    private let observer: BatchObserver?
    private let rest: Rest
    private let flush: Flush

    /// - Parameters:
    ///   - maxBatch: items in one batch at the most.
    ///   - crowd: with so many items waiting a second lane begins; nil for a full batch.
    ///   - maxWaiting: items that may wait for a lane.
    ///   - maxWeight: of the items of one batch together.
    ///   - weigh: an item's weight; asked under a lock.
    ///   - lanes: batches in flight at once; each needs a connection.
    ///   - stuckAfter: a lane that takes longer than this for a batch, because somebody holds a lock or a connection is lost,
    ///     is not waited for.
    ///   - observer: is told the size of each batch.
    ///   - rest: how long a lane rests when it is done with a batch and another one waits that is not full.
    ///   - flush: writes a batch.
    package init(
        maxBatch: Int, crowd: Int? = nil, maxWaiting: Int, maxWeight: Int = .max,
        weigh: @escaping @Sendable (Item) -> Int = { _ in 0 },
        lanes: Int, stuckAfter: Duration = .milliseconds(250), observer: BatchObserver? = nil,
        rest: @escaping Rest = { _ in .zero }, flush: @escaping Flush
    ) {
        state = Mutex(State(stuckAfter: stuckAfter, busySince: Array(repeating: nil, count: lanes)))
        self.maxBatch = maxBatch
        self.crowd = crowd ?? maxBatch
        self.maxWaiting = maxWaiting
        self.maxWeight = maxWeight
        self.weigh = weigh
        self.lanes = lanes
        self.stuckAfter = stuckAfter
        self.observer = observer
        self.rest = rest
        self.flush = flush
    }

    /// Items that wait for a lane.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether a timer runs, because items wait behind a lane and another one is idle.
    var isWatching: Bool { state.withLock { $0.watch == nil } }

    /// Hands an item over and waits until its batch is written.
    ///
    /// Not cancellable: once accepted, the item is written or refused, and the caller learns which.
    package func submit(_ item: Item) async throws(StoreError) -> Output {
        let result = await withCheckedContinuation { (answer: Answer) in enqueue(item, answer) }
        return try result.get()
    }

    private func enqueue(_ item: Item, _ answer: Answer) {
        let next: Enqueued = state.withLock { state in
            if state.isClosed { return .refuse(.shuttingDown) }
            if state.waiting.count >= maxWaiting { return .refuse(.overloaded) }
            state.waiting.append(Waiting(item: item, answer: answer))
            if let lane = state.takeLane(fullBatch: crowd) { return .wake(lane) }
            return state.takeWatch().map { .watch($0, until: $1) } ?? .nothing
        }
        switch next {
        case .wake(let lane): lane.wake.resume(returning: true)
        case .watch(let watch, let stuckAt): watch.resume(returning: stuckAt)
        case .nothing: break
        case .refuse(let error): answer.resume(returning: .failure(error))
        }
    }

    /// Runs the lanes until `close`; what was accepted by then is still written.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            if lanes > 1 { group.addTask { await self.watch() } }
            await withDiscardingTaskGroup { group in
                for lane in 0..<lanes { group.addTask { await self.runLane(lane) } }
            }
            group.cancelAll()
        }
    }

    /// Accepts nothing more; lanes end when what waits is written.
    package func close() {
        let (idle, watch) = state.withLock { state in
            state.isClosed = true
            defer { (state.idleLanes, state.watch) = ([], nil) }
            return (state.idleLanes, state.watch)
        }
        for lane in idle { lane.wake.resume(returning: false) }
        watch?.resume(returning: nil)
    }

    /// Gives what waits behind lanes that are stuck to another one, also when nobody comes who would notice.
    ///
    /// While nobody waits behind a lane this sleeps, and costs those who come a look at whether it does; while somebody does,
    /// it wakes up once in `stuckAfter`.
    private func watch() async {
        while let stuckAt = await waitForWatch() {
            do { try await Task.sleep(until: stuckAt, clock: .continuous) } catch { return }
            wakeLane()
        }
    }

    private func waitForWatch() async -> ContinuousClock.Instant? {
        await withCheckedContinuation { (watch: Watch) in
            let answer: ContinuousClock.Instant?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                if let stuckAt = state.stuckAt { return stuckAt }
                state.watch = watch
                return nil
            }
            if let answer { watch.resume(returning: answer) }
        }
    }

    private func wakeLane() {
        let lane = state.withLock { $0.takeLane(fullBatch: crowd) }
        lane?.wake.resume(returning: true)
    }

    /// What is left of a lane's batch may take its time: nobody waits for it.
    private func holdUp(_ lane: Int) {
        let idle = state.withLock { state in
            state.busySince[lane] = .now - stuckAfter
            return state.takeLane(fullBatch: crowd)
        }
        idle?.wake.resume(returning: true)
    }

    private func runLane(_ lane: Int) async {
        while await waitForWork(lane) {
            let batch = takeBatch()
            if !batch.isEmpty {
                observer?(batch.count)
                let began = ContinuousClock.now
                let flushed = Batch(batch) { self.holdUp(lane) }
                await flush(flushed)
                precondition(flushed.isAnswered, "a flush answers every item")
                await gather(after: .now - began)
            }
            state.withLock { $0.busySince[lane] = nil }
        }
    }

    /// Nothing waits, or a full batch: then there is nothing to wait for.
    private func gather(after took: Duration) async {
        let rest = rest(took)
        guard rest > .zero, (1..<maxBatch).contains(waitingCount) else { return }
        try? await Task.sleep(for: rest)
    }

    private func takeBatch() -> Deque<Waiting> {
        state.withLock { state in
            let count = fitting(state.waiting)
            if count == state.waiting.count {
                defer { state.waiting = [] }
                return state.waiting
            }
            defer { state.waiting.removeFirst(count) }
            return Deque(state.waiting.prefix(count))
        }
    }

    /// How many of those that wait make a batch.
    private func fitting(_ waiting: Deque<Waiting>) -> Int {
        let count = min(maxBatch, waiting.count)
        guard maxWeight < .max else { return count }
        var weight = 0
        for index in 0..<count {
            weight += weigh(waiting[index].item)
            if weight > maxWeight { return max(1, index) }
        }
        return count
    }

    /// True when this lane is to write, and counts as busy; false when the committer is closed and nothing is left, or others
    /// see to what is.
    private func waitForWork(_ lane: Int) async -> Bool {
        await withCheckedContinuation { (wake: CheckedContinuation<Bool, Never>) in
            let (answer, watch): (Bool?, (Watch, until: ContinuousClock.Instant)?) = state.withLock { state in
                if state.hasWork(fullBatch: crowd) {
                    state.busySince[lane] = .now
                    return (true, nil)
                }
                if state.isClosed { return (false, nil) }
                state.idleLanes.append(IdleLane(number: lane, wake: wake))
                return (nil, state.takeWatch())
            }
            if let answer { wake.resume(returning: answer) }
            if let watch { watch.0.resume(returning: watch.until) }
        }
    }
}
