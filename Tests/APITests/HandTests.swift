import Core
import Testing

@testable import API

@Suite("What people ask of a run")
struct HandTests {
    @Test("Undone is what has COMPLETED, and within its workflow's time; asked twice it is one undo")
    func undo() async throws {
        try await TestAPI.with { api in
            let registered = try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: #"""
                    {"name":"w","version":"1.0.0","undoWithin":"1h",
                        "steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}
                    """#, ["X-Admin-Token": TestAPI.token])
            #expect(registered.status == 201, "\(registered.text)")
            let id = try await api.start()
            func undo(_ body: String? = #"{"reason":"sent back"}"#, _ id: String? = nil) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(id ?? "none")/undo", body: body)
            }
            #expect(try await undo(#"{"reason":"x"}"#, "019b0000-0000-7000-8000-000000000001").problem == "unknown-run")
            #expect(try await undo(#"{"reason":"x"}"#, id).problem == "run-not-completed")
            try await api.database.end(id)
            for body in ["{}", #"{"reason":""}"#, #"{"reason":"x","force":true}"#] {
                #expect(try await undo(body, id).status == 422)
            }
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty, "nothing is written")
            #expect(try await undo(#"{"reason":"sent back"}"#, id).status == 202)
            #expect(try await undo(#"{"reason":"sent back"}"#, id).status == 202)
            let inbox = try await api.database.query("SELECT DISTINCT kind, payload->>'reason' FROM run_inbox")
            #expect(inbox == [["undo", "sent back"]])
            #expect(try await api.client.send("POST", "/v1/runs/\(id)/cancel").problem == "run-ended")
            try await api.database.query("DELETE FROM run_inbox; DELETE FROM outbox")
            try await api.database.query("UPDATE workflow_runs SET completed_at = now() - interval '61 min'")
            #expect(try await undo(#"{"reason":"sent back"}"#, id).problem == "undo-over")
            try await api.database.query(
                "UPDATE workflow_runs SET status = 'COMPENSATED', cause = 'UNDO_REQUESTED', snapshot_seq = 2")
            #expect(try await undo(#"{"reason":"sent back"}"#, id).status == 202, "it is undone")
            try await api.database.query("UPDATE workflow_runs SET cause = 'CANCEL_REQUESTED'")
            #expect(try await undo(#"{"reason":"sent back"}"#, id).problem == "run-not-completed")
        }
    }

    @Test("A run is paused and resumed, and says while it is so who did it and why")
    func pause() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            func post(_ verb: String, _ body: String? = nil) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(id)/\(verb)", body: body)
            }
            #expect(try await post("resume").problem == "run-not-paused")
            #expect(try await post("pause", #"{"holdDeadline":1}"#).status == 422)
            #expect(try await post("pause", #"{"reason":"audit","holdDeadline":true}"#).status == 202)
            let asked = try await api.database.query("SELECT kind, payload::text FROM run_inbox")
            #expect(asked == [["pause", #"{"reason":"audit","holdDeadline":true}"#]])
            try await api.database.query("DELETE FROM run_inbox; UPDATE outbox SET inbox_count = 0")
            // As its engine leaves it.
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
                VALUES ('\(id)', 2, now(), 'run_paused', 1, '{"by":"ann","reason":"audit","holdDeadline":true}');
                UPDATE outbox SET available_at = now() + interval '366 days', epoch = 1, last_seq = 2
                """)
            let waiting = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"]
            #expect(waiting?["kind"] == "paused" && waiting?["by"] == "ann" && waiting?["reason"] == "audit")
            #expect(waiting?["since"]?.string != nil)
            #expect(try await post("resume", #"{"reason":"done"}"#).status == 202)
            try await api.database.end(id, sequence: 3)
            #expect(try await post("pause").problem == "run-ended")
            #expect(try await post("resume").problem == "run-ended")
        }
    }

    @Test("A step is ended by a person where it waits, with a reason and an output within limits")
    func settle() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            func post(_ step: String, _ verb: String, _ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(id)/steps/\(step)/\(verb)", body: body)
            }
            for verb in ["complete", "skip", "fail"] {
                #expect(try await post("a", verb, #"{"reason":"x"}"#).problem == "step-not-waiting", "never tried")
                #expect(try await post("nosuch", verb, #"{"reason":"x"}"#).problem == "unknown-step")
                #expect(try await post("a", verb, "{}").status == 422)
            }
            #expect(try await post("a", "skip", #"{"reason":"x","output":1}"#).status == 422)
            #expect(try await post("a", "finish", #"{"reason":"x"}"#).status == 404)
            try await api.database.query(
                "UPDATE run_steps SET attempts = 1, next_attempt_at = '2100-01-01T00:00:00Z' WHERE step_id = 'a'")
            let large = #"{"reason":"x","output":"\#(String(repeating: "y", count: 262_144))"}"#
            #expect(try await post("a", "complete", large).status == 422)
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty, "nothing is written")
            #expect(try await post("a", "complete", #"{"reason":"paid","output":{"id":1.50}}"#).status == 202)
            let asked = try await api.database.query("SELECT kind, payload::text FROM run_inbox")
            #expect(asked == [["settle", #"{"stepId":"a","as":"complete","reason":"paid","output":{"id":1.50}}"#]])
            let actions = try await api.database.query("SELECT action FROM audit_trail WHERE subject LIKE 'runs/%'")
            #expect(actions == [["settle_step"]])
        }
    }

    @Test("A run is started for later, by a time or by a delay")
    func later() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start(body: #"{"delay":"2h"}"#)
            let run = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]
            #expect(run?["status"] == "PENDING" && run?["waitingFor"]?["kind"] == "timer")
            let until = try #require(run?["waitingFor"]?["until"]?.string.flatMap { Instant($0) })
            let created = try #require(run?["createdAt"]?.string.flatMap { Instant($0) })
            #expect(until - created > .seconds(7190) && until - created < .seconds(7210))
            let rows = try await api.database.query(
                "SELECT 1 FROM outbox WHERE available_at BETWEEN now() + interval '119 min' AND now() + interval '121 min'"
            )
            #expect(rows.count == 1)
            let past = try await api.start(body: #"{"startAt":"2020-01-01T00:00:00Z"}"#)
            #expect(
                try await api.database.query("SELECT 1 FROM outbox WHERE run_id = '\(past)' AND available_at <= now()")
                    .count == 1)
            let before = try await api.database.query("SELECT count(*) FROM workflow_runs")
            let wrong = [
                (#"{"delay":"2h","startAt":"2100-01-01T00:00:00Z"}"#, "/delay"), (#"{"delay":"367d"}"#, "/delay"),
                (#"{"delay":"soon"}"#, "/delay"), (#"{"startAt":"tomorrow"}"#, "/startAt"),
                (#"{"startAt":"2100-01-01T00:00:00Z"}"#, "/startAt"), (#"{"delay":5}"#, "/delay"),
            ]
            for (body, pointer) in wrong {
                let answer = try await api.client.send("POST", "/v1/workflows/w/start", body: body)
                #expect(
                    answer.status == 422 && answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
            }
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == before)
            // The same key with another delay is another request.
            let key = ["Idempotency-Key": "k"]
            _ = try await api.start(body: #"{"delay":"2h"}"#, key)
            let other = try await api.client.send("POST", "/v1/workflows/w/start", body: #"{"delay":"3h"}"#, key)
            #expect(other.problem == "idempotency-key-reused")
        }
    }
}
