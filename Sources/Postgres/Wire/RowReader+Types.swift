/// One column per call, from the left. The plain name refuses NULL, `…OrNil` returns nil for it.
extension RowReader {
    /// `bool`; not NULL.
    package mutating func bool() throws(PostgresError) -> Bool { try value(WireBool.self) }

    /// `bool`, or nil for NULL.
    package mutating func boolOrNil() throws(PostgresError) -> Bool? { try valueOrNil(WireBool.self) }

    /// `int2`; not NULL.
    package mutating func int16() throws(PostgresError) -> Int16 { try value(WireInt16.self) }

    /// `int2`, or nil for NULL.
    package mutating func int16OrNil() throws(PostgresError) -> Int16? { try valueOrNil(WireInt16.self) }

    /// `int4`; not NULL.
    package mutating func int32() throws(PostgresError) -> Int32 { try value(WireInt32.self) }

    /// `int4`, or nil for NULL.
    package mutating func int32OrNil() throws(PostgresError) -> Int32? { try valueOrNil(WireInt32.self) }

    /// `int8`; not NULL.
    package mutating func int64() throws(PostgresError) -> Int64 { try value(WireInt64.self) }

    /// `int8`, or nil for NULL.
    package mutating func int64OrNil() throws(PostgresError) -> Int64? { try valueOrNil(WireInt64.self) }

    /// `text`; not NULL.
    package mutating func text() throws(PostgresError) -> String { try value(WireText.self) }

    /// `text`, or nil for NULL.
    package mutating func textOrNil() throws(PostgresError) -> String? { try valueOrNil(WireText.self) }

    /// `uuid`; not NULL.
    package mutating func uuid() throws(PostgresError) -> PGUUID { try value(WireUUID.self) }

    /// `uuid`, or nil for NULL.
    package mutating func uuidOrNil() throws(PostgresError) -> PGUUID? { try valueOrNil(WireUUID.self) }

    /// `timestamptz`, microseconds since the Unix epoch; not NULL.
    package mutating func timestamp() throws(PostgresError) -> Int64 { try value(WireTimestamp.self) }

    /// `timestamptz`, microseconds since the Unix epoch, or nil for NULL.
    package mutating func timestampOrNil() throws(PostgresError) -> Int64? { try valueOrNil(WireTimestamp.self) }

    /// `json`, UTF-8 bytes; not NULL.
    package mutating func json() throws(PostgresError) -> [UInt8] { try value(WireJSON.self) }

    /// `json`, UTF-8 bytes, or nil for NULL.
    package mutating func jsonOrNil() throws(PostgresError) -> [UInt8]? { try valueOrNil(WireJSON.self) }

    /// `bytea`; not NULL.
    package mutating func bytes() throws(PostgresError) -> [UInt8] { try value(WireBytes.self) }
}

/// Arrays of one dimension; anything else is a decoding error.
extension RowReader {
    /// An array of `bool`; nothing NULL.
    package mutating func boolArray() throws(PostgresError) -> [Bool] { try array(WireBool.self) }

    /// An array of `bool`, or nil for NULL.
    package mutating func boolArrayOrNil() throws(PostgresError) -> [Bool]? { try arrayOrNil(WireBool.self) }

    /// An array of `int2`; nothing NULL.
    package mutating func int16Array() throws(PostgresError) -> [Int16] { try array(WireInt16.self) }

    /// An array of `int2`, or nil for NULL.
    package mutating func int16ArrayOrNil() throws(PostgresError) -> [Int16]? { try arrayOrNil(WireInt16.self) }

    /// An array of `int2`; elements may be NULL, the array not.
    package mutating func int16OrNilArray() throws(PostgresError) -> [Int16?] { try nullableArray(WireInt16.self) }

    /// An array of `int4`, or nil for NULL.
    package mutating func int32ArrayOrNil() throws(PostgresError) -> [Int32]? { try arrayOrNil(WireInt32.self) }

    /// An array of `int4`; elements may be NULL, the array not.
    package mutating func int32OrNilArray() throws(PostgresError) -> [Int32?] { try nullableArray(WireInt32.self) }

    /// An array of `uuid`; nothing NULL.
    package mutating func uuidArray() throws(PostgresError) -> [PGUUID] { try array(WireUUID.self) }

    /// An array of `text`; nothing NULL.
    package mutating func textArray() throws(PostgresError) -> [String] { try array(WireText.self) }

    /// An array of `text`, or nil for NULL.
    package mutating func textArrayOrNil() throws(PostgresError) -> [String]? { try arrayOrNil(WireText.self) }

    /// An array of `text`; elements may be NULL, the array not.
    package mutating func textOrNilArray() throws(PostgresError) -> [String?] { try nullableArray(WireText.self) }

    /// An array of `timestamptz`, microseconds since the Unix epoch, or nil for NULL.
    package mutating func timestampArrayOrNil() throws(PostgresError) -> [Int64]? { try arrayOrNil(WireTimestamp.self) }

    /// An array of `timestamptz`, microseconds since the Unix epoch; elements may be NULL, the array not.
    package mutating func timestampOrNilArray() throws(PostgresError) -> [Int64?] {
        try nullableArray(WireTimestamp.self)
    }

    /// An array of `json`, UTF-8 bytes; elements may be NULL, the array not.
    package mutating func jsonOrNilArray() throws(PostgresError) -> [[UInt8]?] { try nullableArray(WireJSON.self) }

    /// An array of `json`, UTF-8 bytes, or nil for NULL; elements may be NULL.
    package mutating func jsonOrNilArrayOrNil() throws(PostgresError) -> [[UInt8]?]? {
        try nullableArrayOrNil(WireJSON.self)
    }
}
