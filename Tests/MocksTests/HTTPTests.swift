import Core
import Testing

@testable import Mocks

@Suite("HTTP of a participant", .serialized)
struct HTTPTests {
    struct Case: Sendable {
        var method = "POST"
        var path = "/charge"
        var headers = ["Idempotency-Key": "r:a:execute"]
        var body = "{}"
        let status: Int

        var description: String { "\(method) \(path) \(headers) \(body.prefix(20)) -> \(status)" }
    }

    static let cases = [
        Case(path: "/nothing", status: 404),
        Case(method: "GET", status: 405),
        Case(path: "/ledger", status: 405),
        Case(headers: [:], status: 400),
        Case(headers: ["X-Idempotency-Key": "r:a:execute"], status: 200),
        Case(headers: ["Idempotency-Key": "r:a"], status: 400),
        Case(headers: ["Idempotency-Key": ":a:execute"], status: 400),
        Case(headers: ["Idempotency-Key": "r::execute"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:perform"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:execute", "X-Idempotency-Key": "r:b:execute"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:execute", "X-Saga-Run-Id": "q"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:execute", "X-Saga-Step-Id": "b"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:execute", "X-Saga-Action": "compensate"], status: 400),
        Case(headers: ["Idempotency-Key": "r:a:execute", "X-Saga-Attempt": "0"], status: 400),
        Case(body: "", status: 200),
        Case(body: "[]", status: 200),
        Case(body: "{", status: 400),
        Case(body: #"{"a": 1, "a": 2}"#, status: 400),
        Case(body: #"{"a": "\u0000"}"#, status: 422),
        Case(body: String(repeating: "1", count: 1 << 20 + 1), status: 413),
        Case(path: "/validate-refund", headers: ["Idempotency-Key": "r:a:compensate"], status: 422),
        Case(method: "GET", path: "/ledger?limit=0", status: 400),
        Case(method: "GET", path: "/ledger?after=-1", status: 400),
        Case(method: "GET", path: "/ledger?limit=x", status: 400),
        Case(path: "/charge-later", status: 202),
        Case(path: "/charge-later", body: #"{"amount": 501}"#, status: 422),
        Case(path: "/charge-later", headers: ["Idempotency-Key": "r:a:compensate"], status: 422),
        Case(method: "GET", path: "/job", status: 400),
        Case(method: "GET", path: "/job?id=pay_none", status: 404),
        Case(method: "GET", path: "/health", status: 200),
        Case(method: "GET", path: "/ready", status: 200),
        Case(method: "GET", path: "/metrics", status: 200),
    ]

    @Test("Every request gets the status it deserves, and problems say so")
    func statuses() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            for (index, example) in Self.cases.enumerated() {
                // A run of its own, so that no case meets the key of another.
                let headers = example.headers.mapValues { $0.hasPrefix("r:") ? "r\(index)\($0.dropFirst())" : $0 }
                let answer = try await payments.send(
                    example.method, example.path, headers, Array(example.body.utf8))
                #expect(answer.status == example.status, "\(example.description)")
                if example.status >= 400 {
                    #expect(answer.body["status"]?.int == example.status)
                    #expect(answer.body["title"]?.string?.isEmpty == false)
                }
            }
        }
    }

    @Test("What is no JSON is on record, but does not use up the key")
    func malformed() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let bad = try await payments.send("POST", "/charge", ["Idempotency-Key": "r:a:execute"], Array("{".utf8))
            #expect(bad.status == 400)
            #expect(try await payments.call("/charge", "r:a:execute").status == 200)
            #expect(try await payments.entries("r").map(\.kind) == ["received", "rejected", "received", "effect"])
        }
    }

    @Test("The ledger can be read page by page without gaps, and tells all about a call")
    func pages() async throws {
        try await ParticipantUnderTest.with(.notifications) { notifications async throws in
            for run in 1...5 { _ = try await notifications.call("/send", "r\(run):a:execute", attempt: 3) }
            var ids: [Int] = []
            var after: Int? = 0
            while let from = after {
                let page = try await notifications.send("GET", "/ledger?limit=3&after=\(from)").body
                ids += (page["entries"]?.array ?? []).compactMap { $0["id"]?.int }
                after = page["next"]?.int
            }
            #expect(ids == Array(1...10))

            let entries = try await notifications.send("GET", "/ledger?runId=r2").body["entries"]?.array ?? []
            let entry = try #require(entries.last)
            #expect(entries.count == 2)
            let expected: [String: JSON] = [
                "runId": "r2", "stepId": "a", "action": "execute", "attempt": 3, "path": "/send",
                "idempotencyKey": "r2:a:execute", "kind": "effect", "status": 200, "effect": 1,
                // SHA-256 of "{}".
                "bodyHash": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            ]
            for (key, value) in expected { #expect(entry[key] == value, "\(key)") }
            #expect(entry["at"]?.string.flatMap { Instant($0) } != nil)
        }
    }

    @Test("Metrics count answers and effects, and callers cannot make up labels")
    func metrics() async throws {
        try await ParticipantUnderTest.with(.notifications) { notifications async throws in
            _ = try await notifications.call("/send", "r:a:execute")
            _ = try await notifications.send("GET", "/made-up")
            let text = try await notifications.send("GET", "/metrics").body.string ?? ""
            #expect(text.contains(#"mock_requests_total{participant="notifications",path="/send",status="200"} 1"#))
            #expect(text.contains(#"mock_calls_total{participant="notifications",kind="effect"} 1"#))
            #expect(text.contains(#"path="other",status="404"} 1"#))
            #expect(!text.contains("made-up"))
        }
    }
}
