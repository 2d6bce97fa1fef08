import Core
import Logging
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Counts of runs, minute by minute")
struct MinuteTests {
    private static let hour = Instant(microseconds: Instant.now.microseconds / 60_000_000 * 60_000_000)

    private static func read(
        _ test: TestDatabase, _ scope: RunScope = .all, tenant: String? = nil, workflow: String? = nil
    ) async throws -> [ReadMinutes.Row] {
        try await RunReader(pool: test.database.reads).minutes(
            ReadMinutes(scope: scope, since: hour - .seconds(3600), tenantID: tenant, workflowName: workflow))
    }

    private static func writer(_ counts: MinuteCounts, _ test: TestDatabase) -> MinuteWriter {
        MinuteWriter(
            counts, pool: test.database.writes, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test("What several processes count adds up in the minute it happened in, and everybody sees their own alone")
    func addUp() async throws {
        try await TestDatabase.with { test in
            for _ in 0..<2 {
                let counts = MinuteCounts()
                counts.add(.started, of: "w", tenantID: "a", at: Self.hour)
                counts.add(.started, of: "w", tenantID: "a", at: Self.hour + .milliseconds(59_999))
                counts.add(.failed, of: "v", tenantID: "a", at: Self.hour + .seconds(60))
                counts.add(.completed, of: "w", tenantID: "b", at: Self.hour)
                await Self.writer(counts, test).write()
                await Self.writer(counts, test).write()
            }
            let all = try await Self.read(test)
            #expect(all.map(\.minute) == [Self.hour, Self.hour + .seconds(60)])
            #expect(all[0].tally.counts == [4, 2, 0, 0, 0] && all[1].tally.counts == [0, 0, 0, 0, 2])
            let own = RunScope(tenants: .one("a"), workflows: .all)
            #expect(try await Self.read(test, own).map(\.tally.counts) == [[4, 0, 0, 0, 0], [0, 0, 0, 0, 2]])
            #expect(try await Self.read(test, own, workflow: "v").map(\.tally.counts) == [[0, 0, 0, 0, 2]])
            #expect(try await Self.read(test, tenant: "b").map(\.tally.counts) == [[0, 2, 0, 0, 0]])
            let some = RunScope(tenants: .all, workflows: WorkflowScope(stored: ["v*"]))
            #expect(try await Self.read(test, some).map(\.tally.counts) == [[0, 0, 0, 0, 2]])
        }
    }

    @Test("More tenants than are kept apart are counted all the same, and whoever sees some is told that it is not all")
    func others() async throws {
        try await TestDatabase.with { test in
            let counts = MinuteCounts()
            let count = MinuteCounts.mostApart + 10
            for number in 0..<count { counts.add(.started, of: "w", tenantID: "t\(number)", at: Self.hour) }
            await Self.writer(counts, test).write()
            let all = try #require(try await Self.read(test).first)
            #expect(all.tally[.started] == Int64(count) && !all.hasOthers)
            let first = try #require(
                try await Self.read(test, RunScope(tenants: .one("t0"), workflows: .all)).first)
            #expect(first.tally[.started] == 1 && first.hasOthers)
            #expect(try await test.value("SELECT count(*) FROM run_minutes") == "\(MinuteCounts.mostApart + 1)")
        }
    }

    @Test("What can't be written is kept, and written once it can be")
    func away() async throws {
        try await TestDatabase.with { test in
            let counts = MinuteCounts()
            counts.add(.started, of: "w", tenantID: "a", at: Self.hour)
            try await test.execute("ALTER TABLE run_minutes RENAME TO gone")
            await Self.writer(counts, test).write()
            counts.add(.started, of: "w", tenantID: "a", at: Self.hour)
            try await test.execute("ALTER TABLE gone RENAME TO run_minutes")
            await Self.writer(counts, test).write()
            #expect(try await Self.read(test).map(\.tally.counts) == [[2, 0, 0, 0, 0]])
        }
    }

    @Test("Counts of yesterday are removed, those of today are not; both are found by the index")
    func old() async throws {
        try await TestDatabase.with { test in
            let counts = MinuteCounts()
            counts.add(.started, of: "w", tenantID: "a", at: Self.hour)
            counts.add(.started, of: "w", tenantID: "a", at: Self.hour - .seconds(26 * 3600))
            await Self.writer(counts, test).write()
            _ = try await test.database.writes.execute(DeleteOldMinutes())
            #expect(try await test.value("SELECT count(*) FROM run_minutes") == "1")
            try await test.execute(
                """
                INSERT INTO run_minutes SELECT now() - n * interval '1 minute', 't' || m, 'w', 1, 0, 0, 0, 0
                FROM generate_series(1, 1440) n, generate_series(1, 20) m
                """)
            try await test.execute("VACUUM ANALYZE run_minutes")
            let rows = try await test.database.reads.withConnection { connection throws(PostgresError) in
                try await connection.simpleQuery(
                    """
                    PREPARE planned (timestamptz, text, text, text[]) AS \(ReadMinutes.sql);
                    EXPLAIN EXECUTE planned (now() - interval '1 hour', NULL, NULL, NULL)
                    """)
            }
            let plan = rows.compactMap { $0.first ?? nil }.joined(separator: "\n")
            #expect(plan.contains("run_minutes_pkey") && !plan.contains("Seq Scan"), "\(plan)")
        }
    }
}
