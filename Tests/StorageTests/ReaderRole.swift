import Foundation
import Postgres
import Storage
import Testing
import TestSupport

/// A role of the server that has logged in for itself, as a dashboard's does; gone afterwards with all it was granted.
struct ReaderRole: Sendable {
    /// insufficient_privilege.
    static let denied = SQLState(rawValue: "42501")

    let name: String
    let configuration: ConnectionConfiguration

    /// Runs `body` with a new role.
    ///
    /// - Parameters:
    ///   - attributes: as in CREATE ROLE.
    ///   - tenant: what the tables' owner has written down for it; nil for nothing.
    static func with(
        _ test: TestDatabase, tenant: String?, _ attributes: String = "IN ROLE sagaflow_reader",
        _ body: (ReaderRole) async throws -> Void
    ) async throws {
        // Roles are the whole server's: other tests may be making this one at the same moment. It stays.
        try await test.execute(
            """
            DO $$ BEGIN CREATE ROLE sagaflow_reader NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$
            """)
        let name = "reader_\(UInt32.random(in: 0 ... .max))"
        try await test.execute("CREATE ROLE \(name) LOGIN PASSWORD 'reader' \(attributes)")
        let outcome: Result<Void, any Error>
        do {
            if let tenant {
                #expect(try await test.value("SELECT grant_reader()") == "t")
                try await test.execute("INSERT INTO reader_tenants VALUES ('\(name)', '\(tenant)')")
            }
            outcome = .success(try await body(ReaderRole(name, test)))
        } catch { outcome = .failure(error) }
        // A session that ends drops its temporary tables when nobody waits for it any more.
        try await test.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '\(name)'")
        try await test.execute("REASSIGN OWNED BY \(name) TO CURRENT_USER; DROP OWNED BY \(name); DROP ROLE \(name)")
        try outcome.get()
    }

    private init(_ name: String, _ test: TestDatabase) throws {
        self.name = name
        var url = try #require(URLComponents(string: test.url))
        (url.user, url.password) = (name, "reader")
        configuration = try ConnectionConfiguration(try #require(url.string), applicationName: "reader")
    }

    /// Pools as a process of ours has them, that log in as this role; closed by who asks for them.
    func database() -> Database { Database(configuration, writes: 2, reads: 2) }

    func migrator(_ files: MigrationFiles) -> Migrator { Migrator(configuration, migrations: files) }

    /// Runs SQL in a session of its own and gives the rows of its last statement.
    func query(_ sql: String) async throws -> [[String?]] {
        let connection = try await Connection.connect(configuration)
        let rows: Result<[[String?]], PostgresError>
        do throws(PostgresError) { rows = .success(try await connection.simpleQuery(sql)) } catch {
            rows = .failure(error)
        }
        await connection.close()
        return try rows.get()
    }

    func value(_ sql: String) async throws -> String? { try await query(sql).first?.first ?? nil }

    /// The SQLSTATE it is refused with; nil when it is not.
    func refusal(of sql: String) async -> SQLState? {
        do {
            _ = try await query(sql)
            return nil
        } catch { return (error as? PostgresError)?.state }
    }
}
