import Loops
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import API

@Suite("Starts are read when there is nothing else to do", .timeLimit(.minutes(1)))
struct StartHoldTests {
    /// What is read from a socket at once.
    private static let readBytes = 16 * 1024
    private static let start = "POST /v1/workflows/order/start HTTP/1.1\r\n"

    /// What got past a `StartHold`, in its order.
    private final class Notes: Sendable {
        let texts = Mutex<[String]>([])
        let connections = Atomic<Int>(0)

        func wait(for isEnough: ([String]) -> Bool) async throws -> [String] {
            while texts.withLock({ !isEnough($0) }) { try await Task.sleep(for: .milliseconds(1)) }
            return texts.withLock { $0 }
        }
    }

    private final class Note: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let notes: Notes
        init(_ notes: Notes) { self.notes = notes }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            notes.texts.withLock { $0.append(String(buffer: unwrapInboundIn(data))) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { notes.texts.withLock { $0.append("input closed") } }
        }
    }

    /// A server whose loop does nothing while `body` sends; what got past afterwards.
    private func sent(
        awaiting isEnough: ([String]) -> Bool = { $0.count == 2 },
        _ body: @escaping @Sendable (Server) async throws -> Void
    ) async throws -> [String] {
        let loops = LoopExecutors(threads: 1)
        let notes = Notes()
        let listener = try await ServerBootstrap(group: loops.group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBytes))
            .childChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelInitializer { channel in
                notes.connections.add(1, ordering: .relaxed)
                return channel.eventLoop.makeCompletedFuture {
                    let deadline = ReadDeadline(requestTimeout: .seconds(8), idleTimeout: .seconds(60))
                    let executor = try #require(loops.executor(of: channel.eventLoop))
                    try channel.pipeline.syncOperations.addHandlers([
                        StartHold(executor, deadline: deadline), deadline, Note(notes),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = Server(
            port: try #require(listener.localAddress?.port), loop: loops.group.next(), notes: notes)
        try await body(server)
        let texts = try await notes.wait(for: isEnough)
        try await listener.close()
        try await loops.group.shutdownGracefully()
        return texts
    }

    private struct Server: Sendable {
        let port: Int
        let loop: any EventLoop
        let notes: Notes

        /// Returns when the server has the connection, too.
        func connect() async throws -> any Channel {
            let before = notes.connections.load(ordering: .relaxed)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            while notes.connections.load(ordering: .relaxed) == before { try await Task.sleep(for: .milliseconds(1)) }
            return channel
        }

        /// The loop is held up for as long as `body` runs: what it sends lies in the sockets by then.
        func busy(_ body: () async throws -> Void) async throws {
            let gate = Gate()
            let (held, hold) = AsyncStream.makeStream(of: Void.self)
            loop.execute {
                hold.yield()
                gate.wait()
            }
            for await _ in held { break }
            defer { gate.open() }
            try await body()
        }
    }

    @Test("Who asks for something else later is read earlier")
    func order() async throws {
        let texts = try await sent { server in
            let (starting, asking) = (try await server.connect(), try await server.connect())
            try await server.busy {
                try await starting.writeAndFlush(ByteBuffer(string: Self.start))
                try await asking.writeAndFlush(ByteBuffer(string: "GET /health HTTP/1.1\r\n"))
            }
        }
        #expect(texts == ["GET /health HTTP/1.1\r\n", Self.start])
    }

    @Test("All that was sent gets past, and its end after it")
    func everything() async throws {
        let texts = try await sent { server in
            let client = try await server.connect()
            try await server.busy {
                try await client.writeAndFlush(ByteBuffer(string: Self.start + "Host: test\r\n\r\n"))
                try await client.close(mode: .output)
            }
        }
        #expect(texts == [Self.start + "Host: test\r\n\r\n", "input closed"])
    }

    @Test("No more than so many bytes are held")
    func limit() async throws {
        let sent = Self.start + String(repeating: "x", count: 96 * 1024)
        let texts = try await self.sent(awaiting: { $0.joined().utf8.count == sent.utf8.count }) { server in
            let client = try await server.connect()
            try await server.busy {
                client.writeAndFlush(ByteBuffer(string: sent), promise: nil)
                // Not all of it may find room in the sockets meanwhile.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(texts.joined() == sent)
        let first = try #require(texts.first).utf8.count
        #expect(first > StartHold.limit && first <= StartHold.limit + Self.readBytes)
    }
}
