import HTTPServer
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Testing
import TestSupport

@Suite("Answers keep their client in step", .timeLimit(.minutes(3)))
struct AnswerTests {
    @Test("HEAD is answered without a body, whatever the route answers and however that is framed")
    func headHasNoBody() async throws {
        try await TestServer.with(respond: { request in
            switch request.uri.path {
            case "/missing": TestServer.text("nothing is here", status: .notFound)
            case "/stream":
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        for _ in 0..<3 { try await writer.write(ByteBuffer(string: "piece")) }
                        try await writer.finish(nil)
                    })
            default: TestServer.text("ok")
            }
        }) { server in
            let request = { (method: String, path: String) in "\(method) \(path) HTTP/1.1\r\nHost: x\r\n" }
            let text = try await server.client.exchange(
                request("HEAD", "/missing") + "\r\n" + request("HEAD", "/stream") + "\r\n"
                    + request("HEAD", "/") + "\r\n" + request("GET", "/") + "Connection: close\r\n\r\n")
            // Each head is followed by the next at once; the last answer alone has a body.
            let parts = text.components(separatedBy: "\r\n\r\n")
            #expect(
                parts.map { $0.prefix(12) } == ["HTTP/1.1 404"] + Array(repeating: "HTTP/1.1 200", count: 3) + ["ok"])
            #expect(parts.first?.lowercased().contains("content-length: 15") == true, "what GET would send")
        }
    }

    @Test("a HEAD that is refused for its head alone gets no body either")
    func refusedHead() async throws {
        try await TestServer.with { server in
            let text = try await server.client.exchange("HEAD / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 417"))
            #expect(text.hasSuffix("\r\n\r\n"), "\(text)")
        }
    }

    @Test("a body is asked for when a route reads it, and not when the head alone decides, nor in HTTP/1.0")
    func asksForBody() async throws {
        try await TestServer.with(respond: { request in
            guard request.uri.path == "/reads" else { return TestServer.text("no", status: .notFound) }
            return TestServer.text("got \(String(buffer: try await request.body.collect(upTo: 100)))")
        }) { server in
            let rest = "Host: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            try await server.client.connected { stream in
                try await stream.send("POST /reads HTTP/1.1\r\nConnection: close\r\n\(rest)")
                try await stream.receive(until: "100 Continue\r\n\r\n")
                try await stream.send("hi")
                try await stream.waitForEnd()
                #expect(stream.text.hasSuffix("got hi"))
            }
            let refused = try await server.client.exchange("POST /other HTTP/1.1\r\n\(rest)")
            #expect(refused.hasPrefix("HTTP/1.1 404"), "\(refused)")
            #expect(refused.lowercased().contains("connection: close"))
            let old = try await server.client.exchange("POST /reads HTTP/1.0\r\n\(rest)hi")
            #expect(old.hasPrefix("HTTP/1.1 200"), "\(old)")
            // One that has not waited needs no permission any more.
            let eager = try await server.client.exchange("POST /reads HTTP/1.1\r\nConnection: close\r\n\(rest)hi")
            #expect(eager.hasSuffix("got hi"))
        }
    }

    @Test("a body over the server's limit is refused by its length, and cut off when it comes in pieces")
    func bodyLimit() async throws {
        var limits = StrictHTTPChannel.Limits()
        limits.bodyBytes = 1000
        try await TestServer.with(limits) { server in
            let refused = try await server.client.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
            #expect(refused.hasPrefix("HTTP/1.1 413"), "\(refused)")
            let pieces = String(repeating: "64\r\n\(String(repeating: "x", count: 100))\r\n", count: 50)
            let cut = try await server.client.exchange(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(pieces)")
            #expect(cut.hasPrefix("HTTP/1.1 200"), "\(cut)")
        }
    }

    @Test("a client that reads a long answer slowly gets all of it, however short an idle connection lives")
    func slowReader() async throws {
        var limits = StrictHTTPChannel.Limits()
        limits.idleTimeout = .seconds(1)
        let size = 20 << 20
        try await TestServer.with(limits, respond: { _ in TestServer.text(String(repeating: "x", count: size)) }) {
            server in
            let count = try await server.client.connected(within: .seconds(40)) { stream in
                try await stream.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
                var (count, paused) = (0, 0)
                while try await stream.receive() {
                    count += stream.received.count
                    stream.received = []
                    // Much longer than an idle connection lives, all pauses together.
                    if count / (2 << 20) > paused {
                        paused += 1
                        try await Task.sleep(for: .milliseconds(300))
                    }
                }
                return count
            }
            #expect(count >= size, "\(count)")
        }
    }

    @Test("a client that takes nothing of its answer is closed after the time of an idle connection")
    func takesNothing() async throws {
        var limits = StrictHTTPChannel.Limits()
        limits.idleTimeout = .milliseconds(300)
        let answer = String(repeating: "x", count: 30 << 20)
        try await TestServer.with(limits, respond: { _ in TestServer.text(answer) }) { server in
            try await server.client.connected { stream in
                try await stream.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try await until("the connection is there") { server.room.count == 1 }
                try await until("the connection is closed") { server.room.count == 0 }
            }
        }
    }
}
