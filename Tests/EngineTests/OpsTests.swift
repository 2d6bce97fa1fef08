import Foundation
import NIOCore
import NIOPosix
import Testing
import TestSupport

@testable import Engine

@Suite("The ops port is held to the API's rules", .timeLimit(.minutes(3)))
struct OpsTests {
    /// What is sent, and what the answer begins with.
    private static let rows: [(name: String, request: String, answer: String)] = [
        ("no Host", "GET /health HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        ("two Hosts", "GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "HTTP/1.1 400"),
        (
            "two lengths", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 400"
        ),
        (
            "a length and a coding",
            "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400"
        ),
        ("a fragment", "GET /health#x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"),
        ("TRACE", "TRACE /health HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405"),
        ("POST", "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"),
        ("another path", "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"),
        (
            "a header of 10 KB",
            "GET /health HTTP/1.1\r\nHost: x\r\nX-A: \(String(repeating: "a", count: 10_240))\r\n\r\n", "HTTP/1.1 431"
        ),
        ("a long URI", "GET /\(String(repeating: "a", count: 10_000)) HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414"),
        ("a body", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "HTTP/1.1 413"),
        ("a slow head", "GET /health HTTP/1.1\r\nHost: x\r\n", "HTTP/1.1 408"),
        ("what is served", "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"),
    ]

    @Test("bad requests are refused and closed, HEAD has no body, and a head that never ends is not waited for")
    func refused() async throws {
        try await Stage.with([]) { stage in
            let (ports, found) = AsyncStream<Int>.makeStream()
            try await stage.withEngine(onListening: { found.yield($0) }) { _ in
                var started = ports.makeAsyncIterator()
                let port = try #require(await started.next())
                for row in Self.rows {
                    let text = try await Self.exchange(row.request, port: port)
                    #expect(text.hasPrefix(row.answer), "\(row.name): \(text.prefix(300))")
                    #expect(text.contains("problem+json") || row.answer.hasSuffix("200"), "\(row.name)")
                }
                let heads = ["/nope", "/health"].map { "HEAD \($0) HTTP/1.1\r\nHost: x\r\n" }
                let text = try await Self.exchange(
                    heads.joined(separator: "\r\n") + "Connection: close\r\n\r\n", port: port)
                #expect(
                    text.components(separatedBy: "\r\n\r\n").map { $0.prefix(12) }
                        == ["HTTP/1.1 404", "HTTP/1.1 200", ""], "\(text)")
            }
        }
    }

    @Test("metrics want the token, if there is one, and probes do not")
    func token() async throws {
        try await Stage.with([]) { stage in
            let (ports, found) = AsyncStream<Int>.makeStream()
            let settings = ["OPS_TOKEN": "a-token-of-mine"]
            try await stage.withEngine(environment: settings, onListening: { found.yield($0) }) { _ in
                var started = ports.makeAsyncIterator()
                let port = try #require(await started.next())
                func ask(_ path: String, _ headers: String = "") async throws -> String {
                    try await Self.exchange(
                        "GET \(path) HTTP/1.1\r\nHost: x\r\n\(headers)Connection: close\r\n\r\n", port: port)
                }
                for headers in [
                    "", "Authorization: Bearer a-token-of-mind\r\n", "Authorization: Basic a-token-of-mine\r\n",
                    "Authorization: a-token-of-mine\r\n", "Authorization: Bearer\r\n",
                    "Authorization: Bearer a-token-of-mine\r\nAuthorization: Bearer a-token-of-mine\r\n",
                ] {
                    let text = try await ask("/metrics", headers)
                    #expect(text.hasPrefix("HTTP/1.1 401") && !text.contains("workflow_"), "\(headers): \(text)")
                    #expect(text.lowercased().contains("www-authenticate: bearer"))
                }
                let text = try await ask("/metrics", "Authorization: Bearer a-token-of-mine\r\n")
                #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("workflow_active_runs"))
                for path in ["/health", "/health/live", "/ready", "/health/ready"] {
                    #expect(try await ask(path).hasPrefix("HTTP/1.1 200"), "\(path)")
                }
            }
        }
    }

    /// Sends a text and reads until the server closes.
    private static func exchange(_ text: String, port: Int) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var received = ByteBuffer()
            do {
                for try await buffer in inbound { received.writeImmutableBuffer(buffer) }
            } catch is IOError {
                // A reset is an end, too.
            }
            return String(buffer: received)
        }
    }
}
