import FoundationEssentials
import Postgres
import Storage
import Synchronization

/// The server named by TEST_POSTGRES_URL: makes, clones and drops databases. One per process.
final class TestServer: Sendable {
    struct NotConfigured: Error, CustomStringConvertible {
        let description = "TEST_POSTGRES_URL is not set: it must name a PostgreSQL server and a superuser"
    }

    let configuration: ConnectionConfiguration
    private let connectionString: String
    /// Holds the lock that says: this process is alive, leave its databases alone.
    private let admin: Connection
    /// What the names of all databases of this process begin with.
    private let prefix: String
    private let created = Mutex(0)
    private let drops: Pool

    // Memoised: the first test makes the template, those that come meanwhile wait for it.
    private static let instance = Task { try await TestServer() }

    static func shared() async throws -> TestServer { try await instance.value }

    private init() async throws {
        guard let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"] else { throw NotConfigured() }
        connectionString = url
        configuration = try ConnectionConfiguration(url, applicationName: "sagaflow-tests")
        // Advisory locks are per database, so everybody takes them in the same one.
        var patient = configuration.database("postgres")
        patient.statementTimeout = .seconds(120)
        patient.lockTimeout = .seconds(120)
        admin = try await Connection.connect(patient)
        drops = Pool(patient, maximumSize: 1)
        let now = Int(Date().timeIntervalSince1970)
        prefix = "sagatest_\(now)_\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        try await admin.simpleQuery("SELECT pg_advisory_lock(hashtext('\(prefix)'))")
        try await sweep(now: now)
        try await admin.simpleQuery("CREATE DATABASE \(prefix)_template")
        let migrations = try MigrationDirectory.read(try Self.migrationDirectory())
        _ = try await Migrator(configuration.database("\(prefix)_template"), migrations: migrations).up()
    }

    /// A new database; its name.
    func create(isMigrated: Bool) async throws -> String {
        let number = created.withLock { count in
            count += 1
            return count
        }
        let name = "\(prefix)_\(number)"
        let template = isMigrated ? " TEMPLATE \(prefix)_template" : ""
        try await admin.simpleQuery("CREATE DATABASE \(name)\(template)")
        return name
    }

    func drop(_ name: String) async throws {
        _ = try await drops.withConnection(deadline: .seconds(120)) { connection throws(PostgresError) in
            try await connection.simpleQuery("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        }
    }

    /// The connection string with another database.
    func url(of name: String) throws -> String {
        guard connectionString.contains("://") else { return "\(connectionString) dbname=\(name)" }
        guard var components = URLComponents(string: connectionString) else { throw NotConfigured() }
        components.path = "/\(name)"
        return components.string ?? connectionString
    }

    /// Drops what processes left behind that are gone: older than ten minutes and without their lock, or than a day.
    private func sweep(now: Int) async throws {
        let names = try await admin.simpleQuery("SELECT datname FROM pg_database WHERE datname LIKE 'sagatest\\_%'")
        for name in names.compactMap({ $0.first ?? nil }) {
            let parts = name.split(separator: "_")
            guard parts.count == 4, let madeAt = Int(parts[1]), now - madeAt > 600 else { continue }
            let key = "hashtext('\(parts[0...2].joined(separator: "_"))')"
            let isFree = try await admin.simpleQuery("SELECT pg_try_advisory_lock(\(key))").first?.first == "t"
            if isFree || now - madeAt > 86_400 { try await drop(name) }
            if isFree { try await admin.simpleQuery("SELECT pg_advisory_unlock(\(key))") }
        }
    }

    /// `migrations/` of the checkout this file is in, wherever the tests run.
    static func migrationDirectory() throws -> String {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().path
        return try MigrationDirectory.find(
            named: ProcessInfo.processInfo.environment["MIGRATIONS_DIR"], from: file, executable: nil)
    }
}
