// What tests of several modules share: a database of their own on a real server (TestDatabase), definitions and runs to
// put into it (Samples), and a proxy that loses answers (CuttingProxy).

package import Core
package import Postgres
package import Storage

/// A migrated database that nobody else uses, gone afterwards.
///
/// It is a clone of a template that is migrated once per process, emptied and used again by later tests unless its
/// schema was changed. At most `TestServer.limit` exist at a time; further tests wait for one.
/// TEST_POSTGRES_URL must name a server and a superuser; without it every test that needs one fails.
package struct TestDatabase: Sendable {
    /// The database's name on the server.
    package let name: String
    /// A connection string for it, for processes under test.
    package let url: String
    /// The same, parsed.
    package let configuration: ConnectionConfiguration
    /// The pools, as a process of ours has them.
    package let database: Database
    private let control: Pool

    /// Runs `body` with a database of its own, empty but for the schema.
    ///
    /// - Parameters:
    ///   - isMigrated: false for one without any schema.
    ///   - writes: connections in the write pool.
    ///   - reads: connections in the read pool.
    package static func with<Value: Sendable>(
        isMigrated: Bool = true, writes: Int = 4, reads: Int = 4, _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        let server = try await TestServer.shared()
        let name = try await server.acquire(isMigrated: isMigrated)
        var isClean = false
        let outcome: Result<Value, any Error>
        do {
            let test = try TestDatabase(name: name, server: server, writes: writes, reads: reads)
            do { outcome = .success(try await body(test)) } catch { outcome = .failure(error) }
            await test.database.close()
            // A test that broke the server's end of things must not hide behind its clean-up: the database is dropped.
            isClean = (try? await test.value(resetScript)) == server.fingerprint
            await test.control.close()
        } catch {
            outcome = .failure(error)
        }
        try await server.giveBack(name, isReusable: isClean && isMigrated)
        return try outcome.get()
    }

    private init(name: String, server: TestServer, writes: Int, reads: Int) throws {
        self.name = name
        url = try server.url(of: name)
        configuration = server.configuration.database(name)
        database = Database(configuration, writes: writes, reads: reads)
        var patient = configuration
        patient.statementTimeout = .seconds(120)
        control = Pool(patient, maximumSize: 2)
    }

    /// Runs SQL without parameters and gives the rows of its last statement, every value as text.
    package func query(_ sql: String) async throws -> [[String?]] {
        try await control.withConnection { connection throws(PostgresError) in try await connection.simpleQuery(sql) }
    }

    /// Runs SQL without parameters.
    package func execute(_ sql: String) async throws { _ = try await query(sql) }

    /// The first column of the first row, as text.
    package func value(_ sql: String) async throws -> String? {
        try await query(sql).first?.first ?? nil
    }

    /// Registers a definition, so that engines and APIs find it.
    package func register(_ definition: WorkflowDefinition) async throws {
        try await Self.register(definition, database)
    }

    /// The same in any database.
    package static func register(_ definition: WorkflowDefinition, _ database: Database) async throws {
        let digest = Array(repeating: UInt8(truncatingIfNeeded: definition.name.utf8.count), count: 32)
        _ = try await DefinitionStore(pool: database.writes).register(definition, specHash: digest, by: "tests")
    }
}
