import DequeModule
import Synchronization

/// Spans on their way to the exporter: bounded, with a bell for the one who sends them.
final class SpanQueue: Sendable {
    private struct State {
        var spans: Deque<SpanRecord> = []
        var statistics = Tracer.Statistics()
        var isClosed = false
        /// Counts what a sender may wait for, so that what happens before it sleeps is not missed.
        var changes = 0
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// The number of spans that make a full batch.
    let batch: Int

    init(capacity: Int, batch: Int) {
        self.capacity = capacity
        self.batch = batch
    }

    var statistics: Tracer.Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queued = state.spans.count
            return statistics
        }
    }

    /// No more will come: whoever waits should send what is left.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Appends a span, or drops it when the queue is full.
    func append(_ span: SpanRecord) {
        let sleeper: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.spans.count < capacity else {
                state.statistics.dropped += 1
                return nil
            }
            state.spans.append(span)
            return state.spans.count == batch ? Self.change(&state) : nil
        }
        sleeper?.resume()
    }

    /// The oldest spans, at most a batch.
    func take() -> [SpanRecord] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(batch))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Wakes the sender for the last time.
    func close() {
        let sleeper = state.withLock { state in
            state.isClosed = true
            return Self.change(&state)
        }
        sleeper?.resume()
    }

    /// Counts what became of a batch.
    func count(exported: Int = 0, dropped: Int = 0, failedExports: Int = 0) {
        state.withLock { state in
            state.statistics.exported += exported
            state.statistics.dropped += dropped
            state.statistics.failedExports += failedExports
        }
    }

    /// Waits until a batch is full, the queue is closed or the time is over. One waiter at a time.
    func wait(atMost timeout: Duration) async {
        await wait(atMost: timeout) { $0.isClosed || $0.spans.count >= self.batch }
    }

    /// Waits until the queue is closed or the time is over. One waiter at a time.
    func waitForClose(atMost timeout: Duration) async {
        await wait(atMost: timeout) { $0.isClosed }
    }

    private func wait(atMost timeout: Duration, for isDone: (borrowing State) -> Bool) async {
        let end = ContinuousClock.now + timeout
        while !Task.isCancelled, ContinuousClock.now < end {
            let (done, seen) = state.withLock { (isDone($0), $0.changes) }
            if done { return }
            await sleep(until: end, unlessChangedSince: seen)
        }
    }

    private static func change(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        state.changes += 1
        defer { state.sleeper = nil }
        return state.sleeper
    }

    private func sleep(until end: ContinuousClock.Instant, unlessChangedSince seen: Int) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Whether the time is over or the task was cancelled: the sleeper has to look.
                try? await Task.sleep(until: end, clock: .continuous)
                self.state.withLock { Self.change(&$0) }?.resume()
            }
            await withCheckedContinuation { continuation in
                let hasChanged = state.withLock { state in
                    if state.changes == seen { state.sleeper = continuation }
                    return state.changes != seen
                }
                if hasChanged { continuation.resume() }
            }
            group.cancelAll()
        }
    }
}
