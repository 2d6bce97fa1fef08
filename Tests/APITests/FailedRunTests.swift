import Core
import Testing

@testable import API

@Suite("What admins do about FAILED runs")
struct FailedRunTests {
    private static let token = ["X-Admin-Token": TestAPI.token]

    @Test("A FAILED run is listed with what gave up and why; others are not, and pages follow each other")
    func list() async throws {
        try await TestAPI.with { api in
            try await api.register()
            var runs: [String] = []
            for _ in 0..<3 { runs.append(try await api.failedRun()) }
            _ = try await api.start()
            try await api.quarantine(runs[2])
            func page(_ query: String) async throws -> Answer {
                try await api.client.send("GET", "/v1/admin/runs/failed?\(query)", Self.token)
            }
            let all = try await page("limit=2")
            #expect(all.status == 200, "\(all.text)")
            #expect(all.json["runs"]?.array?.compactMap { $0["runId"]?.string } == [runs[2], runs[1]])
            let poisoned = all.json["runs"]?[0]
            #expect(poisoned?["quarantined"] == true && poisoned?["reason"] == "It is poison.")
            let failed = all.json["runs"]?[1]
            #expect(failed?["quarantined"] == false && failed?["cause"] == "STEP_FAILED")
            #expect(
                failed?["failedSteps"] == [
                    ["stepId": "a", "attempts": 9, "error": ["kind": "rejected", "message": "no"]]
                ])
            let cursor = try #require(all.json["nextCursor"]?.string)
            let rest = try await page("limit=2&cursor=\(cursor)")
            #expect(rest.json["runs"]?.array?.compactMap { $0["runId"]?.string } == [runs[0]])
            #expect(rest.json["nextCursor"] == .null)
            let cases: [(String, Int)] = [
                ("stepId=a", 2), ("stepId=b", 0), ("kind=quarantined", 1), ("kind=compensation", 2), ("workflow=w", 3),
                ("workflow=%25", 0), ("createdAfter=2100-01-01T00:00:00Z", 0),
                ("createdBefore=2100-01-01T00:00:00Z", 3),
            ]
            for (query, count) in cases {
                #expect(try await page(query).json["runs"]?.array?.count == count, "\(query)")
            }
            for bad in ["kind=x", "limit=0", "cursor=abc", "createdAfter=x", "status=FAILED", "limit=1&limit=2"] {
                #expect(try await page(bad).problem == "invalid-parameter", "\(bad)")
            }
        }
    }

    @Test("A resolve goes to the engine with who and why, and into what admins did; anything but FAILED is refused")
    func resolve() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.failedRun()
            func resolve(_ id: String, _ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/runs/\(id)/resolve", body: body, Self.token)
            }
            let body = #"{"stepId":"a","resolution":"compensated","reason":"refunded by hand"}"#
            let before = try await api.database.rowCount()
            #expect(try await resolve(id, body.replacing("\"a\"", with: "\"b\"")).problem == "step-not-resolvable")
            #expect(try await resolve(id, body.replacing("\"a\"", with: "\"c\"")).problem == "unknown-step")
            #expect(try await resolve("0197b0c0-0000-7000-8000-000000000000", body).problem == "unknown-run")
            #expect(try await resolve("x", body).problem == "invalid-parameter")
            #expect(try await resolve(try await api.start(), body).problem == "run-not-failed")
            for (bad, pointer) in [
                (#"{"resolution":"compensated","reason":"x"}"#, "/stepId"),
                (#"{"stepId":"a","stepIds":["b"],"resolution":"compensated","reason":"x"}"#, "/stepIds"),
                (#"{"stepIds":"a","resolution":"compensated","reason":"x"}"#, "/stepIds"),
                (#"{"stepIds":null,"resolution":"compensated","reason":"x"}"#, "/stepIds"),
                (#"{"stepIds":[],"resolution":"compensated","reason":"x"}"#, "/stepIds"),
                (#"{"stepIds":["a",1],"resolution":"compensated","reason":"x"}"#, "/stepIds/1"),
                (#"{"stepIds":["a","b","a"],"resolution":"compensated","reason":"x"}"#, "/stepIds/2"),
                (#"{"stepIds":["a",""],"resolution":"compensated","reason":"x"}"#, "/stepIds/1"),
                (Self.stepIDs(10_101), "/stepIds"),
                (#"{"stepId":"a","reason":"x"}"#, "/resolution"),
                (#"{"stepId":"a","resolution":"compensated"}"#, "/reason"),
                (#"{"stepId":"a","resolution":"compensated","reason":""}"#, "/reason"),
                (#"{"stepId":"a","resolution":"compensated","reason":null}"#, "/reason"),
                (#"{"stepId":"a","resolution":"done","reason":"x"}"#, "/resolution"),
                (#"{"stepId":"a","resolution":"compensated","reason":"x","force":true}"#, "/force"),
                (
                    #"{"stepId":"a","resolution":"compensated","reason":"\#(String(repeating: "x", count: 1001))"}"#,
                    "/reason"
                ),
            ] {
                let answer = try await resolve(id, bad)
                #expect(answer.status == 422 && answer.pointers == [pointer], "\(answer.text)")
            }
            let started = 3  // the run started above: run, journal, outbox
            #expect(try await api.database.rowCount() == before + started)
            let accepted = try await resolve(id, body)
            #expect(accepted.status == 202 && accepted.headers["location"] == "/v1/runs/\(id)")
            let inbox = try await api.database.query(
                "SELECT kind, payload->>'stepIds', payload->>'reason', sent_by FROM run_inbox")
            #expect(inbox == [["resolve", #"["a"]"#, "refunded by hand", "tester"]])
            let actions = try await api.client.send("GET", "/v1/admin/audit?subject=runs/\(id)", Self.token).json
            #expect(actions["entries"]?.array?.count == 1)
            #expect(actions["entries"]?[0]?["action"] == "resolve_step" && actions["entries"]?[0]?["actor"] == "tester")
            #expect(actions["entries"]?[0]?["detail"] == ["stepIds": ["a"], "reason": "refunded by hand"])
        }
    }

    @Test("Of a quarantined run what may have had an effect can be resolved, and nothing else")
    func resolveQuarantined() async throws {
        try await TestAPI.with { api in
            try await api.register(steps: ["a", "b", "c", "d", "e"])
            let id = try await api.start()
            try await api.database.query(
                """
                UPDATE run_steps SET
                    status = CASE step_id WHEN 'a' THEN 'SUCCEEDED' WHEN 'b' THEN 'EXECUTING' ELSE status END,
                    is_ambiguous = step_id = 'c', attempts = 1 WHERE run_id = '\(id)'
                """)
            try await api.database.end(id, status: "FAILED")
            try await api.quarantine(id)
            func resolve(_ steps: String) async throws -> Answer {
                let body = #"{"stepIds":[\#(steps)],"resolution":"compensated","reason":"by hand"}"#
                return try await api.client.send("POST", "/v1/admin/runs/\(id)/resolve", body: body, Self.token)
            }
            let before = try await api.database.rowCount()
            let unknown = try await resolve(#""a","z""#)
            #expect(unknown.problem == "unknown-step" && unknown.text.contains("no step z"), "\(unknown.text)")
            let refused = try await resolve(#""a","d","b","e""#)
            #expect(refused.status == 409 && refused.problem == "step-not-resolvable", "\(refused.text)")
            #expect(refused.text.contains("not so of d, e."), "\(refused.text)")
            #expect(try await api.database.rowCount() == before)
            #expect(try await resolve(#""c","a","b""#).status == 202)
            let sent = "SELECT kind, payload->>'stepIds' FROM run_inbox"
            #expect(try await api.database.query(sent) == [["resolve", #"["c","a","b"]"#]])
            let actions = "SELECT count(*) FROM audit_trail WHERE action = 'resolve_step'"
            #expect(try await api.database.query(actions) == [["1"]])
            // Of a quarantined run, once it is taken up, the engine undoes everything else: a second one comes too late.
            let second = try await resolve(#""a""#)
            #expect(second.status == 409 && second.problem == "step-not-resolvable", "\(second.text)")
            #expect(try await api.database.query(sent).count == 1)
        }
    }

    private static func stepIDs(_ count: Int) -> String {
        let ids = (0..<count).map { "\"s\($0)\"" }.joined(separator: ",")
        return "{\"stepIds\":[\(ids)],\"resolution\":\"compensated\",\"reason\":\"x\"}"
    }

    @Test("A retry takes up all that failed, or one step, and only of a FAILED run")
    func retry() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.failedRun()
            func retry(_ id: String, _ body: String?) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/runs/\(id)/retry", body: body, Self.token)
            }
            #expect(try await retry(id, #"{"stepId":"b"}"#).problem == "step-not-retryable")
            #expect(try await retry(id, #"{"stepId":"c"}"#).problem == "unknown-step")
            #expect(try await retry(id, #"{"step":"a"}"#).problem == "invalid-content")
            #expect(try await retry(try await api.start(), nil).problem == "run-not-failed")
            #expect(try await api.database.query("SELECT count(*) FROM run_inbox") == [["0"]])
            #expect(try await retry(id, nil).status == 202)
            #expect(try await retry(id, #"{"stepId":"a","reason":"mended"}"#).status == 202)
            let inbox = try await api.database.query(
                "SELECT kind, payload->>'stepId', payload->>'reason', sent_by FROM run_inbox ORDER BY inbox_id")
            #expect(inbox == [["retry", nil, nil, "tester"], ["retry", "a", "mended", "tester"]])
            #expect(
                try await api.database.query("SELECT run_id, inbox_count FROM outbox WHERE run_id = '\(id)'")
                    == [[id, "2"]])
        }
    }

    @Test("Many are retried at once: a dry run only tells, who is asked already is skipped, the filters hold")
    func bulk() async throws {
        try await TestAPI.with { api in
            try await api.register()
            var runs: [String] = []
            for _ in 0..<4 { runs.append(try await api.failedRun()) }
            try await api.quarantine(runs[3])
            func retry(_ body: String?) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/runs/failed/retry", body: body, Self.token)
            }
            let dry = try await retry(#"{"dryRun":true,"kind":"compensation"}"#)
            #expect(dry.json["matched"] == 3 && dry.json["retried"]?.array?.count == 3, "\(dry.text)")
            #expect(try await api.database.query("SELECT count(*) FROM run_inbox") == [["0"]])
            let one = try await retry(#"{"limit":1,"stepId":"a","reason":"mended"}"#)
            #expect(one.json["matched"] == 1 && one.json["retried"] == [.string(runs[2])], "\(one.text)")
            let rest = try await retry(nil)
            #expect(rest.json["matched"] == 4)
            #expect(rest.json["retried"] == .array([runs[3], runs[1], runs[0]].map { .string($0) }))
            #expect(rest.json["skipped"]?.array?.map { $0["runId"]?.string } == [runs[2]])
            #expect(
                try await api.database.query("SELECT count(*) FROM audit_trail WHERE action = 'retry_run'") == [["4"]]
            )
            for (bad, pointer) in [
                (#"{"limit":1001}"#, "/limit"), (#"{"limit":0}"#, "/limit"), (#"{"dryRun":1}"#, "/dryRun"),
                (#"{"kind":"x"}"#, "/kind"), (#"{"createdAfter":"x"}"#, "/createdAfter"),
                (#"{"status":"x"}"#, "/status"),
            ] {
                let answer = try await retry(bad)
                #expect(answer.status == 422 && answer.pointers == [pointer], "\(answer.text)")
            }
        }
    }

    @Test(
        "Nothing of this is done without a token",
        arguments: [
            ("GET", "runs/failed"), ("POST", "runs/failed/retry"), ("POST", "runs/x/retry"), ("POST", "runs/x/resolve"),
            ("GET", "audit"), ("POST", "workflows/validate"), ("PUT", "workflows/w/1.0.0/deprecation"),
            ("DELETE", "workflows/w/1.0.0/deprecation"),
        ])
    func token(method: String, path: String) async throws {
        try await TestAPI.with { api in
            for headers in [[:], ["X-Admin-Token": "wrong-token"]] {
                let answer = try await api.client.send(method, "/v1/admin/\(path)", headers)
                #expect(answer.status == 401 && answer.problem == "unauthorized", "\(answer.text)")
            }
        }
    }

    @Test("Who cancels or retries with an admin's token is named; a wrong token is refused, and guessing limited")
    func callers() async throws {
        try await TestAPI.with(["ADMIN_RATE": "1/1h", "ADMIN_BURST": "2"]) { api in
            let id = try await api.startPlanted()
            func cancel(_ headers: [String: String]) async throws -> Int {
                try await api.client.send("POST", "/v1/runs/\(id)/cancel", headers).status
            }
            #expect(try await cancel(["X-Admin-Token": "wrong-token"]) == 401)
            #expect(try await api.database.query("SELECT count(*) FROM run_inbox") == [["0"]])
            #expect(try await cancel(Self.token) == 202)
            #expect(try await api.database.query("SELECT sent_by FROM run_inbox") == [["tester"]])
            #expect(try await cancel(["X-Admin-Token": "wrong-token"]) == 401)
            #expect(try await cancel(["X-Admin-Token": "wrong-token"]) == 429)
            #expect(try await cancel([:]) == 202)
        }
        try await TestAPI.with(["ADMIN_TOKENS": ""]) { api in
            let id = try await api.startPlanted()
            #expect(try await api.client.send("POST", "/v1/runs/\(id)/cancel", Self.token).status == 202)
            #expect(try await api.database.query("SELECT sent_by FROM run_inbox") == [["client"]])
        }
    }
}
