import Foundation
import Postgres
import Testing

/// A migrated database of one test's own.
struct TestDatabase: Sendable {
    let url: String
    let connection: Connection

    struct NotConfigured: Error, CustomStringConvertible {
        let description: String
    }

    static func environment(_ name: String, _ what: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw NotConfigured(description: "\(name) is not set: it must name \(what)")
        }
        return value
    }

    /// Runs `body` with a fresh database that is gone afterwards.
    static func with<Value>(_ body: (TestDatabase) async throws -> Value) async throws -> Value {
        let server = try environment("TEST_POSTGRES_URL", "a PostgreSQL server and a superuser")
        let name = "apitest_\(UUID().uuidString.prefix(13).lowercased().replacing("-", with: "_"))"
        let admin = try await Connection.connect(try ConnectionConfiguration(server))
        try await admin.simpleQuery("CREATE DATABASE \(name)")
        let outcome: Result<Value, any Error>
        do {
            var parts = try #require(URLComponents(string: server))
            parts.path = "/\(name)"
            let url = try #require(parts.string)
            let connection = try await Connection.connect(try ConnectionConfiguration(url))
            for migration in try migrations() { try await connection.simpleQuery(migration) }
            outcome = .success(try await body(TestDatabase(url: url, connection: connection)))
            await connection.close()
        } catch {
            outcome = .failure(error)
        }
        try await admin.simpleQuery("DROP DATABASE \(name) WITH (FORCE)")
        await admin.close()
        return try outcome.get()
    }

    /// The `up` migrations of this project, in order.
    private static func migrations(file: String = #filePath) throws -> [String] {
        let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".up.sql") }
        try #require(!names.isEmpty, "there are no migrations in \(folder.path)")
        return try names.sorted().map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
    }

    /// Rows of a query, as text.
    @discardableResult
    func query(_ sql: String) async throws -> [[String?]] { try await connection.simpleQuery(sql) }

    /// Rows in all tables the API writes to.
    func rowCount() async throws -> Int {
        let tables = [
            "workflow_definitions", "participants", "workflow_runs", "run_steps", "run_events", "outbox", "run_inbox",
            "idempotency_keys", "admin_actions",
        ]
        let sum = tables.map { "(SELECT count(*) FROM \($0))" }.joined(separator: " + ")
        let text = try await query("SELECT \(sum)").first?.first ?? nil
        return try #require(text.flatMap { Int($0) })
    }

    /// Ends a run as an engine would, as far as the API can see.
    func end(_ runID: String, status: String = "COMPLETED", sequence: Int = 2) async throws {
        let cause = status == "COMPLETED" ? "null" : "'STEP_FAILED'"
        let kind = "run_" + status.lowercased()
        try await query(
            """
            BEGIN;
            UPDATE workflow_runs SET status = '\(status)', cause = \(cause), completed_at = now(), updated_at = now(),
                output = '{"done": true}' WHERE run_id = '\(runID)';
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

    /// Asks until there is an answer, for five seconds at the most.
    func awaitText(_ sql: String) async throws -> String {
        let giveUpAt = ContinuousClock.now + .seconds(5)
        while .now < giveUpAt {
            if let text = try await query(sql).first?.first ?? nil { return text }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NotConfigured(description: "no answer to: \(sql)")
    }
}
