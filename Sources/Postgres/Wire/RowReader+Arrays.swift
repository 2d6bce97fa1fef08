/// Arrays whose elements are never NULL. Arrays have one dimension; anything else is a decoding error.
extension RowReader {
    /// An array of `bool`; nothing NULL.
    package mutating func boolArray() throws(PostgresError) -> [Bool] { try array(WireBool.self) }

    /// An array of `bool`, or nil for NULL.
    package mutating func boolArrayOrNil() throws(PostgresError) -> [Bool]? { try arrayOrNil(WireBool.self) }

    /// An array of `int2`; nothing NULL.
    package mutating func int16Array() throws(PostgresError) -> [Int16] { try array(WireInt16.self) }

    /// An array of `int2`, or nil for NULL.
    package mutating func int16ArrayOrNil() throws(PostgresError) -> [Int16]? { try arrayOrNil(WireInt16.self) }

    /// An array of `int4`; nothing NULL.
    package mutating func int32Array() throws(PostgresError) -> [Int32] { try array(WireInt32.self) }

    /// An array of `int4`, or nil for NULL.
    package mutating func int32ArrayOrNil() throws(PostgresError) -> [Int32]? { try arrayOrNil(WireInt32.self) }

    /// An array of `int8`; nothing NULL.
    package mutating func int64Array() throws(PostgresError) -> [Int64] { try array(WireInt64.self) }

    /// An array of `int8`, or nil for NULL.
    package mutating func int64ArrayOrNil() throws(PostgresError) -> [Int64]? { try arrayOrNil(WireInt64.self) }

    /// An array of `float8`; nothing NULL.
    package mutating func doubleArray() throws(PostgresError) -> [Double] { try array(WireDouble.self) }

    /// An array of `float8`, or nil for NULL.
    package mutating func doubleArrayOrNil() throws(PostgresError) -> [Double]? { try arrayOrNil(WireDouble.self) }

    /// An array of `text`; nothing NULL.
    package mutating func textArray() throws(PostgresError) -> [String] { try array(WireText.self) }

    /// An array of `text`, or nil for NULL.
    package mutating func textArrayOrNil() throws(PostgresError) -> [String]? { try arrayOrNil(WireText.self) }

    /// An array of `text` as UTF-8 bytes; nothing NULL.
    package mutating func utf8Array() throws(PostgresError) -> [[UInt8]] { try array(WireUTF8.self) }

    /// An array of `text` as UTF-8 bytes, or nil for NULL.
    package mutating func utf8ArrayOrNil() throws(PostgresError) -> [[UInt8]]? { try arrayOrNil(WireUTF8.self) }

    /// An array of `uuid`; nothing NULL.
    package mutating func uuidArray() throws(PostgresError) -> [PGUUID] { try array(WireUUID.self) }

    /// An array of `uuid`, or nil for NULL.
    package mutating func uuidArrayOrNil() throws(PostgresError) -> [PGUUID]? { try arrayOrNil(WireUUID.self) }

    /// An array of `timestamptz`, microseconds since the Unix epoch; nothing NULL.
    package mutating func timestampArray() throws(PostgresError) -> [Int64] { try array(WireTimestamp.self) }

    /// An array of `timestamptz`, microseconds since the Unix epoch, or nil for NULL.
    package mutating func timestampArrayOrNil() throws(PostgresError) -> [Int64]? { try arrayOrNil(WireTimestamp.self) }

    /// An array of `interval`, microseconds; nothing NULL.
    package mutating func intervalArray() throws(PostgresError) -> [Int64] { try array(WireInterval.self) }

    /// An array of `interval`, microseconds, or nil for NULL.
    package mutating func intervalArrayOrNil() throws(PostgresError) -> [Int64]? { try arrayOrNil(WireInterval.self) }

    /// An array of `json`, UTF-8 bytes; nothing NULL.
    package mutating func jsonArray() throws(PostgresError) -> [[UInt8]] { try array(WireJSON.self) }

    /// An array of `json`, UTF-8 bytes, or nil for NULL.
    package mutating func jsonArrayOrNil() throws(PostgresError) -> [[UInt8]]? { try arrayOrNil(WireJSON.self) }

    /// An array of `jsonb`, UTF-8 bytes of JSON text; nothing NULL.
    package mutating func jsonbArray() throws(PostgresError) -> [[UInt8]] { try array(WireJSONB.self) }

    /// An array of `jsonb`, UTF-8 bytes of JSON text, or nil for NULL.
    package mutating func jsonbArrayOrNil() throws(PostgresError) -> [[UInt8]]? { try arrayOrNil(WireJSONB.self) }

    /// An array of `bytea`; nothing NULL.
    package mutating func bytesArray() throws(PostgresError) -> [[UInt8]] { try array(WireBytes.self) }

    /// An array of `bytea`, or nil for NULL.
    package mutating func bytesArrayOrNil() throws(PostgresError) -> [[UInt8]]? { try arrayOrNil(WireBytes.self) }
}
