/// Arrays whose elements may be NULL, as `unnest` input or `array_agg` over nullable columns.
extension RowReader {
    /// An array of `bool`; elements may be NULL, the array not.
    package mutating func boolOrNilArray() throws(PostgresError) -> [Bool?] { try nullableArray(WireBool.self) }

    /// An array of `int2`; elements may be NULL, the array not.
    package mutating func int16OrNilArray() throws(PostgresError) -> [Int16?] { try nullableArray(WireInt16.self) }

    /// An array of `int4`; elements may be NULL, the array not.
    package mutating func int32OrNilArray() throws(PostgresError) -> [Int32?] { try nullableArray(WireInt32.self) }

    /// An array of `int8`; elements may be NULL, the array not.
    package mutating func int64OrNilArray() throws(PostgresError) -> [Int64?] { try nullableArray(WireInt64.self) }

    /// An array of `float8`; elements may be NULL, the array not.
    package mutating func doubleOrNilArray() throws(PostgresError) -> [Double?] { try nullableArray(WireDouble.self) }

    /// An array of `text`; elements may be NULL, the array not.
    package mutating func textOrNilArray() throws(PostgresError) -> [String?] { try nullableArray(WireText.self) }

    /// An array of `text` as UTF-8 bytes; elements may be NULL, the array not.
    package mutating func utf8OrNilArray() throws(PostgresError) -> [[UInt8]?] { try nullableArray(WireUTF8.self) }

    /// An array of `uuid`; elements may be NULL, the array not.
    package mutating func uuidOrNilArray() throws(PostgresError) -> [PGUUID?] { try nullableArray(WireUUID.self) }

    /// An array of `timestamptz`, microseconds since the Unix epoch; elements may be NULL, the array not.
    package mutating func timestampOrNilArray() throws(PostgresError) -> [Int64?] {
        try nullableArray(WireTimestamp.self)
    }

    /// An array of `interval`, microseconds; elements may be NULL, the array not.
    package mutating func intervalOrNilArray() throws(PostgresError) -> [Int64?] {
        try nullableArray(WireInterval.self)
    }

    /// An array of `json`, UTF-8 bytes; elements may be NULL, the array not.
    package mutating func jsonOrNilArray() throws(PostgresError) -> [[UInt8]?] { try nullableArray(WireJSON.self) }

    /// An array of `jsonb`, UTF-8 bytes of JSON text; elements may be NULL, the array not.
    package mutating func jsonbOrNilArray() throws(PostgresError) -> [[UInt8]?] { try nullableArray(WireJSONB.self) }

    /// An array of `bytea`; elements may be NULL, the array not.
    package mutating func bytesOrNilArray() throws(PostgresError) -> [[UInt8]?] { try nullableArray(WireBytes.self) }
}
