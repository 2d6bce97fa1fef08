internal import Synchronization

/// One look at something that may hang, shared by all who ask for it; none of them waits longer than its own limit.
///
/// A database that hangs with its sockets open holds a statement for as long as the statement's time limit. Probes and
/// scrapes come again long before that, and must neither wait for it nor take a connection each.
package final class SharedLook<Value: Sendable>: Sendable {
    private struct State {
        /// The look under way. It ends by itself: what looks has a time limit of its own, if a longer one.
        var running: Task<Void, Never>?
        var waiting: [UInt64: AsyncStream<Value>.Continuation] = [:]
        var tickets: UInt64 = 0
    }

    private let state = Mutex(State())
    private let look: @Sendable () async -> Value

    /// - Parameter look: ends within a bounded time, and is never called twice at once.
    package init(_ look: @escaping @Sendable () async -> Value) { self.look = look }

    /// What the look under way sees, or a new one if there is none; nil when it is not over within `limit`.
    package func value(within limit: Duration) async -> Value? {
        let (answers, waiter) = AsyncStream.makeStream(of: Value.self)
        let ticket = join(waiter)
        defer { _ = state.withLock { $0.waiting.removeValue(forKey: ticket) } }
        return await withTaskGroup(of: Value?.self) { group in
            group.addTask { await answers.first { _ in true } }
            group.addTask {
                // Over, or cancelled: there is nothing to wait for in both cases.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func join(_ waiter: AsyncStream<Value>.Continuation) -> UInt64 {
        state.withLock { state in
            state.tickets += 1
            state.waiting[state.tickets] = waiter
            if state.running == nil { state.running = Task { await self.run() } }
            return state.tickets
        }
    }

    private func run() async {
        let value = await look()
        let waiting = state.withLock { state in
            defer { (state.running, state.waiting) = (nil, [:]) }
            return Array(state.waiting.values)
        }
        for waiter in waiting {
            waiter.yield(value)
            waiter.finish()
        }
    }
}
