import Postgres

extension Migrator {
    /// How many numbered migrations are applied, after making sure that they are the ones we know.
    func checkedCount(_ connection: Connection) async throws(MigrationError) -> Int {
        var count = 0
        // Those we know come first, from 1 without gaps.
        for (index, status) in try await numberedStatuses(connection, isTracked: true).enumerated() {
            switch status.state {
            case .applied:
                guard count == index else { throw .gap(applied: index + 1, missing: count + 1) }
                count += 1
            case .pending: continue
            case .edited: throw .edited(status.name)
            case .unknown: throw .unknownVersion(status.name)
            }
        }
        return count
    }

    /// Where the numbered migrations stand: those of this release in their order, then those only the database knows.
    func numberedStatuses(_ connection: Connection, isTracked: Bool) async throws(MigrationError) -> [MigrationStatus] {
        let (checksums, rows) = try await run { () throws(PostgresError) in
            let checksums = try await connection.execute(DigestMigrations(files.numbered.map(\.up)))
            return (checksums, isTracked ? try await connection.execute(ListMigrations()) : [])
        }
        var applied: [Int: ListMigrations.Row] = [:]
        for row in rows { applied[row.version] = row }
        var statuses = zip(files.numbered, checksums).map { migration, checksum in
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

    /// Where the repeatable migrations stand: those of this release in their order, then those only the database knows.
    func repeatableStatuses(
        _ connection: Connection, isTracked: Bool
    ) async throws(MigrationError) -> [MigrationStatus] {
        let (checksums, rows) = try await run { () throws(PostgresError) in
            let checksums = try await connection.execute(DigestMigrations(files.repeatable.map(\.sql)))
            return (checksums, isTracked ? try await connection.execute(ListRepeatables()) : [])
        }
        let known = zip(files.repeatable, checksums).map { migration, checksum in
            let row = rows.first { $0.title == migration.title && $0.checksum == checksum }
            return MigrationStatus(nil, migration.title, row.map { .applied(at: $0.appliedAt) } ?? .pending)
        }
        let unknown = rows.filter { row in !files.repeatable.contains { $0.title == row.title } }
        return known + unknown.map { MigrationStatus(nil, $0.title, .unknown(at: $0.appliedAt)) }
    }
}
