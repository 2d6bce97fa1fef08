import Synchronization

/// Is told how many items a batch has, when it is about to be written.
package typealias BatchObserver = @Sendable (_ size: Int) -> Void

/// Batches writes by nature, not by timers: while a lane is busy with one batch the next one collects; a lane that becomes
/// free takes all that waits, up to `maxBatch`. Idle, a batch is one item and nothing is delayed.
///
/// The queue is bounded: beyond `maxWaiting` an item is refused instead of kept in memory.
package final class GroupCommitter<Item: Sendable, Output: Sendable>: Sendable {
    /// Writes one batch; answers item by item, in the batch's order.
    package typealias Flush = @Sendable ([Item]) async -> [Result<Output, StoreError>]

    private typealias Answer = CheckedContinuation<Result<Output, StoreError>, Never>
    private struct Waiting: Sendable {
        let item: Item
        let answer: Answer
    }
    private enum Enqueued {
        case wake(CheckedContinuation<Bool, Never>)
        case nothing
        case refuse(StoreError)
    }
    private struct State: Sendable {
        var waiting: [Waiting] = []
        var idleLanes: [CheckedContinuation<Bool, Never>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let maxBatch: Int
    private let maxWaiting: Int
    private let lanes: Int
    private let observer: BatchObserver?
    private let flush: Flush

    /// - Parameters:
    ///   - maxBatch: items in one batch at the most.
    ///   - maxWaiting: items that may wait for a lane.
    ///   - lanes: batches in flight at once; each needs a connection.
    ///   - observer: is told the size of each batch.
    ///   - flush: writes a batch.
    package init(
        maxBatch: Int, maxWaiting: Int, lanes: Int, observer: BatchObserver? = nil, flush: @escaping Flush
    ) {
        self.maxBatch = maxBatch
        self.maxWaiting = maxWaiting
        self.lanes = lanes
        self.observer = observer
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
            return state.idleLanes.popLast().map { .wake($0) } ?? .nothing
        }
        switch next {
        case .wake(let lane): lane.resume(returning: true)
        case .nothing: break
        case .refuse(let error): answer.resume(returning: .failure(error))
        }
    }

    /// Runs the lanes until `close`; what was accepted by then is still written.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<lanes { group.addTask { await self.runLane() } }
        }
    }

    /// Accepts nothing more; lanes end when what waits is written.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idleLanes = [] }
            return state.idleLanes
        }
        for lane in idle { lane.resume(returning: false) }
    }

    private func runLane() async {
        while true {
            let batch = takeBatch()
            if !batch.isEmpty {
                observer?(batch.count)
                let results = await flush(batch.map(\.item))
                precondition(results.count == batch.count, "a flush answers every item")
                for (waiting, result) in zip(batch, results) { waiting.answer.resume(returning: result) }
            } else if !(await waitForWork()) {
                return
            }
        }
    }

    private func takeBatch() -> [Waiting] {
        state.withLock { state in
            let count = min(maxBatch, state.waiting.count)
            if count == state.waiting.count {
                defer { state.waiting = [] }
                return state.waiting
            }
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
    }

    /// False when the committer is closed and nothing is left.
    private func waitForWork() async -> Bool {
        await withCheckedContinuation { (lane: CheckedContinuation<Bool, Never>) in
            let answer: Bool? = state.withLock { state in
                if !state.waiting.isEmpty { return true }
                if state.isClosed { return false }
                state.idleLanes.append(lane)
                return nil
            }
            if let answer { lane.resume(returning: answer) }
        }
    }
}
