import DequeModule
import Synchronization

/// Is told how many items a batch has, when it is about to be written.
package typealias BatchObserver = @Sendable (_ size: Int) -> Void

/// Batches writes by nature, not by timers: while one batch is written the next one collects, and goes as soon as that is
/// done, up to `maxBatch`. Idle, a batch is one item and nothing is delayed.
///
/// A second lane begins beside the first only with a full batch, or when the first is stuck. Two that share what comes would
/// write twice as many batches of half the size, and what Postgres does for a batch before its first row is as much as it
/// does for several rows.
///
/// Where others write to the same database, a lane may be told to rest between two batches when more waits, for the same
/// reason: what comes meanwhile goes with it.
///
/// A batch is bounded by the weight of its items, too, whatever that counts; one item is always a batch.
///
/// The queue is bounded: beyond `maxWaiting` an item is refused instead of kept in memory.
package final class GroupCommitter<Item: Sendable, Output: Sendable>: Sendable {
    /// Writes one batch; answers item by item, in the batch's order.
    package typealias Flush = @Sendable ([Item]) async -> [Result<Output, StoreError>]
    /// How long to rest after a batch that took so long.
    package typealias Rest = @Sendable (Duration) -> Duration

    private typealias Answer = CheckedContinuation<Result<Output, StoreError>, Never>
    private struct Waiting: Sendable {
        let item: Item
        let answer: Answer
    }
    private struct IdleLane: Sendable {
        let number: Int
        let wake: CheckedContinuation<Bool, Never>
    }
    private enum Enqueued {
        case wake(IdleLane)
        case nothing
        case refuse(StoreError)
    }
    private struct State: Sendable {
        var waiting: Deque<Waiting> = []
        var idleLanes: [IdleLane] = []
        /// Since when each lane writes, or is about to; nil while it does not.
        var busySince: [ContinuousClock.Instant?]
        var isClosed = false

        /// Whether one more lane has something to do.
        func hasWork(fullBatch: Int) -> Bool {
            if waiting.isEmpty { return false }
            if waiting.count >= fullBatch { return true }
            let now = ContinuousClock.now
            return !busySince.contains { $0.map { now - $0 < GroupCommitter.stuckAfter } ?? false }
        }
    }

    /// A lane that takes longer than this for a batch, because somebody holds a lock or a connection is lost, is not waited for.
    private static var stuckAfter: Duration { .milliseconds(250) }

    private let state: Mutex<State>
    private let maxBatch: Int
    private let maxWaiting: Int
    private let maxWeight: Int
    private let weigh: @Sendable (Item) -> Int
    private let lanes: Int
    private let observer: BatchObserver?
    private let rest: Rest
    private let flush: Flush

    /// - Parameters:
    ///   - maxBatch: items in one batch at the most.
    ///   - maxWaiting: items that may wait for a lane.
    ///   - maxWeight: of the items of one batch together.
    ///   - weigh: an item's weight; asked under a lock.
    ///   - lanes: batches in flight at once; each needs a connection.
    ///   - observer: is told the size of each batch.
    ///   - rest: how long a lane rests when it is done with a batch and another one waits that is not full.
    ///   - flush: writes a batch.
    package init(
        maxBatch: Int, maxWaiting: Int, maxWeight: Int = .max, weigh: @escaping @Sendable (Item) -> Int = { _ in 0 },
        lanes: Int, observer: BatchObserver? = nil,
        rest: @escaping Rest = { _ in .zero }, flush: @escaping Flush
    ) {
        state = Mutex(State(busySince: Array(repeating: nil, count: lanes)))
        self.maxBatch = maxBatch
        self.maxWaiting = maxWaiting
        self.maxWeight = maxWeight
        self.weigh = weigh
        self.lanes = lanes
        self.observer = observer
        self.rest = rest
        self.flush = flush
    }

    /// Items that wait for a lane.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

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
            guard !state.idleLanes.isEmpty, state.hasWork(fullBatch: maxBatch), let lane = state.idleLanes.popLast()
            else { return .nothing }
            state.busySince[lane.number] = .now
            return .wake(lane)
        }
        switch next {
        case .wake(let lane): lane.wake.resume(returning: true)
        case .nothing: break
        case .refuse(let error): answer.resume(returning: .failure(error))
        }
    }

    /// Runs the lanes until `close`; what was accepted by then is still written.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for lane in 0..<lanes { group.addTask { await self.runLane(lane) } }
        }
    }

    /// Accepts nothing more; lanes end when what waits is written.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idleLanes = [] }
            return state.idleLanes
        }
        for lane in idle { lane.wake.resume(returning: false) }
    }

    private func runLane(_ lane: Int) async {
        while await waitForWork(lane) {
            let batch = takeBatch()
            if !batch.isEmpty {
                observer?(batch.count)
                let began = ContinuousClock.now
                let results = await flush(batch.map(\.item))
                precondition(results.count == batch.count, "a flush answers every item")
                for (waiting, result) in zip(batch, results) { waiting.answer.resume(returning: result) }
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
            let answer: Bool? = state.withLock { state in
                if state.hasWork(fullBatch: maxBatch) {
                    state.busySince[lane] = .now
                    return true
                }
                if state.isClosed { return false }
                state.idleLanes.append(IdleLane(number: lane, wake: wake))
                return nil
            }
            if let answer { wake.resume(returning: answer) }
        }
    }
}
