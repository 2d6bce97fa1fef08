import Postgres
import TestSupport
import Testing

/// A migrated database of one test's own, and a session in it.
struct TestDatabase: Sendable {
    let url: String
    let connection: Connection

    /// Runs `body` with an empty database. Only a few exist at a time: a hundred tests that begin at once would measure each
    /// other's patience.
    static func with<Value: Sendable>(_ body: (TestDatabase) async throws -> Value) async throws -> Value {
        try await TestSupport.TestDatabase.with(writes: 1, reads: 1) { database in
            let connection = try await Connection.connect(database.configuration)
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body(TestDatabase(url: database.url, connection: connection))) } catch {
                outcome = .failure(error)
            }
            await connection.close()
            return try outcome.get()
        }
    }

    /// Rows of a query, as text.
    @discardableResult
    func query(_ sql: String) async throws -> [[String?]] { try await connection.simpleQuery(sql) }

    /// The first value of the first row.
    func value(_ sql: String) async throws -> String? { try await query(sql).first?.first ?? nil }

    /// Rows in all tables the API writes to.
    func rowCount() async throws -> Int {
        let tables = [
            "workflow_definitions", "participants", "workflow_runs", "run_journal", "outbox", "run_inbox",
            "idempotency_keys", "audit_trail", "workflow_pauses", "held_starts",
            "api_keys",
        ]
        let sum = tables.map { "(SELECT count(*) FROM \($0))" }.joined(separator: " + ")
        let text = try await query("SELECT \(sum)").first?.first ?? nil
        return try #require(text.flatMap { Int($0) })
    }

    /// Ends a run as an engine would, as far as the API can see.
    func end(_ runID: String, status: String = "COMPLETED", sequence: Int = 2) async throws {
        let cause = status == "COMPLETED" ? "null" : "'STEP_FAILED'"
        let kind = "run_" + status.lowercased()
        let error = status == "FAILED" ? #"'{"kind": "compensation", "message": "a gave up"}'"# : "error"
        try await query(
            """
            BEGIN;
            UPDATE workflow_runs SET status = '\(status)', cause = \(cause), completed_at = now(), updated_at = now(),
                output = '{"done": true}', error = \(error) WHERE run_id = '\(runID)';
            INSERT INTO run_events (run_id, seq, at, kind, epoch) VALUES ('\(runID)', \(sequence), now(), '\(kind)', 1);
            DELETE FROM outbox WHERE run_id = '\(runID)';
            COMMIT
            """)
    }
}

extension TestDatabase {
    /// A row once somebody waits for a lock in this database.
    static let somebodyWaits = """
        SELECT 1 FROM pg_locks WHERE NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    struct NoAnswer: Error {
        let sql: String
    }

    /// Asks until there is an answer, for five seconds at the most.
    func awaitText(_ sql: String) async throws -> String {
        let giveUpAt = ContinuousClock.now + .seconds(5)
        while .now < giveUpAt {
            if let text = try await query(sql).first?.first ?? nil { return text }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NoAnswer(sql: sql)
    }
}
