import Participants
import Testing

@Suite("What a caller wants of an answer", .timeLimit(.minutes(2)))
struct WantedAnswerTests {
    private static func send(
        _ acts: [Act], wanted: [String] = [], maxBytes: Int? = nil
    ) async throws -> TransportResult {
        try await FaultyServer.with(script: { _ in acts }) { server in
            try await withClient { client in
                var call = call(server.port)
                call.wantedHeaders = wanted
                call.maxResponseBytes = maxBytes
                return await client.send(call)
            }
        }
    }

    @Test(
        "headers that are wanted come along, in any case, several times with commas; an informational answer's do not")
    func headers() async throws {
        let head =
            "HTTP/1.1 103 Hints\r\nLocation: /early\r\n\r\nHTTP/1.1 201 Created\r\nLOCATION: /x/1\r\nX-Tag: a\r\nX-Other: 1\r\n"
            + "x-tag:  b \r\nContent-Length: 0\r\n\r\n"
        let result = try await Self.send([.send(head)], wanted: ["location", "x-tag", "x-none"])
        guard case .response(201, _, _, _, _, let headers) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(headers == ["location": "/x/1", "x-tag": "a, b"])
        guard case .response(_, _, _, _, _, let none) = try await Self.send([.send(head)]) else { return }
        #expect(none.isEmpty)
    }

    @Test(
        "a call has a limit of its own for the answer, above or below the client's, and the next call has its own again"
    )
    func limits() async throws {
        let large = answer(body: String(repeating: "x", count: 400_000))
        #expect(try await Self.send([.send(large)]).ending == .unknown(.responseTooLarge))
        #expect(try await Self.send([.send(large)], maxBytes: 500_000).ending == .response(200))
        #expect(try await Self.send([.send(answer(body: "12345"))], maxBytes: 4).ending == .unknown(.responseTooLarge))
        try await FaultyServer.with(script: { _ in [.send(answer(body: String(repeating: "x", count: 300_000)))] }) {
            server in
            try await withClient { client in
                var first = call(server.port)
                first.maxResponseBytes = 500_000
                #expect(await client.send(first).ending == .response(200))
                #expect(await client.send(call(server.port)).ending == .unknown(.responseTooLarge))
            }
        }
    }
}
