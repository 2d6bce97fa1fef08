import Synchronization

/// A bell one service waits for and others ring. Rings while nobody waits are remembered as one.
///
/// It can also be told of a time at which it should ring by itself: a run this engine gives back until its backoff is
/// over is found on time, without asking the database when.
final class WakeUp: Sendable {
    private struct State {
        var hasRung = false
        /// The earliest time somebody expects something.
        var expected: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let changes: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    init() { (changes, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Rings. Returns at once.
    func ring() {
        state.withLock { $0.hasRung = true }
        source.yield()
    }

    /// Rings at this time, unless it is woken before.
    func ring(at time: ContinuousClock.Instant) {
        let isEarlier = state.withLock { state in
            if let expected = state.expected, expected <= time { return false }
            state.expected = time
            return true
        }
        if isEarlier { source.yield() }
    }

    /// Waits for a ring, at most this long. One waiter at a time.
    func wait(atMost timeout: Duration) async {
        let end = ContinuousClock.now + timeout
        while !Task.isCancelled {
            let (hasRung, expected) = state.withLock { state in
                if state.hasRung { state.expected = nil }
                defer { state.hasRung = false }
                return (state.hasRung, state.expected)
            }
            let target = min(end, expected ?? end)
            if hasRung { return }
            if ContinuousClock.now >= target {
                state.withLock { state in
                    if let expected = state.expected, expected <= .now { state.expected = nil }
                }
                return
            }
            await sleep(until: target)
        }
    }

    /// Until then, or until something changes.
    private func sleep(until target: ContinuousClock.Instant) async {
        await withTaskGroup { group in
            group.addTask {
                var iterator = self.changes.makeAsyncIterator()
                _ = await iterator.next()
            }
            group.addTask { try? await Task.sleep(until: target, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}
