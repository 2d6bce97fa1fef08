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
        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

        init() throws {
            loop = group.next()
            executor = try #require(LoopExecutors(group).executor(of: loop))
        }

        func note(_ text: String, on executor: any TaskExecutor) -> Task<Void, Never> {
            Task(executorPreference: executor) {
                self.loop.assertInEventLoop()
                self.notes.withLock { $0.append(text) }
            }
        }

        /// Tasks that keep the loop busy until the end of `body`.
        func busy(_ body: () async throws -> Void) async throws {
            let end = Gate()
            try await withThrowingDiscardingTaskGroup { tasks in
                for _ in 0..<4 {
                    tasks.addTask(executorPreference: executor) {
                        while !end.isOpen, !Task.isCancelled { await Task.yield() }
                    }
                }
                defer { end.open() }
                try await body()
            }
        }

        func close() async throws { try await group.shutdownGracefully() }
    }

    @Test("What gives way has its turn behind what came later; what follows it does not give way any more")
    func order() async throws {
        let loop = try Loop()
        let (patient, other) = (ConnectionExecutor(loop.executor), ConnectionExecutor(loop.executor))
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let gate = Gate()
        loop.loop.execute {
            hold.yield()
            gate.wait()
        }
        for await _ in held { break }
        patient.giveWay()
        var tasks = [loop.note("start", on: patient)]
        tasks += [
            loop.note("more of it", on: patient), loop.note("health", on: other), loop.note("run", on: loop.executor),
        ]
        gate.open()
        for task in tasks { await task.value }
        #expect(loop.notes.withLock { $0 } == ["more of it", "health", "run", "start"])
        try await loop.close()
    }

    @Test("What gives way has its turn all the same while the loop has no end of other work", .timeLimit(.minutes(1)))
    func noStarvation() async throws {
        let loop = try Loop()
        let patient = ConnectionExecutor(loop.executor)
        try await loop.busy {
            patient.giveWay()
            await loop.note("start", on: patient).value
        }
        #expect(loop.notes.withLock { $0 } == ["start"])
        try await loop.close()
    }

    @Test("A loop looks at its sockets while it has no end of tasks", .timeLimit(.minutes(1)))
    func sockets() async throws {
        let loop = try Loop()
        let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: loop.loop)
            .childChannelInitializer { $0.close() }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        try await loop.busy {
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
private final class Gate: Sendable {
    private let state = Atomic<Bool>(false)

    var isOpen: Bool { state.load(ordering: .acquiring) }

    func open() { state.store(true, ordering: .releasing) }

    func wait() { while !isOpen {} }
}
