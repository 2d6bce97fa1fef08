package import Postgres

/// Asks whether the database answers.
package struct Ping: Statement {
    package typealias Row = Int32

    package init() {}

    package static let sql = "SELECT 1::int4"

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}
