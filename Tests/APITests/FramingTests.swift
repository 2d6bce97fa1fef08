import NIOCore
import Testing
import TestSupport

@testable import API

/// What two HTTP parsers could read differently, and what keeps a connection busy for nothing.
@Suite("Requests that break HTTP")
struct FramingTests {
    @Test("are refused with a problem, the connection is closed, nothing is written and the process lives")
    func refused() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let before = try await api.database.rowCount()
            for row in Self.rows {
                let answers: [Answer]
                do { answers = try await api.client.exchange(row.bytes) } catch {
                    Issue.record("\(row.name): \(error)")
                    continue
                }
                let answer = try #require(answers.last, "\(row.name): no answer")
                #expect(answer.status == row.status, "\(row.name): \(answer.text)")
                #expect(answer.problem == row.problem, "\(row.name): \(answer.text)")
                #expect(answers.count == 1, "\(row.name)")
            }
            #expect(try await api.database.rowCount() == before)
            #expect(try await api.client.send("GET", "/health").status == 200)
        }
    }

    private static let post = "POST /v1/workflows/w/start HTTP/1.1"
    private static let type = "Content-Type: application/json"

    private static func start(_ name: String, _ lines: [String], body: String = "{}") -> BadRequest {
        .raw(name, [post, "Host: x", type] + lines, 400, "malformed-request", body: body)
    }

    private static func health(_ name: String, _ lines: [String]) -> BadRequest {
        .raw(name, ["GET /health HTTP/1.1"] + lines, 400, "malformed-request")
    }

    static let rows: [BadRequest] =
        lengths + heads + sizes + [
            .raw(
                "a TLS handshake",
                [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01] + [UInt8](repeating: 7, count: 200), 400,
                "malformed-request"),
            .raw("no HTTP at all", Array("\u{0}\u{1}garbage\r\n\r\n".utf8), 400, "malformed-request"),
            .raw("HTTP/2 by prior knowledge", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), 400, "malformed-request"),
            .raw("an unknown version", ["GET /health HTTP/1.7", "Host: x"], 400, "malformed-request"),
            .raw("an unknown method", ["BREW /v1/runs HTTP/1.1", "Host: x"], 405, "method-not-allowed"),
            .raw("CONNECT", ["CONNECT x:443 HTTP/1.1", "Host: x"], 405, "method-not-allowed"),
            .raw("TRACE", ["TRACE /health HTTP/1.1", "Host: x"], 405, "method-not-allowed"),
            .raw(
                "another expectation", [post, "Host: x", type, "Content-Length: 2", "Expect: tea"], 417,
                "expectation-failed", body: "{}"),
        ]

    private static let lengths: [BadRequest] = [
        start(
            "Content-Length and Transfer-Encoding", ["Content-Length: 2", "Transfer-Encoding: chunked"],
            body: "0\r\n\r\n"),
        start(
            "Transfer-Encoding and Content-Length", ["Transfer-Encoding: chunked", "Content-Length: 2"],
            body: "0\r\n\r\n"),
        start("two Content-Lengths that differ", ["Content-Length: 2", "Content-Length: 3"]),
        start("two Content-Lengths that agree", ["Content-Length: 2", "Content-Length: 2"]),
        start("a list of Content-Lengths", ["Content-Length: 2, 2"]),
        start("Content-Length +2", ["Content-Length: +2"]),
        start("Content-Length -2", ["Content-Length: -2"]),
        start("Content-Length 0x2", ["Content-Length: 0x2"]),
        start("an endless Content-Length", ["Content-Length: 99999999999999999999999"]),
        start("space before the colon of Content-Length", ["Content-Length : 2"]),
        start("a coding before chunked", ["Transfer-Encoding: gzip, chunked"], body: "0\r\n\r\n"),
        start("an unknown coding", ["Transfer-Encoding: xchunked"], body: "0\r\n\r\n"),
        start(
            "a chunk size beyond 64 bits", ["Transfer-Encoding: chunked"],
            body: "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n"),
        start("a negative chunk size", ["Transfer-Encoding: chunked"], body: "-2\r\n{}\r\n0\r\n\r\n"),
        start("a chunk size with a prefix", ["Transfer-Encoding: chunked"], body: "0x2\r\n{}\r\n0\r\n\r\n"),
        start("a chunk longer than its size", ["Transfer-Encoding: chunked"], body: "2\r\n{}X0\r\n\r\n"),
    ]

    private static let heads: [BadRequest] = [
        health("no Host", []),
        health("two Hosts", ["Host: x", "Host: x"]),
        health("an empty Host", ["Host:"]),
        health("a Host with a space", ["Host: a b"]),
        health("a Host with a path", ["Host: a/b"]),
        health("space before a colon", ["Host: x", "X-A : b"]),
        health("NUL in a header", ["Host: x", "X-A: b\u{0}c"]),
        health("an escape sequence in a header", ["Host: x", "X-A: \u{1B}[31mred"]),
        health("a carriage return in a header", ["Host: x", "X-A: b\rc"]),
        health("a folded header", ["Host: x", "X-A: b\r\n c"]),
        health("a header without a name", ["Host: x", ": b"]),
        .raw("line feeds alone", Array("GET /health HTTP/1.1\nHost: x\n\n".utf8), 400, "malformed-request"),
        .raw("a URI beyond ASCII", ["GET /v1/rüns HTTP/1.1", "Host: x"], 400, "malformed-request"),
        .raw("a fragment", ["GET /health#x HTTP/1.1", "Host: x"], 400, "malformed-request"),
        .raw("a relative target", ["GET health HTTP/1.1", "Host: x"], 400, "malformed-request"),
    ]

    private static let sizes: [BadRequest] = [
        .raw(
            "a URI of 64 KiB", ["GET /\(String(repeating: "a", count: 65_536)) HTTP/1.1", "Host: x"], 414,
            "uri-too-long"),
        .raw(
            "a header of 10 KB", ["GET /health HTTP/1.1", "Host: x", "X-A: \(String(repeating: "a", count: 10_240))"],
            431, "headers-too-large"),
        .raw(
            "100,000 headers", ["GET /health HTTP/1.1", "Host: x"] + (0..<100_000).map { "X-\($0): y" }, 431,
            "headers-too-large"),
        .raw(
            "a body over the limit by length", [post, "Host: x", type, "Content-Length: 2000000"], 413,
            "body-too-large", body: String(repeating: " ", count: 2_000_000)),
        .raw(
            "a body over the limit by chunks", [post, "Host: x", type, "Transfer-Encoding: chunked"], 413,
            "body-too-large",
            body: String(repeating: "10000\r\n\(String(repeating: " ", count: 65_536))\r\n", count: 20) + "0\r\n\r\n"),
    ]

    @Test(
        "Requests sent one byte at a time are cut off",
        arguments: [
            "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
            "\(Self.post)\r\nHost: x\r\n\(Self.type)\r\nContent-Length: 1000\r\n\r\n",
            ImportCall.head("nope"),
        ])
    func slow(beginning: String) async throws {
        try await TestAPI.with(["REQUEST_TIMEOUT": "400ms"]) { api in
            try await api.register()
            let before = try await api.database.rowCount()
            let began = ContinuousClock.now
            try await api.client.connected { stream in
                try await stream.send(beginning)
                let writer = stream.outbound
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask {
                        while !Task.isCancelled {
                            try await writer.write(.init(string: " "))
                            try await Task.sleep(for: .milliseconds(50))
                        }
                    }
                    while try await stream.receive() {}
                    tasks.cancelAll()
                    do { try await tasks.waitForAll() } catch {
                        // The server has closed: writing fails, as it should.
                    }
                }
            }
            #expect(.now - began < .seconds(5))
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("A connection nobody uses is closed")
    func idle() async throws {
        try await TestAPI.with(["IDLE_TIMEOUT": "1s"]) { api in
            try await api.client.connected { stream in
                try await stream.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                while try await stream.receive() {}
                #expect(try Answer.parse(stream.received).map(\.status) == [200])
            }
        }
    }

    @Test("A refusal keeps its place behind the answers to requests before it")
    func pipelined() async throws {
        try await TestAPI.with { api in
            let good = "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"
            let answers = try await api.client.exchange(
                Array((good + good + "GET /health HTTP/1.1\r\n\r\n" + good).utf8))
            #expect(answers.map(\.status) == [200, 200, 400])
        }
    }

    @Test("After `Connection: close`, in whatever case, nothing more is answered")
    func closes() async throws {
        try await TestAPI.with { api in
            let bytes =
                "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
            let answers = try await api.client.exchange(Array(bytes.utf8))
            #expect(answers.map(\.status) == [200])
            #expect(answers.first?.headers["connection"] == "close")
        }
    }

    @Test("An HTTP/1.0 client gets its answer and its end of the connection")
    func version10() async throws {
        try await TestAPI.with { api in
            let answers = try await api.client.exchange(Array("GET /health HTTP/1.0\r\n\r\n".utf8))
            #expect(answers.map(\.status) == [200])
        }
    }

    @Test("A body that waits for `100 Continue` is asked for")
    func expectation() async throws {
        try await TestAPI.with { api in
            try await api.register()
            try await api.client.connected { stream in
                try await stream.send(
                    "\(Self.post)\r\nHost: x\r\n\(Self.type)\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
                        + "Connection: close\r\n\r\n"
                )
                try await stream.receive(until: "100 Continue\r\n\r\n")
                try await stream.send("{}")
                while try await stream.receive() {}
                #expect(try Answer.parse(stream.received).map(\.status) == [202])
            }
        }
    }
}
