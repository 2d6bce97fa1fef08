import Core
import Testing
import TestSupport

@testable import API

@Suite("The history of a run, live")
struct StreamTests {
    @Test("Reconnecting with Last-Event-ID gives every event once and in order, and the stream ends with the run")
    func resume() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            let first = try await api.client.connected { stream in
                try await stream.send(Self.request(id))
                try await stream.receive(until: "id: 1\n")
                try await api.insert(2, into: id)
                try await stream.receive(until: "id: 2\nevent: cancel_requested\ndata: {")
                return stream.text
            }
            #expect(first.contains("Content-Type: text/event-stream"))
            try await api.insert(3, into: id)
            try await api.database.end(id, sequence: 4)
            let rest = try await api.client.connected { stream in
                try await stream.send(Self.request(id, after: 2))
                while try await stream.receive() {}
                return stream.text
            }
            #expect(Self.ids(first) == [1, 2])
            #expect(Self.ids(rest) == [3, 4])
            #expect(rest.contains("event: run_completed\n"))
            #expect(rest.hasSuffix("0\r\n\r\n"), "the stream must end, not break off")
        }
    }

    @Test("A client that has everything of an ended run is told to stay away")
    func nothingMore() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.end(id)
            let headers = ["Accept": "text/event-stream", "Last-Event-ID": "2"]
            #expect(try await api.client.send("GET", "/v1/runs/\(id)/events", headers).status == 204)
        }
    }

    @Test("A run that an operator revived is followed beyond its first end")
    func revived() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.end(id, status: "FAILED")
            try await api.insert(3, into: id)
            try await api.client.connected { stream in
                try await stream.send(Self.request(id))
                try await stream.receive(until: "id: 3\n")
                try await api.database.end(id, status: "COMPENSATED", sequence: 4)
                while try await stream.receive() {}
                #expect(Self.ids(stream.text) == [1, 2, 3, 4])
            }
        }
    }

    @Test("A stream does not hold up the end of the process")
    func shutdown() async throws {
        try await TestDatabase.with { database in
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: String.self) { tasks in
                let (targets, target) = AsyncStream<(client: TestClient, runID: String)>.makeStream()
                let (opened, open) = AsyncStream<Void>.makeStream()
                tasks.addTask {
                    for await (client, runID) in targets {
                        return try await client.connected { stream in
                            try await stream.send(Self.request(runID))
                            try await stream.receive(until: "id: 1\n")
                            open.finish()
                            while try await stream.receive() {}
                            return stream.text
                        }
                    }
                    return ""
                }
                try await TestAPI.with(on: database) { api in
                    try await api.register()
                    target.yield((api.client, try await api.start()))
                    for await _ in opened {}
                }
                for try await text in tasks { #expect(text.hasSuffix("0\r\n\r\n")) }
            }
            #expect(.now - began < .seconds(8))
        }
    }

    @Test("The history as JSON has what is known of each event, and null for the rest")
    func history() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, outcome,
                    http_status, duration_us, retry_in_us, error, engine_id, epoch)
                VALUES ('\(id)', 2, '2026-01-02T03:04:05.678901Z', 'attempt_failed', 0, 'a', 'execute', 1, 'busy', 503,
                    11342, 100000, '{"kind":"busy","message":"Busy."}', '\(id)', 7)
                """)
            let all = try await api.client.send("GET", "/v1/runs/\(id)/events").json
            #expect(all["events"]?.array?.count == 2)
            let later = try await api.client.send("GET", "/v1/runs/\(id)/events?after=1").json
            #expect(
                later["events"] == [
                    [
                        "seq": 2, "at": "2026-01-02T03:04:05.678901Z", "kind": "attempt_failed", "stepId": "a",
                        "action": "execute", "attempt": 1, "outcome": "busy", "httpStatus": 503, "durationMs": 11.342,
                        "retryInMs": 100, "error": ["kind": "busy", "message": "Busy."], "engine": .string(id),
                        "epoch": 7, "data": nil,
                    ]
                ])
        }
    }

    private static func request(_ id: String, after: Int? = nil) -> String {
        let last = after.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        return "GET /v1/runs/\(id)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\(last)\r\n"
    }

    private static func ids(_ text: String) -> [Int] {
        text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("id: ") }.compactMap { Int($0.dropFirst(4)) }
    }
}

extension TestAPI {
    fileprivate func insert(_ sequence: Int, into runID: String) async throws {
        try await database.query(
            """
            INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
            VALUES ('\(runID)', \(sequence), now(), 'cancel_requested', 1, '{"by":"x","reason":null}')
            """)
    }
}
