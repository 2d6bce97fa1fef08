import Synchronization

/// A bell one service waits for and others ring. Rings while nobody waits are remembered as one.
final class WakeUp: Sendable {
    private let rings: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    init() { (rings, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Rings. Returns at once.
    func ring() { source.yield() }

    /// Waits for a ring, at most this long. One waiter at a time.
    func wait(atMost timeout: Duration) async {
        await withTaskGroup { group in
            group.addTask {
                var iterator = self.rings.makeAsyncIterator()
                _ = await iterator.next()
            }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }
}
