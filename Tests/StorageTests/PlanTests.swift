import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("No statement of the hot path reads whole tables, whenever it was planned")
struct PlanTests {
    private static let statements = [
        ("ClaimRuns", ClaimRuns.sql), ("ClaimSuspect", ClaimSuspect.sql), ("CommitDecisions", CommitDecisions.sql),
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
}
