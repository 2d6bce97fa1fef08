import Core
import Testing

@testable import API

@Suite("What a run waits for is said in lists as well as of one run, whatever it is")
struct WaitingTests {
    private static let later = "2100-01-01T00:00:00.000000Z"
    private static let engine = "00000000-0000-7000-8000-000000000001"

    @Test("Nobody claims it: that no engine lives is told")
    func noEngine() async throws {
        try await Self.with { api, id in
            #expect(try await api.waiting(id)["liveEngines"] == 0)
            try await api.beat(Self.engine)
            let waiting = try await api.waiting(id)
            #expect(waiting["kind"] == "engine" && waiting["liveEngines"] == 1 && waiting["since"]?.string != nil)
        }
    }

    @Test("Its backoff, or a participant whose breaker is open, or what an engine lacks to call it")
    func backoff() async throws {
        try await Self.with { api, id in
            try await api.database.query(
                "UPDATE run_steps SET attempts = 1, next_attempt_at = '\(Self.later)' WHERE step_id = 'a'")
            try await api.hold(id, by: nil, until: "'\(Self.later)'")
            var expected: JSONObject = [
                "kind": "retry", "stepId": "a", "action": "execute", "until": .string(Self.later), "participant": "p",
            ]
            #expect(try await api.waiting(id) == .object(expected))
            try await api.beat(Self.engine, report: #"{"participants": {"p": {"breaker": "open"}}}"#)
            expected["kind"] = "breaker"
            try await api.awaitWaiting(id) { $0 == .object(expected) }
            try await api.beat(Self.engine, report: #"{"participants": {"p": {"breaker": "closed", "paused": true}}}"#)
            expected["kind"] = "retry"
            expected["participantPaused"] = true
            try await api.awaitWaiting(id) { $0 == .object(expected) }
            let lacks = "This engine has no secret s."
            try await api.beat(
                Self.engine, report: #"{"participants": {"p": {"breaker": "closed", "lacks": "\#(lacks)"}}}"#)
            expected["participantPaused"] = nil
            expected["lacks"] = .string(lacks)
            try await api.awaitWaiting(id) { $0 == .object(expected) }
            // The tenant has one of its own by now, of which nothing is told: nor is anything of the shared one.
            try await api.database.query(
                """
                INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                VALUES ('default', 'p', 'http://p', 'tests')
                """)
            expected["lacks"] = nil
            try await api.awaitWaiting(id) { $0 == .object(expected) }
            try await api.beat(
                Self.engine,
                report:
                    #"{"tenantParticipants": {"default": {"p": {"breaker": "open"}}, "x": {"p": {"paused": true}}}}"#)
            expected["kind"] = "breaker"
            try await api.awaitWaiting(id) { $0 == .object(expected) }
        }
    }

    @Test("A call in flight, and what waits for its end")
    func call() async throws {
        try await Self.with { api, id in
            try await api.beat(Self.engine)
            try await api.begin(id, by: Self.engine)
            let calling = try await api.waiting(id)
            #expect(calling["kind"] == "call" && calling["stepId"] == "a" && calling["action"] == "execute")
            #expect(calling["participant"] == "p" && calling["engine"] == .string(Self.engine))
            #expect(calling["holdsUp"] == nil && calling["queued"] == nil && calling["isOverdue"] == nil)
            let since = try #require(calling["since"]?.string.flatMap { Instant($0) })
            let until = try #require(calling["until"]?.string.flatMap { Instant($0) })
            #expect(until > since && until - since <= .seconds(60), "a call ends with its timeout")

            try await api.database.query("UPDATE workflow_runs SET deadline_at = now()")
            #expect(try await api.waiting(id)["holdsUp"] == "deadline")
            #expect(try await api.client.send("POST", "/v1/runs/\(id)/cancel").status == 202)
            #expect(try await api.waiting(id)["holdsUp"] == "cancel", "asked for, and not recorded yet")
            try await api.database.query("DELETE FROM run_inbox; UPDATE outbox SET inbox_count = 0")
            try await api.database.query("UPDATE workflow_runs SET cause = 'STEP_FAILED'")
            #expect(try await api.waiting(id)["holdsUp"] == "compensation")

            try await api.beat(Self.engine, report: #"{"participants": {"p": {"breaker": "closed", "queued": 3}}}"#)
            try await api.awaitWaiting(id) { $0["queued"] == 3 }
            #expect(try await api.waiting(id)["participantPaused"] == nil)
            try await api.beat(
                Self.engine, report: #"{"participants": {"p": {"breaker": "closed", "paused": true, "held": 2}}}"#)
            try await api.awaitWaiting(id) { $0["participantPaused"] == true && $0["held"] == 2 }
            try await api.database.query("UPDATE run_events SET at = at - interval '1 hour'")
            #expect(try await api.waiting(id)["isOverdue"] == nil, "what waits for a resume has not begun")
            try await api.beat(Self.engine)
            try await api.awaitWaiting(id) { $0["isOverdue"] == true && $0["participantPaused"] == nil }
        }
    }

    @Test("An engine that gives no sign of life, until its lease ends")
    func takeover() async throws {
        try await Self.with { api, id in
            try await api.begin(id, by: Self.engine)
            let waiting = try await api.waiting(id)
            #expect(waiting["kind"] == "takeover" && waiting["engine"] == .string(Self.engine))
        }
    }

    @Test("Its deadline, when nothing else is left to wait for")
    func deadline() async throws {
        try await Self.with { api, id in
            try await api.database.query("UPDATE workflow_runs SET deadline_at = '\(Self.later)'")
            try await api.database.query("UPDATE run_steps SET next_attempt_at = NULL")
            try await api.hold(id, by: nil, until: "'\(Self.later)'")
            #expect(try await api.waiting(id) == ["kind": "deadline", "until": .string(Self.later)])
        }
    }

    @Test("A person, until one has asked for something; and nothing when it is over")
    func person() async throws {
        try await Self.with { api, id in
            try await api.database.end(id, status: "FAILED")
            #expect(try await api.waiting(id) == ["kind": "operator", "reason": "a compensation gave up"])
            try await api.quarantine(id)
            #expect(try await api.waiting(id) == ["kind": "operator", "reason": "the run was quarantined"])
            let asked = try await api.client.send(
                "POST", "/v1/admin/runs/\(id)/retry", body: "{}", ["X-Admin-Token": TestAPI.token])
            #expect(asked.status == 202)
            #expect(try await api.waiting(id)["kind"] == "engine")
            try await api.database.end(id, status: "COMPENSATED", sequence: 3)
            #expect(try await api.waiting(id) == .null)
        }
    }

    private static func with(_ body: @Sendable (TestAPI, _ runID: String) async throws -> Void) async throws {
        try await TestAPI.with { api in
            try await api.register()
            try await body(api, try await api.start())
        }
    }
}

extension TestAPI {
    /// What the run waits for, which is the same wherever it is shown.
    fileprivate func waiting(_ id: String) async throws -> JSON {
        let alone = try await client.send("GET", "/v1/runs/\(id)").json["run"]
        for query in ["limit=1", "limit=1&include=payloads"] {
            let listed = try await client.send("GET", "/v1/runs?\(query)").json["runs"]?[0]
            #expect(listed?["waitingFor"] == alone?["waitingFor"])
        }
        return try #require(alone?["waitingFor"])
    }

    /// What engines told is known a second later.
    fileprivate func awaitWaiting(_ id: String, until isSo: (JSON) -> Bool) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(5)
        var waiting: JSON
        repeat {
            waiting = try await client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"] ?? .null
            if isSo(waiting) { return }
            try await Task.sleep(for: .milliseconds(50))
        } while .now < giveUpAt
        Issue.record("\(waiting)")
    }

    fileprivate func beat(_ engine: String, report: String = "{}") async throws {
        try await database.query(
            """
            INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
            VALUES ('\(engine)', 'here', '1', now(), now(), 1, '\(report)')
            ON CONFLICT (engine_id) DO UPDATE SET heartbeat_at = now(), report = excluded.report
            """)
    }

    fileprivate func hold(_ id: String, by engine: String?, until time: String) async throws {
        let owner = engine.map { "'\($0)'" } ?? "NULL"
        try await database.query(
            "UPDATE outbox SET lease_owner = \(owner), available_at = \(time) WHERE run_id = '\(id)'")
    }

    /// An engine holds the run and calls for step `a`.
    fileprivate func begin(_ id: String, by engine: String) async throws {
        try await hold(id, by: engine, until: "now() + interval '1 hour'")
        try await database.query(
            """
            BEGIN;
            UPDATE workflow_runs SET status = 'RUNNING' WHERE run_id = '\(id)';
            UPDATE run_steps SET status = 'EXECUTING', attempts = 1, next_attempt_at = NULL
            WHERE run_id = '\(id)' AND step_id = 'a';
            INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, engine_id, epoch)
            VALUES ('\(id)', 2, now(), 'attempt_started', 0, 'a', 'execute', 1, '\(engine)', 1);
            COMMIT
            """)
    }
}
