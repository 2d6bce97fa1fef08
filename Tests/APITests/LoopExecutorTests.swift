import Loops
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Tasks on event loops")
struct LoopExecutorTests {
    /// One loop, and what its tasks have noted.
    private final class Loop: Sendable {
        let loop: any EventLoop
        let executor: LoopExecutor
        let notes = Mutex<[String]>([])
        private let loops = LoopExecutors(threads: 1)

        init() throws {
            loop = loops.group.next()
            executor = try #require(loops.executor(of: loop))
        }

        func note(_ text: String) {
            loop.assertInEventLoop()
            notes.withLock { $0.append(text) }
        }

        func task(_ text: String) -> Task<Void, Never> {
            Task(executorPreference: executor) { self.note(text) }
        }

        /// Tasks that keep the loop busy until the end of `body`.
        ///
        /// - Parameter also: what each has the loop do at once, again and again.
        func busy(also: @escaping @Sendable () -> Void = {}, _ body: () async throws -> Void) async throws {
            let end = Gate()
            try await withThrowingDiscardingTaskGroup { tasks in
                for _ in 0..<4 {
                    tasks.addTask(executorPreference: executor) {
                        while !end.isOpen, !Task.isCancelled {
                            self.loop.execute(also)
                            await Task.yield()
                        }
                    }
                }
                defer { end.open() }
                try await body()
            }
        }

        func close() async throws { try await loops.group.shutdownGracefully() }
    }

    @Test("What gives way has its turn behind tasks that came later")
    func order() async throws {
        let loop = try Loop()
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let gate = Gate()
        loop.loop.execute {
            hold.yield()
            gate.wait()
        }
        for await _ in held { break }
        let (done, isDone) = AsyncStream.makeStream(of: Void.self)
        loop.executor.giveWay {
            loop.note("start")
            isDone.yield()
        }
        let tasks = [loop.task("health"), loop.task("run")]
        gate.open()
        for task in tasks { await task.value }
        for await _ in done { break }
        #expect(loop.notes.withLock { $0 } == ["health", "run", "start"])
        try await loop.close()
    }

    @Test("What gives way has its turn all the same while the loop has no end of other work", .timeLimit(.minutes(3)))
    func noStarvation() async throws {
        let loop = try Loop()
        try await loop.busy {
            let (done, isDone) = AsyncStream.makeStream(of: Void.self)
            loop.executor.giveWay { isDone.yield() }
            for await _ in done { break }
        }
        try await loop.close()
    }

    @Test(
        "A loop looks at its sockets while it has no end of tasks, whatever they have it do besides",
        .timeLimit(.minutes(3)), arguments: [0, 50])
    func sockets(besides microseconds: Int64) async throws {
        let loop = try Loop()
        let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: loop.loop)
            .childChannelInitializer { $0.close() }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let besides: @Sendable () -> Void = {
            let end = ContinuousClock.now + .microseconds(microseconds)
            while .now < end {}
        }
        try await loop.busy(also: besides) {
            // Who is let in, and turned away.
            let client = try await ClientBootstrap(group: clients).connect(to: address).get()
            try await client.closeFuture.get()
        }
        try await server.close()
        try await clients.shutdownGracefully()
        try await loop.close()
    }
}

/// A gate a thread may block at.
final class Gate: Sendable {
    private let state = Atomic<Bool>(false)

    var isOpen: Bool { state.load(ordering: .acquiring) }

    func open() { state.store(true, ordering: .releasing) }

    func wait() { while !isOpen {} }
}
