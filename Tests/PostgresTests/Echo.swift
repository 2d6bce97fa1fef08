@testable import Postgres

/// Sends a value, an array, and a column with NULLs; the server returns them, the array between NULLs as well, and how it
/// would write the value.
struct Echo<Type: ColumnType>: Statement where Type.Value: Equatable {
    struct Row: Sendable, Equatable {
        var value: Type.Value?
        var array: [Type.Value]
        var column: [Type.Value?]
        var text: String?
    }

    let value: Type.Value?
    let array: [Type.Value]
    let column: [Type.Value?]

    static var sql: String { "SELECT $1, $2, $3, $1::text" }

    func bind(_ parameters: inout Parameters) {
        parameters.append(value, as: Type.self)
        parameters.append(array: array, of: Type.self)
        parameters.column(Type.self, of: column) { $0 }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            value: try row.valueOrNil(Type.self), array: try row.array(Type.self),
            column: try row.nullableArray(Type.self), text: try row.textOrNil())
    }
}

/// The same for timestamps, which are no column.
struct EchoTimestamps: Statement {
    let value: Int64
    let array: [Int64]

    static var sql: String { "SELECT $1, $2, $2 || NULL::timestamptz, $1::text" }

    func bind(_ parameters: inout Parameters) {
        parameters.timestamp(value)
        parameters.append(array: array, of: WireTimestamp.self)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        let (value, array) = (try row.timestamp(), try row.timestampArrayOrNil())
        return "\(value) \(array ?? []) \(try row.timestampOrNilArray().map { $0 ?? 7 }) \(try row.text())"
    }
}
