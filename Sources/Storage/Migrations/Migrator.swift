// The schema and how it changes: numbered SQL files (Migration, MigrationDirectory) applied one after the other, each
// in a transaction of its own, and remembered with the checksum of its text (Migrator). What is applied is never
// edited: a change is a new file.

import Logging
package import Postgres

/// Applies and reverts migrations.
///
/// Any number may run at once: a session advisory lock lets one work, the others wait for it up to a deadline and then
/// find nothing left to do. A file that fails leaves nothing of itself; those before it stay applied.
package struct Migrator: Sendable {
    /// Chosen once and never changed: what makes two releases wait for each other.
    static let lockKey: Int64 = 0x7361_6761_666c_6f77

    private let configuration: ConnectionConfiguration
    private let migrations: [Migration]
    private let lockDeadline: Duration

    /// - Parameters:
    ///   - configuration: where; its user owns the tables. Statements run without a timeout, locks keep theirs: a
    ///     migration that waits for a lock makes all who come after it wait too.
    ///   - migrations: all that there are, as `MigrationDirectory.read` gives them.
    ///   - lockDeadline: how long to wait for another runner.
    package init(
        _ configuration: ConnectionConfiguration, migrations: [Migration], lockDeadline: Duration = .seconds(60)
    ) {
        var configuration = configuration
        configuration.statementTimeout = nil
        configuration.idleInTransactionTimeout = nil
        self.configuration = configuration
        self.migrations = migrations
        self.lockDeadline = lockDeadline
    }

    /// Applies what is not applied yet, in order.
    ///
    /// - Parameter target: the last version to apply; nil for all.
    /// - Returns: what was applied by this call.
    package func up(to target: Int? = nil) async throws(MigrationError) -> [Migration] {
        if let target { try require(target) }
        return try await locked { connection throws(MigrationError) in
            let applied = try await checkedCount(connection)
            let wanted = migrations.prefix(target ?? migrations.count).dropFirst(applied)
            for migration in wanted { try await apply(migration, connection) }
            return Array(wanted)
        }
    }

    /// Reverts the newest migrations, newest first, until `target` is the last one applied; 0 reverts all.
    ///
    /// Data in what is dropped is gone.
    /// - Returns: what was reverted by this call.
    package func down(to target: Int) async throws(MigrationError) -> [Migration] {
        if target != 0 { try require(target) }
        return try await locked { connection throws(MigrationError) in
            try await revert(to: target, from: try await checkedCount(connection), connection)
        }
    }

    /// Reverts that many migrations, newest first; fewer if fewer are applied.
    package func down(steps: Int) async throws(MigrationError) -> [Migration] {
        precondition(steps >= 0, "a number of migrations is not negative")
        return try await locked { connection throws(MigrationError) in
            let applied = try await checkedCount(connection)
            return try await revert(to: max(0, applied - steps), from: applied, connection)
        }
    }

    /// Where every migration stands, applied ones that have no file included. Changes nothing and waits for nobody.
    package func status() async throws(MigrationError) -> [MigrationStatus] {
        let connection = try await open()
        do throws(MigrationError) {
            let exists = try await run { () throws(PostgresError) in try await connection.execute(FindMigrationTable())
            }
            let statuses = try await statuses(connection, isTracked: exists.first ?? false)
            await connection.close()
            return statuses
        } catch {
            await connection.close()
            throw error
        }
    }

    // MARK: One file

    private func apply(_ migration: Migration, _ connection: Connection) async throws(MigrationError) {
        let record = RecordMigration(migration)
        let isWhole = try await run(migration.upName) { () throws(PostgresError) in
            try await connection.inTransaction { connection throws(PostgresError) in
                guard try connection.runWhole(migration.up) else { return false }
                _ = try connection.execute(record)
                return true
            }
        }
        if !isWhole { throw .endsTransaction(migration.upName) }
    }

    private func revert(
        to target: Int, from applied: Int, _ connection: Connection
    ) async throws(MigrationError) -> [Migration] {
        let unwanted = migrations.prefix(applied).dropFirst(target).reversed()
        for migration in unwanted {
            let forget = ForgetMigration(version: migration.version)
            let isWhole = try await run(migration.downName) { () throws(PostgresError) in
                try await connection.inTransaction { connection throws(PostgresError) in
                    guard try connection.runWhole(migration.down) else { return false }
                    _ = try connection.execute(forget)
                    return true
                }
            }
            if !isWhole { throw .endsTransaction(migration.downName) }
        }
        return Array(unwanted)
    }

    // MARK: What is applied

    /// How many migrations are applied, after making sure that they are the ones we know.
    private func checkedCount(_ connection: Connection) async throws(MigrationError) -> Int {
        let statuses = try await statuses(connection, isTracked: true)
        var count = 0
        for status in statuses {
            switch status.state {
            case .applied:
                guard count == status.version - 1 else { throw .gap(applied: status.version, missing: count + 1) }
                count += 1
            case .pending: continue
            case .edited: throw .edited(status.name)
            case .unknown: throw .unknownVersion(status.name)
            }
        }
        return count
    }

    private func statuses(
        _ connection: Connection, isTracked: Bool
    ) async throws(MigrationError) -> [MigrationStatus] {
        let (checksums, rows) = try await run { () throws(PostgresError) in
            let checksums = try await connection.execute(DigestMigrations(migrations))
            return (checksums, isTracked ? try await connection.execute(ListMigrations()) : [])
        }
        var applied: [Int: ListMigrations.Row] = [:]
        for row in rows { applied[row.version] = row }
        var statuses = zip(migrations, checksums).map { migration, checksum in
            guard let row = applied.removeValue(forKey: migration.version) else {
                return MigrationStatus(migration.version, migration.title, .pending)
            }
            let isSame = row.checksum == checksum && row.title == migration.title
            return MigrationStatus(
                migration.version, migration.title, isSame ? .applied(at: row.appliedAt) : .edited(at: row.appliedAt))
        }
        for row in applied.values.sorted(by: { $0.version < $1.version }) {
            statuses.append(MigrationStatus(row.version, row.title, .unknown(at: row.appliedAt)))
        }
        return statuses
    }

    private func require(_ version: Int) throws(MigrationError) {
        guard migrations.contains(where: { $0.version == version }) else { throw .noSuchVersion(version) }
    }

    // MARK: Connection and lock

    private func open() async throws(MigrationError) -> Connection {
        let logger = Logger(label: "migrations")
        return try await run { () throws(PostgresError) in
            // Another runner's lock is no lock when its session is not its own.
            try await Connection.requireOwnSession(configuration, logger: logger)
            return try await Connection.connect(configuration, logger: logger)
        }
    }

    /// Runs `body` while no other runner works on this database. The lock ends with the session, whatever happens.
    private func locked(
        _ body: (Connection) async throws(MigrationError) -> [Migration]
    ) async throws(MigrationError) -> [Migration] {
        let connection = try await open()
        do throws(MigrationError) {
            try await lock(connection)
            _ = try await run { () throws(PostgresError) in try await connection.simpleQuery(createMigrationTable) }
            let changed = try await body(connection)
            await connection.close()
            return changed
        } catch {
            await connection.close()
            throw error
        }
    }

    private func lock(_ connection: Connection) async throws(MigrationError) {
        let milliseconds = max(
            1, lockDeadline.components.seconds * 1000 + lockDeadline.components.attoseconds / 1_000_000_000_000_000)
        do throws(PostgresError) {
            let before = try await connection.simpleQuery("SHOW lock_timeout")
            try await connection.simpleQuery("SET lock_timeout = \(milliseconds)")
            try await connection.simpleQuery("SELECT pg_advisory_lock(\(Self.lockKey))")
            let timeout = try await connection.quoted(literal: (before.first?.first ?? nil) ?? "0")
            try await connection.simpleQuery("SET lock_timeout = \(timeout)")
        } catch {
            throw error.state == .lockNotAvailable ? .busy : .database(error, file: nil)
        }
    }

    private func run<Value: Sendable>(
        _ file: String? = nil, _ body: () async throws(PostgresError) -> Value
    ) async throws(MigrationError) -> Value {
        do throws(PostgresError) { return try await body() } catch { throw .database(error, file: file) }
    }
}

extension Connection {
    /// Runs a file's text inside the open transaction; false when the text itself ended that transaction.
    fileprivate func runWhole(_ sql: String) throws(PostgresError) -> Bool {
        let before = try simpleQuery("SELECT pg_current_xact_id()")
        try simpleQuery(sql)
        return try simpleQuery("SELECT pg_current_xact_id()") == before
    }
}
