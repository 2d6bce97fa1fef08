import Core
import Testing

@testable import API

extension OwnDefinitionTests {
    /// Has a run of the one step `a` COMPLETED, as an engine would have left it.
    private static func complete(_ run: String, _ api: TestAPI) async throws {
        let events = #"""
            [{"kind":"attempt_started","step":0,"stepId":"a"},
            {"kind":"attempt_succeeded","step":0,"stepId":"a","durationUs":1,"data":{"output":1}},{"kind":"run_completed"}]
            """#
        let steps =
            #"[{"id":"a","status":"SUCCEEDED","attempts":1,"output":1,"startedAt":1,"completedAt":2,"attemptSeq":2}]"#
        try await api.database.query(
            """
            BEGIN;
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
            VALUES ('\(run)', 2, 3, now(), 1, '\(events)');
            UPDATE workflow_runs SET status = 'COMPLETED', completed_at = now(), output = '1', due = NULL,
                snapshot = '\(steps)', snapshot_seq = 4, snapshot_at = now() WHERE run_id = '\(run)';
            DELETE FROM outbox WHERE run_id = '\(run)';
            COMMIT
            """)
    }

    @Test("many at once: each line is of its own tenant's workflow, and a restart stays with its run's")
    func starts() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register("w", steps: ["a"])
            #expect(try await Self.register(api, Self.definition("w"), query: "?tenant=ant").status == 201)
            #expect(try await Self.register(api, Self.definition("only"), query: "?tenant=ant").status == 201)
            var headers = Self.admin
            headers["Content-Type"] = "application/x-ndjson"
            let lines = #"{"context":{"tenantId":"ant"}}"# + "\n" + #"{"context":{"tenantId":"bee"}}"# + "\n{}\n"
            #expect(
                try await api.client.send("POST", "/v1/workflows/w/start-batch", body: lines, headers).status == 200)
            let owners = try await api.database.query(
                "SELECT tenant_id, definition_owner FROM workflow_runs ORDER BY tenant_id")
            #expect(owners == [["ant", "ant"], ["bee", nil], ["default", nil]])
            let only = try await api.client.send("POST", "/v1/workflows/only/start-batch", body: lines, headers)
            #expect(
                only.status == 200 && only.text.split(separator: "\n").count { $0.contains("unknown-workflow") } == 2)

            let first = try #require(
                try await api.database.value("SELECT run_id FROM workflow_runs WHERE tenant_id = 'bee'"))
            let second = try await api.start("w", body: #"{"context":{"tenantId":"bee"}}"#, Self.admin)
            for run in [first, second] { try await Self.complete(run, api) }
            let later = try await Self.register(api, Self.definition("w", "3.0.0", steps: ["z"]), query: "?tenant=bee")
            #expect(later.status == 201)
            func restart(_ run: String, _ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(run)/restart", body: body, Self.admin)
            }
            let missing = try await restart(first, #"{"reason":"r","version":"1.0.0"}"#)
            #expect(missing.pointers == ["/version"], "a version is named as in a start: \(missing.text)")
            let same = try await restart(first, #"{"reason":"r"}"#)
            #expect(same.status == 202, "\(same.text)")
            let other = try await restart(second, #"{"reason":"r","version":"3.0.0"}"#)
            #expect(other.status == 202, "\(other.text)")
            func owner(_ answer: Answer) async throws -> String? {
                try await api.database.value(
                    """
                    SELECT workflow_version || ' ' || COALESCE(definition_owner, '*') FROM workflow_runs
                    WHERE run_id = '\(answer.json["runId"]?.string ?? "")'
                    """)
            }
            #expect(try await owner(same) == "1.0.0 *")
            #expect(try await owner(other) == "3.0.0 bee")
        }
    }
}
