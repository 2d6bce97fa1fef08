import Core
import Postgres

/// Made before the first migration, so they are none themselves.
let createMigrationTables = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version    int         PRIMARY KEY CHECK (version > 0),
        title      text        NOT NULL,
        -- SHA-256 of the up file's text: what is applied must not be edited.
        checksum   bytea       NOT NULL CHECK (length(checksum) = 32),
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE IF NOT EXISTS repeatable_migrations (
        name       text        PRIMARY KEY,
        -- SHA-256 of the text that was applied last: another one is to be applied.
        checksum   bytea       NOT NULL CHECK (length(checksum) = 32),
        applied_at timestamptz NOT NULL DEFAULT now()
    )
    """

/// Whether this database has ever been migrated.
struct FindMigrationTables: Statement {
    /// Which tables there are.
    struct Row: Sendable {
        let numbered: Bool
        let repeatable: Bool
    }

    static let sql = """
        SELECT to_regclass('schema_migrations') IS NOT NULL, to_regclass('repeatable_migrations') IS NOT NULL
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(numbered: try row.bool(), repeatable: try row.bool())
    }
}

/// Which numbered ones are applied, oldest first.
struct ListMigrations: Statement {
    /// A row of `schema_migrations`.
    struct Row: Sendable {
        let version: Int
        let title: String
        let checksum: [UInt8]
        let appliedAt: Instant
    }

    static let sql = "SELECT version, title, checksum, applied_at FROM schema_migrations ORDER BY version"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            version: Int(try row.int32()), title: try row.text(), checksum: try row.bytes(),
            appliedAt: try row.instant())
    }
}

/// The checksums of texts, in their order; the database computes them, here as when they are recorded.
struct DigestMigrations: Statement {
    private let texts: [String]

    init(_ texts: [String]) { self.texts = texts }

    typealias Row = [UInt8]

    static let sql = """
        SELECT sha256(u.text) FROM unnest($1::bytea[]) WITH ORDINALITY AS u (text, ord) ORDER BY u.ord
        """

    func bind(_ parameters: inout Parameters) { parameters.bytesArray(texts.map { Array($0.utf8) }) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [UInt8] { try row.bytes() }
}

/// Notes that a migration is applied.
struct RecordMigration: Statement {
    private let migration: Migration

    init(_ migration: Migration) { self.migration = migration }

    typealias Row = Int32

    static let sql = """
        INSERT INTO schema_migrations (version, title, checksum) VALUES ($1, $2, sha256($3)) RETURNING version
        """

    func bind(_ parameters: inout Parameters) {
        parameters.int32(Int32(migration.version))
        parameters.text(migration.title)
        parameters.bytes(Array(migration.up.utf8))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// Notes that a migration is no longer applied.
struct ForgetMigration: Statement {
    let version: Int

    typealias Row = Int32

    static let sql = "DELETE FROM schema_migrations WHERE version = $1 RETURNING version"

    func bind(_ parameters: inout Parameters) { parameters.int32(Int32(version)) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// Which repeatable ones are applied, in the order of their names.
struct ListRepeatables: Statement {
    /// A row of `repeatable_migrations`.
    struct Row: Sendable {
        let title: String
        let checksum: [UInt8]
        let appliedAt: Instant
    }

    static let sql = "SELECT name, checksum, applied_at FROM repeatable_migrations ORDER BY name COLLATE \"C\""

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(title: try row.text(), checksum: try row.bytes(), appliedAt: try row.instant())
    }
}

/// Notes that a repeatable one is applied as it is now.
struct RecordRepeatable: Statement {
    private let migration: RepeatableMigration

    init(_ migration: RepeatableMigration) { self.migration = migration }

    typealias Row = String

    static let sql = """
        INSERT INTO repeatable_migrations (name, checksum) VALUES ($1, sha256($2))
        ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at
        RETURNING name
        """

    func bind(_ parameters: inout Parameters) {
        parameters.text(migration.title)
        parameters.bytes(Array(migration.sql.utf8))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

/// Makes all repeatable ones due again.
struct ForgetRepeatables: Statement {
    typealias Row = String

    static let sql = "DELETE FROM repeatable_migrations RETURNING name"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
