@testable import Bench
import NIOCore
import NIOPosix
import Testing

@Suite("The load generator counts what it is answered", .timeLimit(.minutes(3)))
struct DriverTests {
    @Test("A closed loop starts every run once, and again what was turned away")
    func closed() async throws {
        let result = try await load(.closed(runs: 50, inFlight: 4), answering: [202, 503, 202])
        #expect(result.accepted == 50 && result.sent == 50 && result.refused == 1)
        #expect(result.latencies.count == 50)
        // The start that was turned away waited for its Retry-After of one second.
        #expect(result.seconds >= 1)
    }

    @Test("An open loop keeps to its rate, and does not repeat what was turned away")
    func open() async throws {
        let result = try await load(.open(rate: 200, seconds: 0.5, connections: 8), answering: [202, 503, 202])
        #expect(result.sent == 100 && result.accepted == 99 && result.refused == 1 && result.unsent == 0)
        #expect(result.seconds >= 0.49)
    }

    @Test("A burst sends everything before the first answer, and counts all sorts of them")
    func burst() async throws {
        let result = try await load(.burst(starts: 12, connections: 3), answering: [202, 503, 500, 202])
        #expect(result.sent == 12 && result.accepted == 10 && result.refused == 1)
        #expect(result.others == ["500": 1])
    }

    @Test("A burst counts the starts of a connection that is closed; a closed loop ends with it")
    func closedConnections() async throws {
        let result = try await load(.burst(starts: 6, connections: 3), answering: [202, 0, 202])
        #expect(result.others["closed"] == 1 && result.accepted == 5)
        await #expect(throws: BenchError.self) { try await load(.closed(runs: 9, inFlight: 1), answering: [202, 0]) }
    }

    @Test("An answer that is neither 202 nor 503 ends closed and open loops")
    func wrong() async throws {
        for arrival in [Arrival.closed(runs: 5), .open(rate: 100, seconds: 0.1, connections: 2)] {
            await #expect(throws: BenchError.self) { try await load(arrival, answering: [404]) }
        }
    }

    /// Against a server that gives these answers to the starts in turn, and the last to all others; 0 closes.
    private func load(_ arrival: Arrival, answering statuses: [Int]) async throws -> Driver.Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let script = try await group.next().submit { NIOLoopBound(Script(statuses), eventLoop: group.next()) }.get()
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedAPI(script.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await Driver.run(arrival, at: APITarget(port: server.localAddress?.port ?? 0))
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }
}

/// The answers that are left.
private final class Script {
    private var statuses: [Int]

    init(_ statuses: [Int]) { self.statuses = statuses }

    func next() -> Int { statuses.count > 1 ? statuses.removeFirst() : statuses[0] }
}

private final class ScriptedAPI: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var received = ByteBuffer()

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        received.writeBuffer(&chunk)
        while let frame = HTTPFrame(received) {
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            let status = script.next()
            guard status > 0 else { return context.close(promise: nil) }
            let answer = "HTTP/1.1 \(status) X\r\nretry-after: 1\r\ncontent-length: 2\r\n\r\n{}"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }
}
