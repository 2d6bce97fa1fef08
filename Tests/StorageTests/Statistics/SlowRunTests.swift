import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Slow runs, and what has failed for which reason")
struct SlowRunTests {
    @Test("Those that are slow in each way are found, the longest first, and no others")
    func ways() async throws {
        try await TestDatabase.with { test in
            let rows = RunRows(test: test)
            let retry = ["waits_for": "1"]
            let first = try await rows.add(1, ["snapshot": RunRows.retrying(2)], outbox: retry)
            let second = try await rows.add(2, ["snapshot": RunRows.retrying(3)], outbox: ["waits_for": "5"])
            let third = try await rows.add(3, ["snapshot": RunRows.retrying(7), "tenant_id": "'u'"], outbox: retry)
            // Held by an engine, and one whose step was done after nine attempts.
            try await rows.add(
                4, ["snapshot": RunRows.retrying(9)],
                outbox: ["waits_for": "1", "lease_owner": "'00000000-0000-7000-8000-000000000001'"])
            try await rows.add(
                5, ["snapshot": #"'[{"id": "s", "status": "SUCCEEDED", "attempts": 9}]'"#], outbox: ["waits_for": "4"])
            let due = try await rows.add(6, outbox: ["available_at": "now() - interval '1 minute'"])
            let longer = try await rows.add(7, outbox: ["available_at": "now() - interval '2 minutes'"])
            try await rows.add(8, outbox: ["available_at": "now() - interval '1 second'"])
            let late = try await rows.add(
                9, ["deadline_at": "now() - interval '1 minute'"], outbox: ["waits_for": "16"])
            try await rows.add(10, ["deadline_at": "now() + interval '1 minute'"], outbox: ["waits_for": "16"])
            try await rows.add(11, ["deadline_at": "now() - interval '1 minute'", "completed_at": "now()"])
            let reader = RunReader(pool: test.database.reads)
            let query = FindSlowRuns(scope: .all, minAttempts: 3, limit: 2)
            let (found, heads) = try #require(try await reader.slow(query))
            #expect(found.attempts.runIDs == [second, third] && found.attempts.count == 2)
            #expect(found.retrying.runIDs == [first, second] && found.retrying.count == 3)
            #expect(found.due.runIDs == [longer, due] && found.due.count == 2)
            #expect(found.overdue.runIDs == [late] && found.overdue.count == 1)
            #expect(![found.attempts, found.retrying, found.due, found.overdue].contains { $0.isMore })
            #expect(Set(heads.map(\.runID)) == [first, second, third, longer, due, late])
            let other = FindSlowRuns(
                scope: RunScope(tenants: .one("u"), workflows: .all), minAttempts: 3, limit: 9)
            let (own, ownHeads) = try #require(try await reader.slow(other))
            #expect(own.retrying.runIDs == [third] && own.due.runIDs.isEmpty && ownHeads.map(\.runID) == [third])
        }
    }

    @Test("Runs that fail of the same are one group, of whoever sees them, and their index alone is read")
    func groups() async throws {
        try await TestDatabase.with { test in
            let rows = RunRows(test: test)
            func fail(_ number: Int, _ message: String, tenant: String = "t") async throws -> RunID {
                try await rows.add(
                    number,
                    [
                        "status": "'FAILED'", "cause": "'STEP_FAILED'", "tenant_id": "'\(tenant)'",
                        "error": #"'{"kind": "compensation", "message": "\#(message)", "stepId": "s"}'"#,
                    ])
            }
            let ids = [
                try await fail(1, "no"), try await fail(2, "no"), try await fail(3, "why", tenant: "u"),
                try await fail(4, "no"), try await fail(5, "no"),
            ]
            // What was resolved since is none, though its error stays.
            try await test.execute("UPDATE workflow_runs SET status = 'COMPENSATED' WHERE run_id = '\(ids[4])'")
            let reader = RunReader(pool: test.database.reads)
            let all = try await reader.failedGroups(GroupFailedRuns(scope: .all, workflowName: nil))
                .sorted { $0.count > $1.count }
            #expect(all.map(\.count) == [3, 1] && all[0].runIDs == [ids[3], ids[1], ids[0]])
            let one = RunScope(tenants: .one("u"), workflows: .all)
            let own = try await reader.failedGroups(GroupFailedRuns(scope: one, workflowName: "w"))
            #expect(own.map(\.runIDs) == [[ids[2]]])
            try await test.execute(
                """
                INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, cause, error, input, context,
                    created_at, updated_at, snapshot_seq, snapshot_at)
                SELECT (lpad(to_hex(n), 12, '0') || '70008000000000000001')::uuid, 't', 'w', '1.0.0', 'COMPENSATED', 'STEP_FAILED',
                    '{"kind": "rejected"}', '{}', '{}', now(), now(), 1, now() FROM generate_series(1, 20000) n
                """)
            try await test.execute("VACUUM ANALYZE workflow_runs")
            let plan = try await test.database.reads.withConnection { connection throws(PostgresError) in
                try await connection.simpleQuery(
                    """
                    PREPARE planned (text, text[], text) AS \(GroupFailedRuns.sql);
                    EXPLAIN EXECUTE planned (NULL, NULL, NULL)
                    """)
            }.compactMap { $0.first ?? nil }
            // Those of the other partitions, which are empty, may be read as they are.
            let text = plan.joined(separator: "\n")
            #expect(plan.contains { $0.contains("Index Scan") && $0.contains("workflow_runs_default") }, "\(text)")
            #expect(
                !plan.contains { $0.contains("Seq Scan on workflow_runs_default") || $0.contains("pkey") }, "\(text)")
        }
    }
}
