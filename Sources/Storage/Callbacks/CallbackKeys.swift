package import Core
package import Postgres

/// The keys that callback URLs are signed with, oldest first.
package struct ListCallbackKeys: Statement {
    package init() {}

    package typealias Row = CallbackKey

    package static let sql = "SELECT key_id, secret FROM callback_keys ORDER BY key_id"

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> CallbackKey {
        CallbackKey(number: try row.int32(), secret: try row.bytes())
    }
}
