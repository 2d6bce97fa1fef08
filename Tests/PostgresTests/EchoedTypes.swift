@testable import Postgres

enum EchoedBool: Echoed {
    static func bind(_ value: Bool?, _ values: [Bool], _ nullable: [Bool?], to parameters: inout Parameters) {
        parameters.bool(value)
        parameters.boolArray(values)
        parameters.boolArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Bool? { try row.boolOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Bool] { try row.boolArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Bool?] { try row.boolOrNilArray() }
}

enum EchoedInt16: Echoed {
    static func bind(_ value: Int16?, _ values: [Int16], _ nullable: [Int16?], to parameters: inout Parameters) {
        parameters.int16(value)
        parameters.int16Array(values)
        parameters.int16Array(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Int16? { try row.int16OrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Int16] { try row.int16Array() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Int16?] { try row.int16OrNilArray() }
}

enum EchoedInt32: Echoed {
    static func bind(_ value: Int32?, _ values: [Int32], _ nullable: [Int32?], to parameters: inout Parameters) {
        parameters.int32(value)
        parameters.int32Array(values)
        parameters.int32Array(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Int32? { try row.int32OrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Int32] { try row.int32Array() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Int32?] { try row.int32OrNilArray() }
}

enum EchoedInt64: Echoed {
    static func bind(_ value: Int64?, _ values: [Int64], _ nullable: [Int64?], to parameters: inout Parameters) {
        parameters.int64(value)
        parameters.int64Array(values)
        parameters.int64Array(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Int64? { try row.int64OrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Int64] { try row.int64Array() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Int64?] { try row.int64OrNilArray() }
}

enum EchoedDouble: Echoed {
    static func bind(_ value: Double?, _ values: [Double], _ nullable: [Double?], to parameters: inout Parameters) {
        parameters.double(value)
        parameters.doubleArray(values)
        parameters.doubleArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Double? { try row.doubleOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Double] { try row.doubleArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Double?] { try row.doubleOrNilArray() }
}

enum EchoedText: Echoed {
    static func bind(_ value: String?, _ values: [String], _ nullable: [String?], to parameters: inout Parameters) {
        parameters.text(value)
        parameters.textArray(values)
        parameters.textArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> String? { try row.textOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [String] { try row.textArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [String?] { try row.textOrNilArray() }
}

enum EchoedUtf8: Echoed {
    static func bind(_ value: [UInt8]?, _ values: [[UInt8]], _ nullable: [[UInt8]?], to parameters: inout Parameters) {
        parameters.utf8(value)
        parameters.utf8Array(values)
        parameters.utf8Array(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? { try row.utf8OrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]] { try row.utf8Array() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]?] { try row.utf8OrNilArray() }
}

enum EchoedUuid: Echoed {
    static func bind(_ value: PGUUID?, _ values: [PGUUID], _ nullable: [PGUUID?], to parameters: inout Parameters) {
        parameters.uuid(value)
        parameters.uuidArray(values)
        parameters.uuidArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> PGUUID? { try row.uuidOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [PGUUID] { try row.uuidArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [PGUUID?] { try row.uuidOrNilArray() }
}

enum EchoedTimestamp: Echoed {
    static func bind(_ value: Int64?, _ values: [Int64], _ nullable: [Int64?], to parameters: inout Parameters) {
        parameters.timestamp(value)
        parameters.timestampArray(values)
        parameters.timestampArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Int64? { try row.timestampOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Int64] { try row.timestampArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Int64?] {
        try row.timestampOrNilArray()
    }
}

enum EchoedInterval: Echoed {
    static func bind(_ value: Int64?, _ values: [Int64], _ nullable: [Int64?], to parameters: inout Parameters) {
        parameters.interval(value)
        parameters.intervalArray(values)
        parameters.intervalArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> Int64? { try row.intervalOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [Int64] { try row.intervalArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [Int64?] { try row.intervalOrNilArray() }
}

enum EchoedJson: Echoed {
    static func bind(_ value: [UInt8]?, _ values: [[UInt8]], _ nullable: [[UInt8]?], to parameters: inout Parameters) {
        parameters.json(value)
        parameters.jsonArray(values)
        parameters.jsonArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? { try row.jsonOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]] { try row.jsonArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]?] { try row.jsonOrNilArray() }
}

enum EchoedJsonb: Echoed {
    static func bind(_ value: [UInt8]?, _ values: [[UInt8]], _ nullable: [[UInt8]?], to parameters: inout Parameters) {
        parameters.jsonb(value)
        parameters.jsonbArray(values)
        parameters.jsonbArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? { try row.jsonbOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]] { try row.jsonbArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]?] { try row.jsonbOrNilArray() }
}

enum EchoedBytes: Echoed {
    static func bind(_ value: [UInt8]?, _ values: [[UInt8]], _ nullable: [[UInt8]?], to parameters: inout Parameters) {
        parameters.bytes(value)
        parameters.bytesArray(values)
        parameters.bytesArray(nullable)
    }
    static func scalar(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? { try row.bytesOrNil() }
    static func array(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]] { try row.bytesArray() }
    static func nullableArray(_ row: inout RowReader) throws(PostgresError) -> [[UInt8]?] { try row.bytesOrNilArray() }
}
