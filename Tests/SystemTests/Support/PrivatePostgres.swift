import Foundation
import Postgres
import Storage
import Synchronization
import TestSupport
import Testing

/// A Postgres server of one test's own, to be crashed, frozen, restarted and promoted. Listens on the loopback interface
/// only and trusts everybody there.
final class PrivatePostgres: Sendable {
    static let database = "saga"

    let port: Int
    private let folder: URL
    private let settings: [String]
    private let child = Mutex<Child?>(nil)

    /// Runs `body` with a server that has a migrated database; it is gone afterwards.
    static func with(_ settings: [String] = [], _ body: (PrivatePostgres) async throws -> Void) async throws {
        let server = try PrivatePostgres(settings)
        try await server.owned {
            let data = server.folder.path
            try await Program(postgres: "initdb").runUnprivileged(
                ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            try await server.start()
            try await server.execute("CREATE DATABASE \(Self.database)", in: "postgres")
            let directory = try MigrationDirectory.find(
                named: nil, from: URL(filePath: #filePath).path, executable: nil)
            _ = try await Migrator(server.configuration(), migrations: try MigrationDirectory.read(directory)).up()
            try await body(server)
        }
    }

    /// Runs `body` with a standby of this server that every commit waits for.
    func withSynchronousStandby(_ body: (PrivatePostgres) async throws -> Void) async throws {
        let standby = try PrivatePostgres(settings)
        try await standby.owned {
            try await Program(postgres: "pg_basebackup").runUnprivileged(
                [
                    "-D", standby.folder.path, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d",
                    "host=127.0.0.1 port=\(port) user=postgres application_name=standby",
                ])
            try await standby.start()
            // Not in the configuration that was copied: once promoted, the standby waits for nobody.
            try await execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            try await execute("SELECT pg_reload_conf()")
            try await Self.until(.seconds(30), "the standby is synchronous") {
                try await self.value("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
            }
            try await body(standby)
        }
    }

    private init(_ settings: [String]) throws {
        port = try Ports.take()
        self.settings = settings
        folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-pg-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        if getuid() == 0, let user = getpwnam("postgres") {
            try #require(chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0)
        }
    }

    /// Whatever happens in `body`, neither processes nor files are left.
    private func owned(_ body: () async throws -> Void) async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        await crash()
        if case .failure = outcome, let log = try? String(contentsOf: log, encoding: .utf8) {
            print("Postgres on port \(port) said:\n\(log.suffix(4000))")
        }
        try? FileManager.default.removeItem(at: log)
        try? FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    private var log: URL { folder.appendingPathExtension("log") }

    // MARK: What happens to it

    /// Returns when it answers.
    func start() async throws {
        let options = [
            "port=\(port)", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off",
            "synchronous_commit=on", "max_connections=100", "hot_standby=on",
        ]
        let (program, arguments) = try Program(postgres: "postgres").unprivileged(
            ["-D", folder.path] + (options + settings).flatMap { ["-c", $0] })
        let started = try program.start(arguments, environment: [:], log: log)
        child.withLock { $0 = started }
        try await Self.until(.seconds(30), "Postgres answers on \(port)") {
            try #require(started.isRunning, "Postgres ended, see \(self.log.path)")
            return (try? await self.value("SELECT 1", in: "postgres")) == "1"
        }
    }

    /// Like a machine that loses power: all processes at once.
    func crash() async {
        guard let child = child.withLock({ child in child.take() }) else { return }
        // Orphans could not be found any more, and as long as one lives the server has not ended.
        kill(child.pid, SIGSTOP)
        for pid in Self.children(of: child.pid) + [child.pid] { kill(pid, SIGKILL) }
        await child.ended.wait()
    }

    /// `pg_ctl restart -m immediate`: no checkpoint, no good-bye.
    func restartImmediately() async throws {
        guard let child = child.withLock({ child in child.take() }) else { return }
        kill(child.pid, SIGQUIT)
        await child.ended.wait()
        try await start()
    }

    /// All processes stop where they are; the kernel still takes connections and data for them.
    func freeze() { child.withLock { $0.map { signal($0, SIGSTOP) } } }

    func thaw() { child.withLock { $0.map { signal($0, SIGCONT) } } }

    /// Makes a standby the primary. Returns when it takes writes.
    func promote() async throws {
        try #require(try await value("SELECT pg_promote()", in: "postgres") == "t")
    }

    /// The postmaster first, so that it starts no more children.
    private func signal(_ child: Child, _ signal: Int32) {
        kill(child.pid, signal)
        for pid in Self.children(of: child.pid) { kill(pid, signal) }
    }

    private static func children(of parent: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            // pid (name) state ppid …; the name may hold anything but its end is the last parenthesis.
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = stat.lastIndex(of: ")")
            else { return false }
            return stat[end...].split(separator: " ").dropFirst(2).first == "\(parent)"
        }
    }

    // MARK: Asking it

    /// This server alone, or with others behind it.
    func url(then others: PrivatePostgres...) -> String {
        let hosts = ([self] + others).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "postgres://postgres@\(hosts)/\(Self.database)"
    }

    /// Its database behind something that listens on another port.
    func url(port: Int) -> String { "postgres://postgres@127.0.0.1:\(port)/\(Self.database)" }

    func configuration(_ database: String = database) throws -> ConnectionConfiguration {
        try ConnectionConfiguration(url(), applicationName: "tests").database(database)
    }

    @discardableResult
    func execute(_ sql: String, in database: String = database) async throws -> [[String?]] {
        let connection = try await Connection.connect(try configuration(database))
        let rows: Result<[[String?]], PostgresError>
        do throws(PostgresError) { rows = .success(try await connection.simpleQuery(sql)) } catch {
            rows = .failure(error)
        }
        await connection.close()
        return try rows.get()
    }

    func value(_ sql: String, in database: String = database) async throws -> String? {
        try await execute(sql, in: database).first?.first ?? nil
    }

    /// Asks again and again: a server announces to nobody what it has become.
    static func until(_ limit: Duration, _ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !isSo() {
            try #require(ContinuousClock.now < deadline, "waited \(limit) until \(what)")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
