import FoundationEssentials
import Postgres
import Storage
import Synchronization

/// The server named by TEST_POSTGRES_URL: makes, clones and drops databases. One per process.
final class TestServer: Sendable {
    struct NotConfigured: Error, CustomStringConvertible {
        let description = "TEST_POSTGRES_URL is not set: it must name a PostgreSQL server and a superuser"
    }

    private struct State {
        var created = 0
        var inUse = 0
        /// Emptied, ready to be used again.
        var free: [String] = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Databases in use at once: each costs connections and a second of a busy disk.
    static let limit = 8

    let configuration: ConnectionConfiguration
    /// What `fingerprintQuery` says of an unchanged clone.
    let fingerprint: String?
    private let connectionString: String
    /// Holds the lock that says: this process is alive, leave its databases alone.
    private let guardian: Connection
    private let admins: Pool
    /// What the names of all databases of this process begin with.
    private let prefix: String
    private let state = Mutex(State())

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
        guardian = try await Connection.connect(patient)
        admins = Pool(patient, maximumSize: 4)
        let now = Int(Date().timeIntervalSince1970)
        prefix = "sagatest_\(now)_\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        try await guardian.simpleQuery("SELECT pg_advisory_lock(hashtext('\(prefix)'))")
        try await Self.sweep(guardian, now: now)
        let template = "\(prefix)_template"
        try await guardian.simpleQuery("CREATE DATABASE \(template)")
        let migrations = try MigrationDirectory.read(try Self.migrationDirectory())
        _ = try await Migrator(configuration.database(template), migrations: migrations).up()
        let connection = try await Connection.connect(configuration.database(template))
        try await connection.simpleQuery(viewTriggers)
        fingerprint = try await connection.simpleQuery(fingerprintQuery).first?.first ?? nil
        await connection.close()
    }

    /// A database that nobody else uses; its name. Waits while too many are in use.
    func acquire(isMigrated: Bool) async throws -> String {
        await waitForTurn()
        let (name, isNew) = state.withLock { state in
            if isMigrated, let name = state.free.popLast() { return (name, false) }
            state.created += 1
            return ("\(prefix)_\(state.created)", true)
        }
        if isNew {
            do { try await admin("CREATE DATABASE \(name)\(isMigrated ? " TEMPLATE \(prefix)_template" : "")") } catch {
                endTurn()
                throw error
            }
        }
        return name
    }

    /// Keeps the database for the tests that wait, or drops it.
    func giveBack(_ name: String, isReusable: Bool) async throws {
        let isKept = state.withLock { state in
            guard isReusable, state.free.isEmpty || !state.waiting.isEmpty else { return false }
            state.free.append(name)
            return true
        }
        defer { endTurn() }
        if !isKept { try await admin("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
    }

    /// The connection string with another database.
    func url(of name: String) throws -> String {
        guard connectionString.contains("://") else { return "\(connectionString) dbname=\(name)" }
        guard var components = URLComponents(string: connectionString) else { throw NotConfigured() }
        components.path = "/\(name)"
        return components.string ?? connectionString
    }

    private func waitForTurn() async {
        await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
            let isFree = state.withLock { state in
                guard state.inUse >= Self.limit else {
                    state.inUse += 1
                    return true
                }
                state.waiting.append(turn)
                return false
            }
            if isFree { turn.resume() }
        }
    }

    /// Hands the turn to who waits longest.
    private func endTurn() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.inUse -= 1
            return nil
        }
        next?.resume()
    }

    private func admin(_ sql: String) async throws {
        _ = try await admins.withConnection(deadline: .seconds(120)) { connection throws(PostgresError) in
            try await connection.simpleQuery(sql)
        }
    }

    /// Drops what processes left behind that are gone: older than a minute and without their lock, or than a day.
    private static func sweep(_ guardian: Connection, now: Int) async throws {
        let names = try await guardian.simpleQuery("SELECT datname FROM pg_database WHERE datname LIKE 'sagatest\\_%'")
        for name in names.compactMap({ $0.first ?? nil }) {
            let parts = name.split(separator: "_")
            guard parts.count == 4, let madeAt = Int(parts[1]), now - madeAt > 60 else { continue }
            let key = "hashtext('\(parts[0...2].joined(separator: "_"))')"
            let isFree = try await guardian.simpleQuery("SELECT pg_try_advisory_lock(\(key))").first?.first == "t"
            if isFree || now - madeAt > 86_400 {
                try await guardian.simpleQuery("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            }
            if isFree { try await guardian.simpleQuery("SELECT pg_advisory_unlock(\(key))") }
        }
    }

    /// `migrations/` of the checkout this file is in, wherever the tests run.
    private static func migrationDirectory() throws -> String {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().path
        return try MigrationDirectory.find(
            named: ProcessInfo.processInfo.environment["MIGRATIONS_DIR"], from: file, executable: nil)
    }
}

/// Everything that makes up the schema, as one short text.
let fingerprintQuery = """
    SELECT md5(string_agg(item, ',' ORDER BY item)) FROM (
        SELECT format('%s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull) FROM pg_attribute
        WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT tgname FROM pg_trigger
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting
            WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) items (item)
    """

/// Ends all other sessions, empties all tables, and gives the fingerprint. Deleting is cheaper than truncating while
/// tables are small.
let resetScript = """
    DO $$
    DECLARE t regclass;
    BEGIN
        SET LOCAL client_min_messages = error;
        -- The audit trail refuses to be emptied.
        SET LOCAL session_replication_role = replica;
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
        FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND relname NOT IN ('schema_migrations', 'repeatable_migrations', 'callback_keys')
        LOOP
            IF pg_relation_size(t) > 1000000 THEN EXECUTE format('TRUNCATE %s', t);
            ELSE EXECUTE format('DELETE FROM %s', t);
            END IF;
        END LOOP;
    END $$;
    \(fingerprintQuery)
    """
