import Core
import Testing

@testable import API

@Suite("A run that is over is done anew")
struct RestartTests {
    private struct Case {
        let name: String
        let body: String
        let status: Int
        let problem: String
        var pointer: String?

        init(_ name: String, _ body: String, _ status: Int, _ problem: String, _ pointer: String? = nil) {
            (self.name, self.body, self.status, self.problem, self.pointer) = (name, body, status, problem, pointer)
        }
    }

    /// A workflow of `a`, which can be undone, and `b`, which can't.
    private static func register(_ api: TestAPI, version: String, steps: String = steps, more: String = "") async throws
    {
        let answer = try await api.client.send(
            "POST", "/v1/admin/workflows", body: #"{"name":"w","version":"\#(version)",\#(more)"steps":[\#(steps)]}"#,
            ["X-Admin-Token": TestAPI.token])
        #expect(answer.status == 201, "\(answer.text)")
    }

    private static let steps = """
        {"id":"a","action":{"participant":"p","path":"/a"},"compensation":{"participant":"p","path":"/undo"}},
        {"id":"b","action":{"participant":"p","path":"/b"}}
        """

    /// A run that has COMPLETED, as an engine would have left it.
    private static func completed(_ api: TestAPI) async throws -> String {
        let id = try await api.start(body: #"{"version":"1.0.0","input":{"n":1},"context":{"correlationId":"c-1"}}"#)
        var events = [#"{"kind":"attempt_started","step":0,"stepId":"a"}"#]
        for (step, name) in [(0, "a"), (1, "b")] {
            if step > 0 { events.append(#"{"kind":"attempt_started","step":\#(step),"stepId":"\#(name)"}"#) }
            events.append(
                #"{"kind":"attempt_succeeded","step":\#(step),"stepId":"\#(name)","durationUs":1,"data":{"output":"\#(name)"}}"#
            )
        }
        events.append(#"{"kind":"run_completed"}"#)
        let steps = ["a", "b"].enumerated().map { number, name in
            #"{"id":"\#(name)","status":"SUCCEEDED","attempts":1,"output":"\#(name)","startedAt":1,"completedAt":2,"attemptSeq":\#(number * 2 + 2)}"#
        }
        try await api.database.query(
            """
            BEGIN;
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
            VALUES ('\(id)', 2, \(events.count), now(), 1, '[\(events.joined(separator: ","))]');
            UPDATE workflow_runs SET status = 'COMPLETED', completed_at = now(), output = '"b"', due = NULL,
                snapshot = '[\(steps.joined(separator: ","))]', snapshot_seq = \(events.count + 1), snapshot_at = now()
            WHERE run_id = '\(id)';
            DELETE FROM outbox WHERE run_id = '\(id)';
            COMMIT
            """)
        return id
    }

    @Test("What can't be is refused with the place or a reason, and nothing is written")
    func refused() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, version: "1.0.0")
            try await Self.register(
                api, version: "2.0.0", more: #""inputSchema":{"type":"object","required":["m"]},"#)
            try await Self.register(
                api, version: "3.0.0", steps: #"{"id":"b","action":{"participant":"p","path":"/b"}}"#)
            try await Self.register(
                api, version: "4.0.0",
                steps: #"{"id":"a","wait":{"for":"1s"}},{"id":"b","action":{"participant":"p","path":"/b"}}"#)
            let live = try await api.start(body: #"{"version":"1.0.0"}"#)
            let over = try await Self.completed(api)
            let before = try await api.database.rowCount()
            let cases = [
                Case("no body", "", 400, "malformed-json"), Case("an array", "[]", 422, "invalid-content", ""),
                Case("no reason", "{}", 422, "invalid-content", "/reason"),
                Case("an empty reason", #"{"reason":""}"#, 422, "invalid-content", "/reason"),
                Case("a number", #"{"reason":1}"#, 422, "invalid-content", "/reason"),
                Case("an unknown member", #"{"reason":"x","step":"a"}"#, 422, "invalid-content", "/step"),
                Case("a step that is none", #"{"reason":"x","fromStep":"z"}"#, 422, "invalid-content", "/fromStep"),
                Case("a step that is a list", #"{"reason":"x","fromStep":["a"]}"#, 422, "invalid-content", "/fromStep"),
                Case("a version that is none", #"{"reason":"x","version":"one"}"#, 422, "invalid-content", "/version"),
                Case("an unknown version", #"{"reason":"x","version":"9.0.0"}"#, 422, "invalid-content", "/version"),
                Case(
                    "repeat as a text", #"{"reason":"x","fromStep":"a","repeat":"yes"}"#, 422, "invalid-content",
                    "/repeat"),
                Case("repeat of everything", #"{"reason":"x","repeat":true}"#, 422, "invalid-content", "/repeat"),
                Case(
                    "an input against the schema", #"{"reason":"x","version":"2.0.0","input":{"n":1}}"#, 422,
                    "input-invalid", "/input/m"),
                Case(
                    "the run's input against the schema", #"{"reason":"x","version":"2.0.0"}"#, 422, "input-invalid",
                    "/input/m"),
                Case("what stands", #"{"reason":"x","fromStep":"a"}"#, 409, "not-restartable"),
                Case(
                    "a step that is gone", #"{"reason":"x","fromStep":"b","version":"3.0.0"}"#, 409, "not-restartable"),
                Case(
                    "a step of another kind", #"{"reason":"x","fromStep":"b","version":"4.0.0"}"#, 409,
                    "not-restartable"),
            ]
            for example in cases {
                let answer = try await api.client.send("POST", "/v1/runs/\(over)/restart", body: example.body)
                #expect(
                    answer.status == example.status && answer.problem == example.problem,
                    "\(example.name): \(answer.text)")
                if let pointer = example.pointer {
                    #expect(answer.pointers.contains(pointer), "\(example.name): \(answer.text)")
                }
            }
            let body = #"{"reason":"x"}"#
            #expect(
                try await api.client.send("POST", "/v1/runs/\(live)/restart", body: body).problem == "not-restartable")
            #expect(try await api.client.send("POST", "/v1/runs/1/restart", body: body).problem == "invalid-parameter")
            let unknown = try await api.client.send(
                "POST", "/v1/runs/019b0000-0000-7000-8000-000000000001/restart", body: body)
            #expect(unknown.problem == "unknown-run")
            let key = try await api.client.send("POST", "/v1/runs/\(over)/restart", body: body, ["Idempotency-Key": ""])
            #expect(key.problem == "invalid-parameter")
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("The new run takes over what it need not repeat, both name each other, and the same key restarts once")
    func restarted() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, version: "1.0.0")
            let old = try await Self.completed(api)
            let body = #"{"reason":"lost","fromStep":"b","input":{"n":2}}"#
            func restart(_ body: String, _ headers: [String: String] = ["X-Admin-Token": TestAPI.token]) async throws
                -> Answer
            {
                try await api.client.send("POST", "/v1/runs/\(old)/restart", body: body, headers)
            }
            let keyed = ["X-Admin-Token": TestAPI.token, "Idempotency-Key": "k"]
            let answer = try await restart(body, keyed)
            let new = try #require(answer.json["runId"]?.string)
            #expect(answer.status == 202 && answer.json["status"] == "PENDING")
            #expect(answer.headers["location"] == "/v1/runs/\(new)")
            let again = try await restart(body, keyed)
            #expect(again.json["runId"]?.string == new && again.headers["idempotency-replayed"] == "true")
            #expect(try await restart(#"{"reason":"other"}"#, keyed).problem == "idempotency-key-reused")
            #expect(try await restart(body).problem == "restarted")

            let shown = try await api.client.send("GET", "/v1/runs/\(new)").json
            #expect(shown["run"]?["restartedFrom"] == ["runId": .string(old), "fromStep": "b"])
            #expect(shown["run"]?["input"] == ["n": 2] && shown["run"]?["correlationId"] == "c-1")
            let steps = shown["steps"]?.array ?? []
            #expect(steps.map { $0["status"]?.string } == ["SUCCEEDED", "PENDING"])
            #expect(steps.first?["attempts"] == 0 && steps.first?["output"] == "a")
            let first = try await api.client.send("GET", "/v1/runs/\(old)").json["run"]
            #expect(first?["restartedAs"] == .string(new) && first?["status"] == "COMPLETED")
            let undo = try await api.client.send("POST", "/v1/runs/\(old)/undo", body: #"{"reason":"x"}"#)
            #expect(undo.status == 409 && undo.problem == "restarted" && undo.text.contains(new))

            let kinds = try await api.database.query(
                "SELECT kind FROM run_events WHERE run_id = '\(new)' ORDER BY seq")
            #expect(kinds == [["run_started"], ["restarted_from"], ["step_kept"]])
            let last = try await api.database.query(
                "SELECT kind, data->>'runId', data->>'by', data->'steps'->>0 FROM run_events WHERE run_id = '\(old)' ORDER BY seq DESC LIMIT 1"
            )
            #expect(last == [["restarted_as", new, "tester", "a"]])
            let actions = try await api.client.send(
                "GET", "/v1/admin/audit?subject=runs/\(old)", ["X-Admin-Token": TestAPI.token]
            ).json["entries"]?.array
            #expect(actions?.count == 1 && actions?.first?["action"] == "restart_run")
            #expect(
                actions?.first?["detail"]?["runId"] == .string(new) && actions?.first?["detail"]?["reason"] == "lost")
        }
    }

    @Test(
        "Nothing is taken over without a step: then the run may still be undone, and a paused workflow waits or refuses"
    )
    func whole() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, version: "1.0.0")
            let old = try await Self.completed(api)
            func pause(_ starts: String) async throws {
                let answer = try await api.client.send(
                    "POST", "/v1/admin/workflows/w/pause", body: #"{"reason":"audit","starts":"\#(starts)"}"#,
                    ["X-Admin-Token": TestAPI.token])
                #expect(answer.status == 200, "\(answer.text)")
            }
            try await pause("refuse")
            let body = #"{"reason":"anew"}"#
            #expect(
                try await api.client.send("POST", "/v1/runs/\(old)/restart", body: body).problem == "workflow-paused")
            try await pause("wait")
            let answer = try await api.client.send("POST", "/v1/runs/\(old)/restart", body: body)
            let new = try #require(answer.json["runId"]?.string)
            let shown = try await api.client.send("GET", "/v1/runs/\(new)").json["run"]
            #expect(shown?["waitingFor"]?["kind"] == "paused")
            #expect(shown?["restartedFrom"] == ["runId": .string(old), "fromStep": .null])
            #expect(try await api.client.send("POST", "/v1/runs/\(old)/undo", body: body).status == 202)
            let waiting = try await api.client.send("GET", "/v1/runs?waitingFor=paused").json["runs"]?.array
            #expect(waiting?.map { $0["runId"] } == [.string(new)])
            #expect(try await api.client.send("GET", "/v1/runs?waitingFor=signal").json["runs"] == [])
            #expect(try await api.client.send("GET", "/v1/runs?waitingFor=nothing").problem == "invalid-parameter")
        }
    }
}
