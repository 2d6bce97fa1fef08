import Loops
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

@Suite("Starts are read when there is nothing else to do", .timeLimit(.minutes(3)))
struct StartHoldTests {
    private static let start = "POST /v1/workflows/order/start HTTP/1.1\r\n"

    /// What got past a `StartHold`, in its order.
    private final class Notes: Sendable {
        let texts = Mutex<[String]>([])
        let channels = Mutex<[any Channel]>([])

        func wait(for count: Int) async throws -> [String] {
            while texts.withLock({ $0.count < count }) { try await Task.sleep(for: .milliseconds(1)) }
            return texts.withLock { $0 }
        }
    }

    private final class Note: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let notes: Notes
        init(_ notes: Notes) { self.notes = notes }

        func channelActive(context: ChannelHandlerContext) {
            notes.channels.withLock { $0.append(context.channel) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            notes.texts.withLock { $0.append(String(buffer: unwrapInboundIn(data))) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { notes.texts.withLock { $0.append("input closed") } }
        }
    }

    /// So many connections to a server, all on one loop, on which `read` runs at once; the first texts that got past afterwards.
    ///
    /// What is read is handed to the connections as if it came from their sockets: when it would come from there, and in how many
    /// pieces, is up to the system.
    private func passed(
        _ count: Int, connections: Int, read: @escaping @Sendable ([any Channel]) -> Void
    ) async throws -> [String] {
        let loops = LoopExecutors(threads: 1)
        let notes = Notes()
        let server = try await ServerBootstrap(group: loops.group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let deadline = ReadDeadline(requestTimeout: .seconds(8), idleTimeout: .seconds(60))
                    let executor = try #require(loops.executor(of: channel.eventLoop))
                    try channel.pipeline.syncOperations.addHandlers([
                        StartHold(Array("POST /v1/workflows/".utf8), executor, deadline: deadline), deadline,
                        Note(notes),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        for _ in 0..<connections { _ = try await ClientBootstrap(group: loops.group).connect(to: address).get() }
        while notes.channels.withLock({ $0.count < connections }) { try await Task.sleep(for: .milliseconds(1)) }
        let channels = notes.channels.withLock { $0 }
        try await loops.group.next().submit { read(channels) }.get()
        let texts = try await notes.wait(for: count)
        try await loops.group.shutdownGracefully()
        return texts
    }

    @Test("Who asks for something else later is read earlier")
    func order() async throws {
        let texts = try await passed(2, connections: 2) { channels in
            channels[0].pipeline.fireChannelRead(ByteBuffer(string: Self.start))
            channels[1].pipeline.fireChannelRead(ByteBuffer(string: "GET /health HTTP/1.1\r\n"))
        }
        #expect(texts == ["GET /health HTTP/1.1\r\n", Self.start])
    }

    @Test("All that was sent gets past, and its end after it")
    func everything() async throws {
        let texts = try await passed(2, connections: 1) { channels in
            channels[0].pipeline.fireChannelRead(ByteBuffer(string: Self.start))
            channels[0].pipeline.fireChannelRead(ByteBuffer(string: "Host: test\r\n\r\n"))
            channels[0].pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        #expect(texts == [Self.start + "Host: test\r\n\r\n", "input closed"])
    }

    @Test("No more than so many bytes are held")
    func limit() async throws {
        let piece = String(repeating: "x", count: 16 * 1024)
        let texts = try await passed(3, connections: 1) { channels in
            channels[0].pipeline.fireChannelRead(ByteBuffer(string: Self.start))
            for _ in 0..<6 { channels[0].pipeline.fireChannelRead(ByteBuffer(string: piece)) }
        }
        #expect(texts == [Self.start + String(repeating: piece, count: 4), piece, piece])
    }
}
