import Testing

@testable import Postgres

/// A one-row query with a decoder that cannot work on it.
private protocol Mismatched: Statement {
    init()
}

private struct WrongType: Mismatched {
    static var sql: String { "SELECT 1::int8 AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

private struct UnexpectedNull: Mismatched {
    static var sql: String { "SELECT NULL::text AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

private struct TooManyReads: Mismatched {
    static var sql: String { "SELECT 1::int4 AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int32] { [try row.int32(), try row.int32()] }
}

private struct NullElement: Mismatched {
    static var sql: String { "SELECT ARRAY[1, NULL]::int4[] AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int32] { try row.array(WireInt32.self) }
}

private struct TwoDimensions: Mismatched {
    static var sql: String { "SELECT ARRAY[[1, 2], [3, 4]]::int4[] AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int32] { try row.array(WireInt32.self) }
}

private struct WrongElement: Mismatched {
    static var sql: String { "SELECT ARRAY[1]::int8[] AS amount" }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> [Int32] { try row.array(WireInt32.self) }
}

private struct RowWhereNoneIsDeclared: Mismatched {
    typealias Row = Never
    static var sql: String { "SELECT 1" }
}

@Suite("A row that is not what the decoder expects is an error, never a wrong value")
struct DecodingTests {
    private func check<S: Mismatched>(_: S.Type, mentions text: String) async throws {
        let connection = try await TestServer.connect()
        do throws(PostgresError) {
            _ = try await connection.execute(S())
            Issue.record("\(S.self) was decoded")
        } catch {
            guard case .decoding(let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(message.contains(text) && message.contains("\(S.self)"))
            #expect(error.mayHaveCommitted)
        }
        #expect(try await connection.execute(SelectOne()) == [1], "the connection goes on")
    }

    @Test("wrong type, NULL, missing column, NULL element, two dimensions, wrong element, unexpected row")
    func mismatches() async throws {
        try await check(WrongType.self, mentions: "column 1 (amount): type 20 where text")
        try await check(UnexpectedNull.self, mentions: "column 1 (amount): NULL")
        try await check(TooManyReads.self, mentions: "there are only 1 columns")
        try await check(NullElement.self, mentions: "NULL in int4[]")
        try await check(TwoDimensions.self, mentions: "not a one-dimensional array")
        try await check(WrongElement.self, mentions: "array of int4")
        try await check(RowWhereNoneIsDeclared.self, mentions: "declares no rows")
    }

    @Test(
        "malformed arrays are refused without reading past their end",
        arguments: [
            [], [0, 0, 0, 1], [UInt8](repeating: 0, count: 11),
            // One dimension, but no size; a size of two billion; a negative size.
            [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 23],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 127, 255, 255, 255, 0, 0, 0, 1],
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 255, 255, 255, 255, 0, 0, 0, 1],
        ] as [[UInt8]])
    func malformedArrayHeaders(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { #expect(ArrayElements($0) == nil) }
    }

    @Test("an array that ends within an element is refused")
    func truncatedArray() {
        let header: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1]
        (header + [0, 0, 0, 4, 1]).withUnsafeBytes { bytes in
            var elements = ArrayElements(bytes)
            #expect(throws: ArrayElements.Malformed.self) { try elements?.next() }
        }
    }
}
