/// Something that a route waits for, and that a test knows to be waited for.
final class TestGate: Sendable {
    private let opened = AsyncStream<Void>.makeStream()
    private let waiting = AsyncStream<Void>.makeStream()

    func wait() async {
        waiting.continuation.yield()
        for await _ in opened.stream { break }
    }

    func isWaitedFor() async {
        for await _ in waiting.stream { break }
    }

    /// For good.
    func open() {
        opened.continuation.yield()
        opened.continuation.finish()
    }
}
