import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("No statement of the hot path reads whole tables, whenever it was planned")
struct PlanTests {
    private static let statements = [
        ("ClaimRuns", ClaimRuns.sql), ("ClaimSuspect", ClaimSuspect.sql), ("ClaimShares", ClaimShares.sql),
        ("CommitDecisions", CommitDecisions.sql),
        ("CommitResults", CommitResults.sql),
        ("RenewLeases", RenewLeases.sql), ("ReleaseLeases", ReleaseLeases.sql),
    ]

    /// The generic plan of a statement under the settings of the write pool.
    private func plan(_ name: String, _ sql: String, _ test: TestDatabase) async throws -> [String] {
        let numbers = sql.matches(of: /\$(\d+)/).compactMap { Int($0.output.1) }
        let all = 1...(numbers.max() ?? 1)
        // A parameter that is sent and not used has a type all the same: that of the statement it is shared with.
        let types = all.map { number in
            (name == "CommitResults" ? CommitDecisions.sql : sql).matches(of: /\$(\d+)::(\w+\[\])/)
                .first { $0.output.1 == "\(number)" }
                .map { String($0.output.2) } ?? "unknown"
        }
        let nulls = all.map { _ in "NULL" }.joined(separator: ", ")
        let rows = try await test.database.writes.withConnection { connection throws(PostgresError) in
            try await connection.simpleQuery(
                "PREPARE planned (\(types.joined(separator: ", "))) AS \(sql); EXPLAIN EXECUTE planned (\(nulls))"
            )
        }
        return rows.compactMap { $0.first ?? nil }
    }

    @Test("Planned on empty tables that were just vacuumed, each row is looked up by itself", arguments: statements)
    func emptyTables(name: String, sql: String) async throws {
        try await TestDatabase.with { test in
            try await test.execute("VACUUM ANALYZE outbox")
            try await test.execute("VACUUM ANALYZE run_inbox")
            let plan = try await plan(name, sql, test)
            for (line, next) in zip(plan, plan.dropFirst() + [""]) {
                guard line.contains(/Scan (using \w+ )?on (outbox|run_inbox)/) else { continue }
                #expect(next.contains("Cond:"), "\(name): \(line)\n\(plan.joined(separator: "\n"))")
            }
            #expect(plan.contains { $0.contains("outbox") })
        }
    }

    @Test("A divided claim looks at the lanes it is asked for, also where it is known how many rows there are of each")
    func lanes() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at, lane)
                SELECT gen_random_uuid(), now() - interval '1 s' - n * interval '1 ms', CASE WHEN n % 500 = 0 THEN 36 ELSE 20 END
                FROM generate_series(1, 20000) n
                """)
            try await test.execute("VACUUM ANALYZE outbox")
            let plan = try await plan("ClaimShares", ClaimShares.sql, test)
            let text = plan.joined(separator: "\n")
            #expect(plan.contains { $0.contains("Index Scan using outbox_lanes") }, "\(text)")
            #expect(!plan.contains { $0.contains("outbox_available") }, "\(text)")
        }
    }

    @Test("For a key of some workflows no page reads more runs than its window has, however many are others'")
    func window() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                    created_at, updated_at, snapshot_seq, snapshot_at)
                SELECT (lpad(to_hex(n), 12, '0') || '70008000000000000001')::uuid, 'default', 'loud', '1.0.0', 'COMPLETED', '{}', '{}',
                    now(), now(), 1, now()
                FROM generate_series(1, 30000) n
                """)
            // Before they are counted a small partition may be read from end to end, which costs less.
            try await test.execute("VACUUM ANALYZE workflow_runs")
            for (name, sql, extra) in [
                (
                    "list", ListRunsInWindow.sql,
                    ", NULL, NULL, NULL, NULL, 51, '{mine}', NULL, NULL, false, false, NULL, NULL, 10000"
                ),
                ("end", FindWindowEnd.sql, ", NULL, 9999"),
            ] {
                let types =
                    "uuid, uuid, text"
                    + (name == "end"
                        ? ", text, int8"
                        : ", text, text, timestamptz, timestamptz, int8, text[], text, text, bool, bool, text, int8, int8")
                let rows = try await test.database.reads.withConnection { connection throws(PostgresError) in
                    _ = try await connection.simpleQuery("DEALLOCATE ALL")
                    return try await connection.simpleQuery(
                        """
                        PREPARE planned (\(types)) AS \(sql);
                        EXPLAIN (ANALYZE, TIMING OFF) EXECUTE planned (NULL, NULL, NULL\(extra))
                        """)
                }
                let plan = rows.compactMap { $0.first ?? nil }
                let read = plan.filter { $0.contains("Scan") }.compactMap { line in
                    line.firstMatch(of: /actual rows=(\d+)/).flatMap { Int($0.output.1) }
                }
                #expect(
                    read.contains { $0 > 1000 } && read.allSatisfy { $0 <= RunQuery.scopedWindow },
                    "\(name) \(plan)")
                #expect(!plan.contains { $0.contains("Sort  (") }, "\(name): \(plan.joined(separator: "\n"))")
            }
        }
    }

    @Test("A list of the newest runs reads no more than it shows, also where nobody has counted them yet")
    func youngPartition() async throws {
        let definition = try WorkflowDefinition.sampleChain()
        try await TestDatabase.with { test in
            let starter = RunStarter(pool: test.database.writes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await starter.run() }
                _ = try await starter.submit(NewRun.sample(definition))
                starter.close()
                try await group.waitForAll()
            }
            let one = try #require(try await test.value("SELECT run_id FROM workflow_runs"))
            let others = try await test.value(
                """
                SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
                WHERE table_name = 'workflow_runs' AND column_name <> 'run_id'
                """)
            let columns = try #require(others)
            // Where this takes its time somebody might come and count them.
            let partition = try #require(try await test.value("SELECT tableoid::regclass FROM workflow_runs"))
            try await test.execute("ALTER TABLE \(partition) SET (autovacuum_enabled = false)")
            // Whoever had this database before may have had it counted.
            try await test.execute(
                """
                UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = '\(partition)'::regclass;
                DELETE FROM pg_statistic WHERE starelid = '\(partition)'::regclass
                """)
            try await test.execute(
                """
                INSERT INTO workflow_runs (run_id, \(columns))
                SELECT (left('\(one)', 24) || lpad(to_hex(n), 12, '0'))::uuid, \(columns)
                FROM workflow_runs, generate_series(1, 20000) n
                """)
            for last in ["NULL::uuid", "'\(one)'::uuid"] {
                let rows = try await test.database.reads.withConnection { connection throws(PostgresError) in
                    _ = try await connection.simpleQuery("DEALLOCATE ALL")
                    return try await connection.simpleQuery(
                        """
                        PREPARE planned (uuid, uuid, text, text, text, timestamptz, timestamptz, int8, text[], text, text, bool, bool, text, int8) AS \(ListRuns.sql);
                        EXPLAIN EXECUTE planned (NULL, \(last), NULL, NULL, NULL, NULL, NULL, 500, NULL, NULL, NULL, false, false, NULL, NULL)
                        """)
                }
                let plan = rows.compactMap { $0.first ?? nil }
                #expect(!plan.contains { $0.contains("Sort  (") }, "\(plan.joined(separator: "\n"))")
                #expect(plan.contains { $0.contains("Index Scan Backward") })
            }
        }
    }
}
