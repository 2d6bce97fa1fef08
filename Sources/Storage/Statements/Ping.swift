package import Postgres

/// Asks whether the database answers, and whether it has been migrated.
package struct Ping: Statement {
    /// Whether the tables are there.
    package typealias Row = Bool

    package init() {}

    package static let sql = "SELECT to_regclass('outbox') IS NOT NULL"

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
