import Core
import Testing
import TestSupport

@testable import API

@Suite("Looking at runs, and asking things of them")
struct RunTests {
    @Test("Pages neither repeat nor miss a run while new ones are started")
    func cursor() async throws {
        try await TestAPI.with { api in
            try await api.register()
            var started: [String] = []
            for _ in 0..<7 { started.append(try await api.start()) }
            var (seen, cursor): ([String], String?) = ([], nil)
            repeat {
                let query = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await api.client.send("GET", "/v1/runs?limit=3\(query)")
                #expect(page.status == 200)
                seen += page.json["runs"]?.array?.compactMap { $0["runId"]?.string } ?? []
                cursor = page.json["nextCursor"]?.string
                _ = try await api.start()
            } while cursor != nil
            #expect(seen == started.reversed())
        }
    }

    @Test("Filters are literals and match together")
    func filters() async throws {
        try await TestAPI.with { api in
            try await api.register()
            try await api.register("v")
            let ended = try await api.start(["X-Correlation-Id": "100%"])
            try await api.database.end(ended)
            let other = try await api.start("v", body: #"{"context":{"tenantId":"t","correlationId":"o'1"}}"#)
            let cases: [(String, [String])] = [
                ("", [other, ended]), ("status=COMPLETED", [ended]), ("status=PENDING", [other]),
                ("workflow=v", [other]), ("workflow=%25", []), ("correlationId=100%25", [ended]),
                ("correlationId=100_", []), ("correlationId=o'1&tenantId=t", [other]),
                ("correlationId=o'1&tenantId=default", []), ("tenantId=default&workflow=w", [ended]),
                ("createdAfter=2100-01-01T00:00:00Z", []), ("createdBefore=2100-01-01T00:00:00+02:00", [other, ended]),
                ("status=FAILED", []),
            ]
            for (query, expected) in cases {
                let page = try await api.client.send("GET", "/v1/runs?\(query)")
                let found = page.json["runs"]?.array?.compactMap { $0["runId"]?.string }
                #expect(found == expected, "\(query): \(page.text)")
            }
        }
    }

    @Test("A run is shown whole, with what it waits for")
    func shown() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            let fresh = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"]
            #expect(fresh?["kind"] == "engine" && fresh?["liveEngines"] == 0)
            try await api.waitForRetry(id)
            let waiting = try await api.client.send("GET", "/v1/runs/\(id.uppercased())").json
            #expect(
                waiting["run"]?["waitingFor"] == [
                    "kind": "retry", "stepId": "a", "action": "execute", "until": "2100-01-01T00:00:00.000000Z",
                    "participant": "p",
                ])
            #expect(waiting["steps"]?[0]?["attempts"] == 2)
            #expect(waiting["steps"]?[0]?["nextAttemptAt"] == "2100-01-01T00:00:00.000000Z")
            try await api.database.end(id, status: "FAILED")
            let failed = try await api.client.send("GET", "/v1/runs/\(id)").json
            #expect(failed["run"]?["waitingFor"]?["kind"] == "operator")
            #expect(failed["run"]?["cause"] == "STEP_FAILED")
        }
    }

    @Test("A cancel goes into the inbox of a live run and is refused once the run has ended")
    func cancel() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            let accepted = try await api.client.send(
                "POST", "/v1/runs/\(id)/cancel", body: #"{"reason":"changed mind"}"#)
            #expect(accepted.status == 202)
            #expect(try await api.client.send("POST", "/v1/runs/\(id)/cancel").status == 202)
            let inbox = try await api.database.query("SELECT kind, payload->>'reason' FROM run_inbox ORDER BY inbox_id")
            #expect(inbox == [["cancel", "changed mind"]], "who repeats himself fills nothing")
            try await api.database.end(id, status: "COMPENSATED")
            let before = try await api.database.rowCount()
            let refused = try await api.client.send("POST", "/v1/runs/\(id)/cancel")
            #expect(refused.status == 409)
            #expect(refused.problem == "run-ended")
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("Only a step that waits for its retry, or what a FAILED run gave up on, can be retried")
    func retry() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            func retry(_ step: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/runs/\(id)/steps/\(step)/retry")
            }
            #expect(try await retry("a").problem == "step-not-retryable")  // due, but never tried
            #expect(try await retry("nope").problem == "unknown-step")
            try await api.waitForRetry(id)
            #expect(try await retry("a").status == 202)
            #expect(try await retry("b").status == 409)
            try await api.database.query(
                "UPDATE run_steps SET status = 'EXECUTING', next_attempt_at = NULL WHERE step_id = 'a'")
            #expect(try await retry("a").status == 409)
            try await api.database.query(
                """
                UPDATE run_steps SET status = 'SUCCEEDED', compensation_status = 'FAILED', compensation_attempts = 9
                WHERE step_id = 'a'
                """)
            try await api.database.end(id, status: "FAILED")
            #expect(try await retry("b").status == 409)
            #expect(try await retry("a").status == 202)
            #expect(try await api.database.query("SELECT count(*) FROM outbox") == [["1"]])
            #expect(try await api.database.query("SELECT DISTINCT kind FROM run_inbox") == [["retry"]])
        }
    }

    @Test("A retry that anybody asked for is in what admins see, with who it was, and once")
    func retryIsRecorded() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.waitForRetry(id)
            let admin = ["X-Admin-Token": TestAPI.token]
            func retry(_ headers: [String: String] = [:]) async throws {
                #expect(try await api.client.send("POST", "/v1/runs/\(id)/steps/a/retry", headers).status == 202)
            }
            func actions() async throws -> [JSON] {
                let list = try await api.client.send("GET", "/v1/admin/audit?subject=runs/\(id)", admin).json
                return try #require(list["entries"]?.array)
            }
            try await retry()
            try await retry()  // the first is not read yet
            #expect(try await api.client.send("POST", "/v1/runs/\(id)/steps/b/retry").status == 409)
            let first = try await actions()
            #expect(first.map { $0["action"] } == ["retry_run"] && first.map { $0["actor"] } == ["client"])
            #expect(first.first?["detail"]?["stepId"] == "a")
            try await api.database.query(
                "UPDATE run_steps SET status = 'SUCCEEDED', compensation_status = 'FAILED' WHERE step_id = 'a'")
            try await api.database.end(id, status: "FAILED")
            try await api.database.query("DELETE FROM run_inbox")
            try await retry(admin)
            #expect(try await actions().map { $0["actor"] } == ["tester", "client"])
        }
    }

    @Test("A history and its stream show what a newer version wrote into them, as it is")
    func newerEvents() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            let engine = "0197b0c0-0000-7000-8000-000000000001"
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, outcome, engine_id, epoch)
                VALUES ('\(id)', 2, now(), 'step_paused', 0, 'a', 'inquire', 2, 'deferred', '\(engine)', 2)
                """)
            let history = try await api.client.send("GET", "/v1/runs/\(id)/events")
            #expect(history.status == 200)
            let newer = history.json["events"]?[1]
            #expect(newer?["kind"] == "step_paused" && newer?["action"] == "inquire" && newer?["outcome"] == "deferred")
            #expect(newer?["engine"] == .string(engine))
            try await api.database.end(id, sequence: 3)
            let stream = try await api.client.connected { stream in
                try await stream.send(
                    "GET /v1/runs/\(id)/events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n")
                while try await stream.receive() {}
                return stream.text
            }
            #expect(stream.contains("id: 2\nevent: step_paused\n") && stream.contains("id: 3\n"))
        }
    }

    @Test("Definitions can be read as they were registered")
    func workflows() async throws {
        try await TestAPI.with { api in
            for version in ["1.0.0", "1.1.0-beta"] { try await api.register(version: version) }
            try await api.register("v", version: "0.1.0")
            let all = try await api.client.send("GET", "/v1/workflows").json["workflows"]
            #expect(all?.array?.compactMap { $0["name"]?.string } == ["v", "w"])
            #expect(all?[1]?["latest"] == "1.0.0")
            let one = try await api.client.send("GET", "/v1/workflows/w").json
            #expect(one["versions"]?.array?.compactMap { $0["version"]?.string } == ["1.1.0-beta", "1.0.0"])
            let version = try await api.client.send("GET", "/v1/workflows/w/1.1.0-beta").json
            #expect(version["definition"]?["version"] == "1.1.0-beta")
        }
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        try await TestAPI.with { api in
            for path in ["/health", "/v1/runs"] {
                let get = try await api.client.send("GET", path)
                let raw = "HEAD \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let bytes = try await api.client.connected { stream in
                    try await stream.send(raw)
                    while try await stream.receive() {}
                    return stream.text
                }
                #expect(bytes.hasPrefix("HTTP/1.1 200"))
                #expect(bytes.contains("Content-Length: \(get.body.count)\r\n"))
                #expect(bytes.hasSuffix("\r\n\r\n"))
            }
        }
    }
}

extension TestAPI {
    fileprivate func start(_ headers: [String: String]) async throws -> String { try await start(body: "{}", headers) }

    /// Step `a` has failed twice and waits.
    func waitForRetry(_ runID: String) async throws {
        try await database.query(
            """
            UPDATE run_steps SET attempts = 2, next_attempt_at = '2100-01-01T00:00:00Z'
            WHERE run_id = '\(runID)' AND step_id = 'a'
            """)
        try await database.query(
            "UPDATE outbox SET available_at = '2100-01-01T00:00:00Z' WHERE run_id = '\(runID)'")
    }
}
