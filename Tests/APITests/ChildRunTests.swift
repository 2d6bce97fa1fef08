import Core
import Storage
import Testing

@testable import API

@Suite("Child runs, as they are shown")
struct ChildRunTests {
    private static let definition = #"""
        {"name":"w","version":"1.0.0","steps":[{"id":"a","run":{"workflow":"w"}}]}
        """#

    /// A run that waits for its child.
    private static func with(_ body: @escaping @Sendable (TestAPI, String, String) async throws -> Void) async throws {
        try await TestAPI.with { api in
            let registered = try await api.client.send(
                "POST", "/v1/admin/workflows", body: definition, ["X-Admin-Token": TestAPI.token])
            #expect(registered.status == 201, "\(registered.text)")
            let (parent, child) = (try await api.start(), try await api.start())
            try await api.database.query(
                """
                UPDATE workflow_runs SET status = 'RUNNING', snapshot_at = now(), snapshot =
                    '[{"id":"a","status":"WAITING","child":{"runId":"\(child)","workflow":"w","phase":"live"}}]'
                WHERE run_id = '\(parent)'
                """)
            try await api.database.query(
                """
                UPDATE workflow_runs SET parent_run_id = '\(parent)', parent_step = 'a', snapshot =
                    '{"steps":[{"id":"a","status":"PENDING"}],"parent":{"runId":"\(parent)","stepId":"a","depth":1}}'
                WHERE run_id = '\(child)'
                """)
            try await api.database.query(
                "UPDATE outbox SET available_at = now() + interval '1 year' WHERE run_id = '\(parent)'")
            try await body(api, parent, child)
        }
    }

    @Test("A run shows its children, a child its parent, and what waits for a child names it")
    func shown() async throws {
        try await Self.with { api, parent, child in
            let shown = try await api.client.send("GET", "/v1/runs/\(parent)").json
            #expect(
                shown["steps"]?.array?.first?["child"]
                    == ["runId": .string(child), "workflow": "w", "status": "PENDING"])
            #expect(shown["steps"]?.array?.first?["kind"] == "run" && shown["run"]?["parent"] == nil)
            let waiting = shown["run"]?["waitingFor"]
            #expect(waiting?["kind"] == "child" && waiting?["runId"] == .string(child) && waiting?["stepId"] == "a")
            #expect(waiting?["status"] == "PENDING" && waiting?["workflow"] == "w")
            let kid = try await api.client.send("GET", "/v1/runs/\(child)").json
            #expect(kid["run"]?["parent"] == ["runId": .string(parent), "stepId": "a"])
        }
    }

    @Test("A run shows the runs that make the calls after its ends, and nobody can start one")
    func endCalls() async throws {
        try await Self.with { api, parent, child in
            try await api.database.query(
                """
                UPDATE workflow_runs SET snapshot =
                    '{"steps":[{"id":"a","status":"SUCCEEDED"}],"endCalls":["\(child)","\(RunID(high: 1, low: 1))"]}'
                WHERE run_id = '\(parent)'
                """)
            let shown = try await api.client.send("GET", "/v1/runs/\(parent)").json
            #expect(
                shown["run"]?["onEnd"] == [
                    ["runId": .string(child), "status": "PENDING"],
                    ["runId": .string(RunID(high: 1, low: 1).description), "status": nil],
                ])
            for name in ["w:onEnd", "w%3AonEnd"] {
                for body in ["{}", #"{"version":"1.0.0"}"#] {
                    let answer = try await api.client.send("POST", "/v1/workflows/\(name)/start", body: body)
                    #expect(answer.status == 404, "\(answer.text)")
                }
            }
        }
    }

    @Test("A list of the children of a run, and of no other")
    func listed() async throws {
        try await Self.with { api, parent, child in
            func list(_ query: String) async throws -> [String?] {
                let answer = try await api.client.send("GET", "/v1/runs?\(query)")
                #expect(answer.status == 200, "\(answer.text)")
                return answer.json["runs"]?.array?.map { $0["runId"]?.string } ?? []
            }
            #expect(try await list("parent=\(parent)") == [child])
            #expect(try await list("parent=\(child)") == [])
            #expect(try await list("parent=\(parent)&status=COMPLETED") == [])
            #expect(try await list("parent=\(parent)&workflow=w") == [child])
            let refused = try await api.client.send("GET", "/v1/runs?parent=x")
            #expect(refused.status == 400 && refused.problem == "invalid-parameter")
        }
    }

    @Test("A person who would undo a child is told whose it is")
    func undo() async throws {
        try await Self.with { api, parent, child in
            try await api.database.query("DELETE FROM outbox WHERE run_id = '\(child)'")
            try await api.database.query(
                "UPDATE workflow_runs SET status = 'COMPLETED', completed_at = now() WHERE run_id = '\(child)'")
            let undo = try await api.client.send("POST", "/v1/runs/\(child)/undo", body: #"{"reason":"no"}"#)
            #expect(undo.status == 409 && undo.problem == "child-run" && undo.text.contains(parent), "\(undo.text)")
            #expect(try await api.database.query("SELECT count(*) FROM run_inbox") == [["0"]])
        }
    }
}
