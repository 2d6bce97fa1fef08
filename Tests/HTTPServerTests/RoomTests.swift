@testable import HTTPServer
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Loops
import NIOCore
import NIOHTTPTypes
import NIOPosix
import Telemetry
import Testing
import TestSupport

@Suite("A server that has as many connections as it may", .timeLimit(.minutes(3)))
struct RoomTests {
    @Test("closes the one that has been idle longest for a new one, and leaves the others")
    func idlestGoes() async throws {
        try await TestServer.with(capacity: 3) { server in
            try await server.client.connected { first in
                try await first.ask()
                try await server.client.connected { second in
                    try await second.ask()
                    try await server.client.connected { third in
                        try await third.ask()
                        // The first has been idle longest.
                        try await server.client.connected { fourth in
                            try await fourth.ask()
                            try await until("one has gone") { server.room.count == 3 }
                        }
                        try await third.ask()
                    }
                    try await second.ask()
                }
                try await first.waitForEnd()
            }
        }
    }

    @Test("refuses a new one with 503 while all are busy, and takes it afterwards")
    func allBusy() async throws {
        let gate = TestGate()
        try await TestServer.with(
            capacity: 1,
            respond: { _ in
                await gate.wait()
                return TestServer.text("ok")
            }
        ) { server in
            try await server.client.connected { busy in
                try await busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await gate.isWaitedFor()
                let refused = try await server.client.connected { stream in
                    try await stream.waitForEnd()
                    return stream.text
                }
                #expect(refused.hasPrefix("HTTP/1.1 503"), "\(refused)")
                #expect(refused.lowercased().contains("retry-after: 1"))
                gate.open()
                try await busy.receive(until: "\r\n\r\nok")
                try await server.client.connected { stream in try await stream.ask() }
            }
        }
    }

    @Test("an address that has its share closes connections of its own, and takes none from others")
    func share() async throws {
        try await TestServer.with(capacity: 4, share: 2) { server in
            try await server.client.connected { other in
                try await other.ask()
                try await server.client.connected(from: "127.0.0.2") { first in
                    try await first.ask()
                    try await server.client.connected(from: "127.0.0.2") { second in
                        try await second.ask()
                        try await server.client.connected(from: "127.0.0.2") { third in try await third.ask() }
                        try await second.ask()
                    }
                    try await first.waitForEnd()
                }
                try await other.ask()
            }
        }
    }

    @Test("tells how many there are, may be, were refused and closed")
    func metrics() async throws {
        let (gate, registry) = (TestGate(), MetricsRegistry())
        @Sendable func tells(_ line: String) async -> Bool {
            String(decoding: await registry.exposition(), as: UTF8.self).contains("http_server_connections\(line)\n")
        }
        try await TestServer.with(
            capacity: 2, share: 1,
            respond: { _ in
                await gate.wait()
                return TestServer.text("ok")
            }
        ) { server in
            server.room.register(in: registry)
            try await server.client.connected { first in
                try await first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await gate.isWaitedFor()
                for _ in 0..<2 { try await server.client.connected { try await $0.waitForEnd() } }
                try await server.client.connected(from: "127.0.0.2") { second in
                    try await second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    await gate.isWaitedFor()
                    try await server.client.connected(from: "127.0.0.3") { try await $0.waitForEnd() }
                    gate.open()
                    try await second.receive(until: "\r\n\r\nok")
                }
                try await first.receive(until: "\r\n\r\nok")
                try await until("the second has gone") { await tells(" 1") }
                try await server.client.connected(from: "127.0.0.2") { second in
                    try await second.ask()
                    try await server.client.connected(from: "127.0.0.3") { third in
                        try await third.ask()
                        try await until("the first was closed") { await tells("_evicted_total 1") }
                        #expect(await tells(" 2"))
                    }
                }
            }
        }
        #expect(await tells("_limit 2"))
        #expect(await tells("_refused_total{reason=\"full\"} 1"))
        #expect(await tells("_refused_total{reason=\"address\"} 2"))
    }

    @Test("a connection that was accepted while the server stops, and is served by nobody, ends in order")
    func dropped() async throws {
        let channel = StrictHTTPChannel(
            .init(.init(), executors: .shared, room: ConnectionRoom(capacity: 4)) { _ in
                (HTTPResponse(status: .badRequest), ByteBuffer())
            }, responder: { _, _, _ in })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await ServerBootstrap(group: LoopExecutors.shared.group)
            .childChannelInitializer { child in channel.setup(channel: child, logger: logger).map { _ in } }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await RawClient(port: port).connected { stream in try await stream.waitForEnd() }
        try await server.close().get()
    }

    @Test(
        "as many are taken as there are descriptors for beside the process's own; too few are no beginning",
        arguments: [(1024, 10_000, 757, 108), (1 << 20, 10_000, 10_000, 256), (1024, 100, 100, 108), (160, 50, 4, 0)])
    func descriptors(limit: Int, wanted: Int, connections: Int, passing: Int) {
        let share = Descriptors(limit: limit).share(of: wanted, reserve: 159)
        #expect(share == (passing == 0 ? nil : .init(connections: connections, passing: passing)))
    }
}
