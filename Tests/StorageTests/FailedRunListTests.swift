import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("The list of FAILED runs shows those, and costs no more than it must")
struct FailedRunListTests {
    @Test("Each filter of the list, alone and together; no other status is ever shown")
    func list() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try engine(test)
            let other = try WorkflowDefinition.sampleChain(3, name: "other")
            let others = TestEngine(test, other)
            let plain = try await engine.fail(definition)
            let otherRun = try await others.fail(other)
            var held = try await engine.begin(definition)
            _ = try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "It is poison."))
            let poisoned = held.run.id
            held = try await engine.begin(definition)
            _ = try await engine.work(&held) { _, call in call.action == .execute ? .no : .yes }
            #expect(held.run.status == .compensated)
            try await engine.start([.sample(definition)])
            let reader = RunReader(pool: test.database.reads)
            func found(_ change: (inout FailedRunQuery) -> Void) async throws -> [RunID] {
                var query = FailedRunQuery(scope: .all, limit: 10)
                change(&query)
                return try await reader.failed(query).map(\.run.runID)
            }
            #expect(try await found { _ in } == [poisoned, otherRun, plain])
            #expect(try await found { $0.kind = .quarantined } == [poisoned])
            #expect(try await found { $0.kind = .compensation } == [otherRun, plain])
            #expect(try await found { $0.stepID = "step-2" } == [otherRun, plain])
            #expect(try await found { $0.stepID = "step-1" } == [])
            #expect(try await found { $0.runs.workflowName = "other" } == [otherRun])
            #expect(try await found { ($0.runs.workflowName, $0.kind) = ("other", .quarantined) } == [])
            #expect(try await found { $0.runs.before = poisoned } == [otherRun, plain])
            let first = try #require(try await reader.find(plain)?.run.createdAt)
            #expect(try await found { $0.runs.createdAfter = first } == [poisoned, otherRun, plain])
            #expect(try await found { $0.runs.createdBefore = first } == [])
            let rows = try await reader.failed(FailedRunQuery(scope: .all, limit: 10))
            #expect(rows[0].isQuarantined && rows[0].steps.isEmpty && !rows[1].isQuarantined)
            #expect(rows[1].steps.map(\.stepID) == ["step-2"] && rows[1].steps[0].attempts == 1)
            #expect(rows[1].steps[0].error.json["httpStatus"] == 422)
            #expect(rows.map(\.isLast) == [false, false, true])
            // A page that would be too large ends early, and says so.
            try await test.execute(
                """
                UPDATE run_steps SET error = json_build_object('kind', 'rejected', 'message', 'no',
                    'response', repeat('x', 300000)) WHERE compensation_status = 'FAILED'
                """)
            let short = try await reader.failed(FailedRunQuery(scope: .all, limit: 10))
            #expect(short.count == 3 && short[1].steps[0].error.json == ["kind": "rejected", "message": "no"])
            try await test.execute(
                """
                UPDATE workflow_runs SET snapshot = (
                    SELECT json_agg(json_build_object('id', 's' || i, 'status', 'SUCCEEDED', 'compensation', 'FAILED',
                        'error', json_build_object('kind', 'rejected', 'message', repeat('x', 2000))))
                    FROM generate_series(100, 1300) i)
                WHERE run_id = '\(otherRun)'
                """)
            let early = try await reader.failed(FailedRunQuery(scope: .all, limit: 10))
            #expect(early.map(\.run.runID) == [poisoned, otherRun] && early.last?.isLast == false)
            var without = FailedRunQuery(scope: .all, limit: 10)
            without.showsErrors = false
            #expect(try await reader.failed(without).count == 3)
        }
    }

    @Test("The list reads the index of runs that left the forward path, not all runs")
    func listCost() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try engine(test)
            _ = try await engine.fail(definition)
            try await test.execute(
                """
                INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                    created_at, updated_at, snapshot_seq, snapshot_at)
                SELECT gen_random_uuid(), 'default', 'w', '1.0.0', 'COMPLETED', '{}', '{}', now(), now(), 1, now()
                FROM generate_series(1, 20000)
                """)
            try await test.execute("VACUUM ANALYZE workflow_runs")
            let sql = ListFailedRuns.sql.replacing("$11", with: "NULL").replacing("$10", with: "NULL")
                .replacing("$1", with: "'\(RunID(high: 0, low: 0))'::uuid").replacing(
                    "$2", with: "'\(RunID(high: .max, low: 0))'::uuid"
                ).replacing("$8", with: "50")
            let plain = ([9] + Array(3...7)).reduce(sql) { $0.replacing("$\($1)", with: "NULL") }
            let plan = try await test.query("EXPLAIN \(plain)").compactMap { $0.first ?? nil }
            // Ids made by the database are of no time: all of them are in the default partition.
            #expect(plan.contains { $0.contains("workflow_runs_default_run_id_idx") }, "\(plan)")
        }
    }

    private func engine(_ test: TestDatabase) throws -> (TestEngine, WorkflowDefinition) {
        let definition = try WorkflowDefinition.sampleChain(3)
        return (TestEngine(test, definition), definition)
    }
}
