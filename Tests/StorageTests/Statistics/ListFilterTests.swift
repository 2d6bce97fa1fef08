import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Lists by version, step, attempts, error and deadline")
struct ListFilterTests {
    @Test("Each of these filters finds what it says, alone and with a state, and nothing else")
    func filters() async throws {
        try await TestDatabase.with { test in
            let rows = RunRows(test: test)
            let old = try await rows.add(1, ["workflow_version": "'0.9.0'", "status": "'COMPLETED'"])
            let failed = try await rows.add(
                2,
                [
                    "status": "'COMPENSATED'", "cause": "'STEP_FAILED'",
                    "error": #"'{"kind": "rejected", "message": "Card declined", "stepId": "charge"}'"#,
                ])
            let before = try await rows.add(
                3,
                [
                    "status": "'FAILED'", "cause": "'STEP_FAILED'",
                    "error":
                        #"'{"kind": "compensation", "message": "no", "stepId": "reserve", "before": {"kind": "rejected", "message": "CARD stolen", "stepId": "charge"}}'"#,
                ])
            let retrying = try await rows.add(
                4, ["snapshot": RunRows.retrying(5, "ship")], outbox: ["waits_for": "1"])
            let element = try await rows.add(
                5, ["snapshot": RunRows.retrying(2, "ship[3]"), "deadline_at": "now() - interval '1 s'"],
                outbox: ["waits_for": "1"])
            let reader = RunReader(pool: test.database.reads)
            func found(_ change: (inout RunQuery) -> Void) async throws -> [RunID] {
                var query = RunQuery(scope: .all, limit: 10)
                change(&query)
                #expect(try await reader.windowEnd(query) == nil, "all of them were looked at")
                return try await reader.list(query).map(\.runID)
            }
            func error(_ text: String, _ isInMessages: Bool = true) -> RunQuery.ErrorText {
                .init(text, isInMessages: isInMessages)
            }
            #expect(try await found { ($0.workflowName, $0.workflowVersion) = ("w", "0.9.0") } == [old])
            #expect(try await found { $0.stepID = "charge" } == [before, failed])
            #expect(try await found { $0.stepID = "ship" } == [element, retrying])
            #expect(try await found { ($0.stepID, $0.waitingFor) = ("ship", .retry) } == [element, retrying])
            #expect(try await found { ($0.stepID, $0.status) = ("charge", .failed) } == [before])
            #expect(try await found { $0.stepID = "ship[" } == [])
            #expect(try await found { $0.minAttempts = 2 } == [element, retrying])
            #expect(try await found { ($0.minAttempts, $0.waitingFor) = (3, .retry) } == [retrying])
            #expect(try await found { ($0.minAttempts, $0.status) = (3, .running) } == [retrying])
            #expect(try await found { $0.error = error("card") } == [before, failed])
            #expect(try await found { $0.error = error("card", false) } == [], "messages are not for everybody")
            #expect(try await found { $0.error = error("rejected", false) } == [failed])
            #expect(try await found { $0.error = error("%") } == [])
            #expect(try await found { $0.isOverdue = true } == [element])
            #expect(try await found { ($0.isOverdue, $0.waitingFor) = (true, .retry) } == [element])
            #expect(try await found { ($0.isOverdue, $0.waitingFor) = (true, .signal) } == [])
        }
    }

    @Test("A page looks no further than its window, says where it ended, and one after the other finds all")
    func windows() async throws {
        try await TestDatabase.with { test in
            let rows = RunRows(test: test)
            let wanted = try await rows.add(1, ["snapshot": RunRows.retrying(9)], outbox: ["waits_for": "1"])
            let count = RunQuery.costlyWindow + 10
            for (table, columns, values) in [
                (
                    "workflow_runs",
                    "run_id, tenant_id, workflow_name, workflow_version, status, input, context, created_at, updated_at, snapshot_seq, snapshot_at, snapshot",
                    "'t', 'w', '1.0.0', 'RUNNING', '{}', '{}', now(), now(), 1, now(), \(RunRows.retrying(1))"
                ), ("outbox", "run_id, available_at, waits_for", "now() + interval '1 hour', 1"),
            ] {
                try await test.execute(
                    """
                    INSERT INTO \(table) (\(columns))
                    SELECT ('018bcfe56900' || '70008' || lpad(to_hex(n), 15, '0'))::uuid, \(values)
                    FROM generate_series(1, \(count)) n
                    """)
            }
            let reader = RunReader(pool: test.database.reads)
            for change: (inout RunQuery) -> Void in [
                { $0.minAttempts = 9 }, { ($0.minAttempts, $0.waitingFor) = (9, .retry) },
                { ($0.minAttempts, $0.status) = (9, .running) },
            ] {
                var query = RunQuery(scope: .all, limit: 5)
                change(&query)
                #expect(try await reader.list(query).isEmpty)
                let end = try #require(try await reader.windowEnd(query), "it ended early")
                query.before = end
                #expect(try await reader.list(query).map(\.runID) == [wanted])
                #expect(try await reader.windowEnd(query) == nil)
            }
        }
    }
}
