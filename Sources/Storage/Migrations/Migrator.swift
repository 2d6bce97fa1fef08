// The schema and how it changes: numbered SQL files (Migration, MigrationDirectory) applied one after the other, each
// in a transaction of its own, and remembered with the checksum of its text (Migrator). What is applied is never
// edited: a change is a new file. Functions and views, which can be made anew at any time, are in files that are applied
// after those, and again when their text has changed (RepeatableMigration).

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
    let files: MigrationFiles
    private let lockDeadline: Duration

    /// - Parameters:
    ///   - configuration: where; its user owns the tables. Statements run without a timeout, locks keep theirs: a
    ///     migration that waits for a lock makes all who come after it wait too.
    ///   - migrations: all that there are, as `MigrationDirectory.read` gives them.
    ///   - lockDeadline: how long to wait for another runner.
    package init(
        _ configuration: ConnectionConfiguration, migrations: MigrationFiles, lockDeadline: Duration = .seconds(60)
    ) {
        var configuration = configuration
        configuration.statementTimeout = nil
        configuration.idleInTransactionTimeout = nil
        self.configuration = configuration
        files = migrations
        self.lockDeadline = lockDeadline
    }

    /// Applies what is not applied yet, in order: numbered migrations, then, if the newest of these is applied, repeatable
    /// ones.
    ///
    /// With each numbered one all repeatable ones become due again: it may have dropped a view that was in its way.
    ///
    /// - Parameter target: the last version to apply; nil for all.
    /// - Returns: the names of what was applied by this call.
    package func up(to target: Int? = nil) async throws(MigrationError) -> [String] {
        if let target { try require(target) }
        return try await locked { connection throws(MigrationError) in
            let applied = try await checkedCount(connection)
            let wanted = files.numbered.prefix(target ?? files.numbered.count).dropFirst(applied)
            for migration in wanted {
                let record = RecordMigration(migration)
                try await apply(migration.up, of: migration.upName, connection) { connection throws(PostgresError) in
                    _ = try connection.execute(record)
                    _ = try connection.execute(ForgetRepeatables())
                }
            }
            let isNewest = applied + wanted.count == files.numbered.count
            return wanted.map(\.name) + (isNewest ? try await applyRepeatables(connection) : [])
        }
    }

    /// Reverts the newest numbered migrations, newest first, until `target` is the last one applied; 0 reverts all.
    ///
    /// Data in what is dropped is gone. Repeatable migrations have nothing that reverts them: the next `up` applies them all
    /// again, and who drops a table drops what they made of it.
    /// - Returns: the names of what was reverted by this call.
    package func down(to target: Int) async throws(MigrationError) -> [String] {
        if target != 0 { try require(target) }
        return try await locked { connection throws(MigrationError) in
            try await revert(to: target, from: try await checkedCount(connection), connection)
        }
    }

    /// Reverts that many numbered migrations, newest first; fewer if fewer are applied.
    package func down(steps: Int) async throws(MigrationError) -> [String] {
        precondition(steps >= 0, "a number of migrations is not negative")
        return try await locked { connection throws(MigrationError) in
            let applied = try await checkedCount(connection)
            return try await revert(to: max(0, applied - steps), from: applied, connection)
        }
    }

    /// Where every migration stands, applied ones that have no file included: numbered ones, then repeatable ones. Changes
    /// nothing and waits for nobody.
    package func status() async throws(MigrationError) -> [MigrationStatus] {
        let connection = try await open()
        do throws(MigrationError) {
            let tables = try await run { () throws(PostgresError) in
                try await connection.execute(FindMigrationTables()).first
            }
            let statuses =
                try await numberedStatuses(connection, isTracked: tables?.numbered ?? false)
                + repeatableStatuses(connection, isTracked: tables?.repeatable ?? false)
            await connection.close()
            return statuses
        } catch {
            await connection.close()
            throw error
        }
    }

    // MARK: Files

    private func revert(
        to target: Int, from applied: Int, _ connection: Connection
    ) async throws(MigrationError) -> [String] {
        let unwanted = files.numbered.prefix(applied).dropFirst(target).reversed()
        for migration in unwanted {
            let forget = ForgetMigration(version: migration.version)
            try await apply(migration.down, of: migration.downName, connection) { connection throws(PostgresError) in
                _ = try connection.execute(forget)
                _ = try connection.execute(ForgetRepeatables())
            }
        }
        return unwanted.map(\.name)
    }

    private func applyRepeatables(_ connection: Connection) async throws(MigrationError) -> [String] {
        let statuses = try await repeatableStatuses(connection, isTracked: true)
        let wanted = zip(files.repeatable, statuses).filter { $1.state == .pending }.map(\.0)
        for migration in wanted {
            let record = RecordRepeatable(migration)
            try await apply(migration.sql, of: migration.fileName, connection) { connection throws(PostgresError) in
                _ = try connection.execute(record)
            }
        }
        return wanted.map(\.name)
    }

    /// Runs a file's text and notes it, in one transaction: nothing is left when either fails.
    private func apply(
        _ sql: String, of file: String, _ connection: Connection,
        note: @Sendable (isolated Connection) throws(PostgresError) -> Void
    ) async throws(MigrationError) {
        let isWhole = try await run(file) { () throws(PostgresError) in
            try await connection.inTransaction { connection throws(PostgresError) in
                guard try connection.runWhole(sql) else { return false }
                try note(connection)
                return true
            }
        }
        if !isWhole { throw .endsTransaction(file) }
    }

    private func require(_ version: Int) throws(MigrationError) {
        guard files.numbered.contains(where: { $0.version == version }) else { throw .noSuchVersion(version) }
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
        _ body: (Connection) async throws(MigrationError) -> [String]
    ) async throws(MigrationError) -> [String] {
        let connection = try await open()
        do throws(MigrationError) {
            try await lock(connection)
            _ = try await run { () throws(PostgresError) in try await connection.simpleQuery(createMigrationTables) }
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

    func run<Value: Sendable>(
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
