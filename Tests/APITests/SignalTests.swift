import Core
import Storage
import Testing

@testable import API

@Suite("Signals that runs are sent")
struct SignalTests {
    private static let definition = #"""
        {"name":"w","version":"1.0.0","steps":[
            {"id":"a","await":{"signal":"approval"},"timeout":"2d"},
            {"id":"b","await":{"signal":"other"}}]}
        """#

    private static func with(_ body: @escaping @Sendable (TestAPI, String) async throws -> Void) async throws {
        try await TestAPI.with { api in
            let registered = try await api.client.send(
                "POST", "/v1/admin/workflows", body: definition, ["X-Admin-Token": TestAPI.token])
            #expect(registered.status == 201, "\(registered.text)")
            try await body(api, try await api.start())
        }
    }

    @Test("What a signal says goes into the inbox as it came, once under a key, and wakes the run")
    func accepted() async throws {
        try await Self.with { api, id in
            func send(_ body: String?, key: String? = nil) async throws -> Answer {
                try await api.client.send(
                    "POST", "/v1/runs/\(id)/signals/approval", body: body, key.map { ["Idempotency-Key": $0] } ?? [:])
            }
            try await api.database.query("UPDATE outbox SET available_at = now() + interval '1 year'")
            let answer = try await send(#"{"approved":true,"amount":10.50}"#, key: "k1")
            #expect(answer.status == 202 && answer.json["runId"]?.string == id, "\(answer.text)")
            #expect(answer.headers["location"] == "/v1/runs/\(id)")
            #expect(try await send(#"{"approved":false}"#, key: "k1").status == 202, "the same again")
            #expect(try await send(#"{"approved":true,"amount":10.50}"#).status == 202, "another one")
            #expect(try await send(nil).status == 202, "without a word")
            let inbox = try await api.database.query("SELECT kind, payload::text FROM run_inbox ORDER BY inbox_id")
            #expect(
                inbox == [
                    ["signal", #"{"name":"approval","payload":{"approved":true,"amount":10.50},"key":"k1"}"#],
                    ["signal", #"{"name":"approval","payload":{"approved":true,"amount":10.50}}"#],
                    ["signal", #"{"name":"approval","payload":null}"#],
                ])
            let outbox = try await api.database.query("SELECT inbox_count, available_at <= now() FROM outbox")
            #expect(outbox == [["3", "t"]])
        }
    }

    @Test("What no step can take is refused, and nothing is written")
    func refused() async throws {
        try await Self.with { api, id in
            func send(
                _ body: String? = "1", _ name: String = "approval", _ headers: [String: String] = [:],
                run: String? = nil
            ) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(run ?? id)/signals/\(name)", body: body, headers)
            }
            #expect(try await send(run: "019b0000-0000-7000-8000-000000000001").problem == "unknown-run")
            #expect(try await send("1", "nosuch").problem == "unknown-signal")
            #expect(try await send("{").problem == "malformed-json")
            #expect(try await send("1", "approval", ["Content-Type": "text/plain"]).status == 415)
            #expect(try await send("1", "approval", ["Idempotency-Key": ""]).problem == "invalid-parameter")
            #expect(
                try await send("1", "approval", ["Idempotency-Key": String(repeating: "k", count: 256)]).status == 400)
            let large = try await send("\"\(String(repeating: "x", count: KeptSignal.maxPayload - 1))\"")
            #expect(large.status == 413 && large.problem == "body-too-large")
            #expect(try await api.client.send("GET", "/v1/runs/\(id)/signals/approval").status == 405)
            try await api.database.query("UPDATE workflow_runs SET cause = 'CANCEL_REQUESTED'")
            #expect(try await send().problem == "run-turned-back")
            try await api.database.query("UPDATE workflow_runs SET cause = NULL")
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty, "nothing is written")
            #expect(try await send("\"\(String(repeating: "x", count: KeptSignal.maxPayload - 2))\"").status == 202)
            try await api.database.query("DELETE FROM run_inbox; UPDATE outbox SET inbox_count = 0")
            try await api.database.end(id)
            #expect(try await send().problem == "run-ended")
        }
    }

    @Test("A thousand wait, or a megabyte, unread and kept alike; what is one too many is 429")
    func bounded() async throws {
        try await Self.with { api, id in
            func send(_ bytes: Int = 1) async throws -> Answer {
                let body = "\"\(String(repeating: "x", count: bytes - 2 < 0 ? 0 : bytes - 2))\""
                return try await api.client.send("POST", "/v1/runs/\(id)/signals/approval", body: body)
            }
            func inbox(_ count: Int, bytes: Int = 20) async throws {
                try await api.database.query(
                    """
                    DELETE FROM run_inbox;
                    INSERT INTO run_inbox (run_id, kind, payload, sent_by)
                    SELECT '\(id)', 'signal', json_build_object('name', 'approval', 'payload', repeat('x', \(bytes))), 'ann'
                    FROM generate_series(1, \(count));
                    UPDATE outbox SET inbox_count = \(count)
                    """)
            }
            try await inbox(999)
            #expect(try await send().status == 202)
            let answer = try await send()
            #expect(answer.status == 429 && answer.problem == "too-many-signals", "\(answer.text)")
            #expect(try await api.database.query("SELECT count(*) FROM run_inbox") == [["1000"]], "nothing is written")
            try await inbox(4, bytes: 200_000)
            #expect(try await send(200_000).status == 202)
            #expect(try await send(200_000).problem == "too-many-signals")
            // What the run keeps counts, too, and more than a list wants to read of it.
            try await inbox(1)
            let kept = (0..<999).map {
                #"{"seq":\#($0 + 2),"name":"approval","bytes":1000,"payload":"\#(String(repeating: "y", count: 998))"}"#
            }
            try await api.database.query(
                """
                UPDATE workflow_runs SET status = 'RUNNING', snapshot_seq = 1100, snapshot_at = now(), snapshot = json_build_object(
                    'steps', '[{"id":"a","status":"WAITING"},{"id":"b","status":"PENDING"}]'::json,
                    'signals', '[\(kept.joined(separator: ","))]'::json)
                """)
            #expect(try await send().problem == "too-many-signals")
            let run = try await api.client.send("GET", "/v1/runs/\(id)")
            #expect(run.status == 200 && run.json["steps"]?.array?.first?["status"] == "WAITING", "\(run.text)")
            #expect(run.text.utf8.count < 20_000, "what waits is not shown")
        }
    }

    @Test("A run that waits for a signal says for which, since when and until when")
    func waiting() async throws {
        try await Self.with { api, id in
            let definition = try WorkflowDefinition(JSON(parsing: Array(Self.definition.utf8)))
            func stand(_ events: [RunEvent], until: String) async throws -> JSON? {
                var run = Run(
                    id: try #require(RunID(id)), definition: definition, input: .null, context: .null,
                    createdAt: Instant(microseconds: 0))
                for event in events { run.evolve(event, at: Instant("2026-11-29T00:00:00Z") ?? run.createdAt) }
                let fresh = Run(
                    id: run.id, definition: definition, input: .null, context: .null, createdAt: run.createdAt)
                let bytes = Snapshot.encode(run, since: fresh, at: Instant(microseconds: 0)).bytes
                try await api.database.query(
                    """
                    UPDATE workflow_runs SET status = 'RUNNING', snapshot_seq = \(run.lastSequence), snapshot_at = 'epoch',
                        snapshot = '\(String(decoding: bytes, as: UTF8.self))';
                    UPDATE outbox SET available_at = \(until), epoch = 1, last_seq = \(run.lastSequence)
                    """)
                return try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"]
            }
            let until = Instant("2100-01-01T00:00:00Z") ?? Instant(microseconds: 0)
            let bounded = try await stand(
                [.runStarted(due: []), .awaitStarted(step: 0, until: until)], until: "'2100-01-01T00:00:00Z'")
            #expect(bounded?["kind"] == "signal" && bounded?["name"] == "approval" && bounded?["stepId"] == "a")
            #expect(
                bounded?["until"] == "2100-01-01T00:00:00.000Z" || bounded?["until"]?.string?.hasPrefix("2100") == true)
            #expect(bounded?["since"]?.string != nil)
            let endless = try await stand(
                [
                    .runStarted(due: []), .awaitStarted(step: 0, until: until),
                    .signalReceived(ReceivedSignal(name: "approval", payload: 1, by: "ann", key: nil)),
                    .signalTaken(step: 0, signal: 3), .awaitStarted(step: 1, until: nil),
                ], until: "now() + interval '366 days'")
            #expect(
                endless?["kind"] == "signal" && endless?["name"] == "other" && endless?["until"] == nil,
                "\(endless?.text ?? "")")
        }
    }
}
