@testable import Postgres

/// A type as callers see it: the methods with its name.
protocol Echoed {
    associatedtype Value: Equatable & Sendable

    static func bind(_ value: Value?, _ values: [Value], _ nullable: [Value?], to parameters: inout Parameters)
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Value?
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Value]
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Value?]
}

/// Sends a value, an array, and an array with NULLs; the server returns them, and how it would write the value.
struct Echo<Type: Echoed>: Statement {
    struct Row: Sendable, Equatable {
        var value: Type.Value?
        var array: [Type.Value]
        var nullableArray: [Type.Value?]
        var text: String?
    }

    let value: Type.Value?
    let array: [Type.Value]
    let nullableArray: [Type.Value?]

    static var sql: String { "SELECT $1, $2, $3, $1::text" }

    func bind(_ parameters: inout Parameters) { Type.bind(value, array, nullableArray, to: &parameters) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            value: try Type.scalar(&row), array: try Type.array(&row), nullableArray: try Type.nullableArray(&row),
            text: try row.textOrNil())
    }
}
