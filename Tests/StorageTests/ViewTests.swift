import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("The views show what stands in journal and snapshots")
struct ViewTests {
    @Test("Events and steps are what programs read, of runs that went either way and of one that waits")
    func agree() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2, backoff: "1h")
            let engine = TestEngine(test, definition)
            var runs: [RunID] = []
            for answers in [[CallResult.yes, .yes], [.yes, .no, .yes], [.yes, .busy]] {
                var held = try await engine.begin(definition)
                runs.append(held.run.id)
                for answer in answers { _ = try await engine.settle(&held, [try held.answered(answer)]) }
            }
            try await engine.start([.sample(definition)])
            let statuses = try await test.query("SELECT status FROM workflow_runs ORDER BY run_id").compactMap { $0[0] }
            #expect(statuses == ["COMPLETED", "COMPENSATED", "RUNNING", "PENDING"])
            let fresh = try await test.query(
                """
                SELECT step_id, s.status, next_attempt_at IS NOT NULL FROM run_steps s JOIN workflow_runs r USING (run_id)
                WHERE r.status = 'PENDING' ORDER BY step_index
                """)
            #expect(fresh == [["step-1", "PENDING", "t"], ["step-2", "PENDING", "f"]])
            for runID in runs { try await expectAgreement(of: runID, test) }
        }
    }

    private func expectAgreement(of runID: RunID, _ test: TestDatabase) async throws {
        let reader = RunReader(pool: test.database.reads)
        let events = try await reader.events(of: runID)
        let seen = try await test.query(
            """
            SELECT seq, kind, step_id, attempt, outcome, error->>'kind', data::text FROM run_events
            WHERE run_id = '\(runID)' ORDER BY seq
            """)
        let expected = events.map { event in
            [
                "\(event.sequence)", event.kind, event.row.stepID, event.row.attempt.map { "\($0)" }, event.outcome,
                event.row.error?["kind"]?.string,
            ]
        }
        #expect(seen.map { Array($0.dropLast()) } == expected)
        let data = seen.map { row in row[6].flatMap { try? JSON(parsing: $0) } }
        #expect(data == events.map(\.row.data))
        let steps = try #require(try await reader.find(runID)).steps
        let rows = try await test.query(
            """
            SELECT step_id, status, attempts, compensation_status, compensation_attempts, output::text,
                (extract(epoch FROM started_at) * 1000000)::bigint, (extract(epoch FROM completed_at) * 1000000)::bigint,
                (extract(epoch FROM next_attempt_at) * 1000000)::bigint, attempt_seq
            FROM run_steps WHERE run_id = '\(runID)' ORDER BY step_index
            """)
        let shown = steps.map { row -> [String?] in
            let step = row.step
            return [
                row.stepID, step.status.rawValue, "\(step.attempts)", step.compensationStatus.rawValue,
                "\(step.compensationAttempts)", step.output?.text,
                (step.startedAt?.microseconds).map { "\($0)" }, (step.completedAt?.microseconds).map { "\($0)" },
                (step.nextAttemptAt?.microseconds).map { "\($0)" }, "\(step.attemptSequence)",
            ]
        }
        #expect(rows == shown)
        let ended = "SELECT count(*) FROM step_attempts WHERE ended_at IS NOT NULL AND run_id = '\(runID)'"
        let ends = events.count { $0.row.kind == .attemptSucceeded || $0.row.kind == .attemptFailed }
        #expect(try await test.value(ended) == "\(ends)")
    }

    @Test(
        "Asked of one run, each touches the rows of that run alone",
        arguments: ["run_events", "run_steps", "step_attempts"])
    func oneRun(view: String) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let new = NewRun.sample(definition)
            try await engine.start([new])
            try await engine.drive { _, _ in .yes }
            // Many more of the same millisecond, so of the same partition.
            let others = "left(run_id::text, 19) || right(gen_random_uuid()::text, 17)"
            for table in ["workflow_runs", "run_journal"] {
                try await test.execute(
                    """
                    INSERT INTO \(table) SELECT (jsonb_populate_record(t, jsonb_build_object('run_id', \(others)))).*
                    FROM \(table) t, generate_series(1, 5000) WHERE run_id = '\(new.run.id)'
                    """)
            }
            try await test.execute("ANALYZE workflow_runs; ANALYZE run_journal")
            let plan = try await test.query("EXPLAIN SELECT * FROM \(view) WHERE run_id = '\(new.run.id)'")
                .compactMap { $0.first ?? nil }
            // Partitions without a row may be read from end to end.
            for table in ["workflow_runs", "run_journal"] {
                let full = try await test.value(
                    "SELECT tableoid::regclass FROM \(table) WHERE run_id = '\(new.run.id)'")
                let partition = try #require(full)
                #expect(!plan.contains { $0.contains("Seq Scan on \(partition)") }, "\(plan.joined(separator: "\n"))")
            }
            #expect(plan.contains { $0.contains("Index Cond: (run_id = ") }, "\(plan.joined(separator: "\n"))")
        }
    }

    @Test("A three-step run that goes well is nine row versions")
    func rowVersions() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            try await test.execute("SELECT pg_stat_reset()")
            let database = Database(test.configuration, writes: 1, reads: 1)
            let engine = EngineID.sample()
            let leases = LeaseStore(database: database, engine: engine, length: .seconds(60))
            let writer = CommitWriter(pool: database.writes, engine: engine, patience: .seconds(5))
            let runs = (0..<20).map { _ in NewRun.sample(definition) }
            for result in await StartWriter(pool: database.writes, deadline: .seconds(5)).write(runs) {
                #expect(try result.get() == .started)
            }
            for claimed in try await leases.claim(limit: 100) {
                var held = Held(claimed: claimed, run: try claimed.run(of: definition), claimedAt: .now)
                while !held.calls.isEmpty {
                    let commit = try held.decide([try held.answered(.yes)])
                    #expect(try await writer.write([commit])[0].get().unread == 0)
                    held.run = commit.decision.after
                }
            }
            // The one session that wrote tells the statistics now.
            _ = try await database.writes.withConnection { connection throws(PostgresError) in
                try await connection.simpleQuery("SELECT pg_stat_force_next_flush()")
            }
            await database.close()
            let versions = try await test.value("SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables")
            #expect(versions == "\(9 * runs.count)")
        }
    }
}
