import Core
import Postgres
@testable import Engine
@testable import Storage
import TestSupport
import Testing

@Suite("Which runs wait for what", .timeLimit(.minutes(3)))
struct WaitKindTests {
    private static func call(_ path: String) -> JSON { ["participant": "demo", "path": .string(path), "body": "none"] }

    private static func workflow(_ name: String, _ steps: JSON...) throws -> WorkflowDefinition {
        try WorkflowDefinition.sample(name: name, steps: steps, backoff: "1h")
    }

    @Test(
        "each kind lists the runs that rest for it, newest first, as of their last rest, and none that is held or over")
    func kinds() async throws {
        let signal = try Self.workflow("signals", ["id": "s", "await": ["signal": "go"]])
        let timer = try Self.workflow("timers", ["id": "t", "wait": ["for": "1h"]])
        let both = try Self.workflow(
            "both", ["id": "s", "await": ["signal": "go"]], ["id": "t", "wait": ["for": "1h"], "dependsOn": []])
        let retry = try Self.workflow("retries", ["id": "r", "action": Self.call("/down")])
        var accepted = try #require(Self.call("/later").object)
        accepted["completion"] = "callback"
        let callback = try Self.workflow("callbacks", ["id": "c", "action": .object(accepted)])
        let stuck = try Self.workflow(
            "stuck", ["id": "p", "action": Self.call("/ok"), "pivot": true], ["id": "q", "action": Self.call("/no")])
        let elsewhere = try Self.workflow(
            "elsewhere", ["id": "e", "action": ["participant": "far", "path": "/x", "body": "none"]])
        let all = [signal, timer, both, retry, callback, stuck, elsewhere]
        let answers = ["/down": 503, "/later": 202, "/no": 422]
        try await Stage.with(all, answer: { call in (answers[call.path] ?? 200, "{}") }) { stage in
            try await stage.test.execute(
                """
                INSERT INTO participants (participant_name, url, updated_by)
                VALUES ('far', 'http://192.0.2.1:1', 'tests')
                """)
            try await stage.withEngine { _ in
                var runs: [String: RunID] = [:]
                for definition in all { runs[definition.name] = try await stage.start(definition)[0] }
                let late = try await stage.start(signal, startAt: .now + .seconds(3600))[0]
                let pause = WorkflowPause(since: .now, by: "ann", reason: "audit", starts: .wait)
                let paused = try await stage.start(signal, pause: pause)[0]
                let second = try await stage.start(signal)[0]
                try await stage.test.eventually(
                    "SELECT 1 FROM outbox WHERE waits_for IS NOT NULL AND lease_owner IS NULL HAVING count(*) = 10")
                func list(_ kind: WaitKinds, _ narrow: (inout RunQuery) -> Void = { _ in }) async throws -> [RunID] {
                    var query = RunQuery(scope: .all)
                    query.waitingFor = kind
                    narrow(&query)
                    return try await stage.reader.list(query).map(\.runID)
                }
                let signals = [second, runs["both"], runs["signals"]].compactMap(\.self)
                #expect(try await list(.signal) == signals)
                #expect(try await list(.timer) == [late, runs["both"], runs["timers"]])
                #expect(try await list(.retry) == [runs["retries"]])
                #expect(try await list(.callback) == [runs["callbacks"]])
                #expect(try await list(.person) == [runs["stuck"]])
                #expect(try await list(.participant) == [runs["elsewhere"]])
                #expect(try await list(.paused) == [paused])
                #expect(try await list(.signal) { $0.limit = 1 } == [second])
                #expect(
                    try await list(.signal) {
                        $0.limit = 1
                        $0.before = second
                    } == [runs["both"]])
                #expect(try await list(.signal) { $0.workflowName = "signals" } == [second, runs["signals"]])
                #expect(try await list(.signal) { $0.status = .compensating } == [])
                let counts = try await stage.test.database.reads.execute(CountWaitingRuns())
                let ofSignals = counts.filter { $0.kinds.contains(.signal) }.map(\.count)
                #expect(ofSignals.reduce(0, +) == 3 && counts.map(\.count).reduce(0, +) == 10)
                // One that is over waits for nothing.
                try await stage.send(
                    InboxRequest(.signal(name: "go", payload: 1, key: nil), sentBy: "ann"), to: second)
                #expect(try await stage.end(of: second) == .completed)
                #expect(try await list(.signal) == Array(signals.dropFirst()))
            }
        }
    }

    @Test("the look-up goes through the index of what waits, however many runs live")
    func plan() async throws {
        try await Stage.with([]) { stage in
            try await stage.test.execute(
                """
                INSERT INTO outbox (run_id, available_at, waits_for)
                SELECT gen_random_uuid(), now(), CASE WHEN n % 1000 = 0 THEN 4 END FROM generate_series(1, 20000) n
                """)
            try await stage.test.execute("ANALYZE outbox")
            let plan = try await stage.test.query(
                "EXPLAIN SELECT run_id FROM outbox WHERE waits_for = 4 AND waits_for IS NOT NULL AND lease_owner IS NULL "
                    + "ORDER BY run_id DESC LIMIT 50"
            ).compactMap { $0.first ?? nil }.joined()
            #expect(plan.contains("outbox_waiting") && !plan.contains("Sort"), "\(plan)")
        }
    }
}
