import Testing

@testable import Postgres

@Suite("Values survive the trip to the server and back")
struct WireTests {
    /// Sends every value alone, all together, and all with NULLs between; the server must understand them as `texts`.
    private func check<Type: ColumnType>(
        _: Type.Type, _ cases: [(value: Type.Value, text: String)]
    ) async throws where Type.Value: Equatable {
        let connection = try await TestServer.connect()
        let values = cases.map(\.value)
        let withNulls = [nil] + values.flatMap { [$0, nil] }
        for (value, text) in cases {
            let echo = Echo<Type>(value: value, array: values, column: withNulls)
            let row = try #require(try await connection.execute(echo).first)
            #expect(row == .init(value: value, array: values, column: withNulls, text: text))
        }
        let none = try await connection.execute(Echo<Type>(value: nil, array: [], column: []))
        #expect(none == [.init(value: nil, array: [], column: [], text: nil)])
        let nulls = try await connection.execute(Echo<Type>(value: nil, array: [], column: [nil, nil]))
        #expect(nulls == [.init(value: nil, array: [], column: [nil, nil], text: nil)])
    }

    @Test("bool")
    func bool() async throws { try await check(WireBool.self, [(true, "true"), (false, "false")]) }

    @Test("int2 at its extremes")
    func int16() async throws {
        try await check(WireInt16.self, [(.min, "-32768"), (-1, "-1"), (0, "0"), (258, "258"), (.max, "32767")])
    }

    @Test("int4 at its extremes")
    func int32() async throws {
        try await check(
            WireInt32.self, [(.min, "-2147483648"), (0, "0"), (16909060, "16909060"), (.max, "2147483647")])
    }

    @Test("int8 at its extremes")
    func int64() async throws {
        try await check(
            WireInt64.self,
            [(.min, "-9223372036854775808"), (-2, "-2"), (0, "0"), (.max, "9223372036854775807")])
    }

    @Test("text of all planes, empty, long, and with what would need quoting")
    func text() async throws {
        let long = String(repeating: "ä漢🧵", count: 20_000)
        let texts = ["", "plain", "it's \"quoted\" \\ {,} NULL %s $1", "ä漢🧵e\u{301}", "\u{1}\n\t", long]
        try await check(WireText.self, texts.map { ($0, $0) })
    }

    @Test("text that is not stored contiguously")
    func slicedText() async throws {
        let connection = try await TestServer.connect()
        let whole = String(repeating: "abcdefgh", count: 10)
        let sliced = String(whole.dropFirst(3).dropLast(2).filter { $0 != "c" })
        let rows = try await connection.execute(
            Echo<WireText>(value: sliced, array: [sliced], column: [sliced]))
        #expect(rows.first?.text == sliced)
    }

    @Test("uuid keeps the order of its bytes")
    func uuid() async throws {
        try await check(
            WireUUID.self,
            [
                (
                    PGUUID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F),
                    "00010203-0405-0607-0809-0a0b0c0d0e0f"
                ),
                (PGUUID(high: .max, low: .max), "ffffffff-ffff-ffff-ffff-ffffffffffff"),
                (PGUUID(high: 0, low: 0), "00000000-0000-0000-0000-000000000000"),
            ])
    }

    @Test("timestamptz counts from 1970 to the microsecond, with infinities")
    func timestamp() async throws {
        let cases: [(value: Int64, text: String)] = [
            (0, "1970-01-01 00:00:00+00"), (-1, "1969-12-31 23:59:59.999999+00"),
            (1_700_000_000_123_456, "2023-11-14 22:13:20.123456+00"),
            (946_684_800_000_000, "2000-01-01 00:00:00+00"),
            (253_402_300_799_999_999, "9999-12-31 23:59:59.999999+00"),
            (.max, "infinity"), (.min, "-infinity"),
        ]
        let connection = try await TestServer.connect { $0.settings = ["TimeZone": "UTC"] }
        let values = cases.map(\.value)
        for (value, text) in cases {
            let rows = try await connection.execute(EchoTimestamps(value: value, array: values))
            #expect(rows == ["\(value) \(values) \(values + [7]) \(text)"])
        }
    }

    @Test("json byte for byte")
    func json() async throws {
        let exact = ["{\"b\": 1,  \"a\":1.000}", "null", "\"ä\\u00e4🧵\"", "[]", "9007199254740993"]
        try await check(WireJSON.self, exact.map { (Array($0.utf8), $0) })
    }

    @Test("bytea with every byte")
    func bytes() async throws {
        let every = [UInt8](0...255)
        let hex = every.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try await check(WireBytes.self, [(every, "\\x\(hex)"), ([], "\\x"), ([0], "\\x00")])
    }
}
