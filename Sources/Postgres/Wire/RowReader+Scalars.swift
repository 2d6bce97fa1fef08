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

    /// `float8`; not NULL.
    package mutating func double() throws(PostgresError) -> Double { try value(WireDouble.self) }

    /// `float8`, or nil for NULL.
    package mutating func doubleOrNil() throws(PostgresError) -> Double? { try valueOrNil(WireDouble.self) }

    /// `text`; not NULL.
    package mutating func text() throws(PostgresError) -> String { try value(WireText.self) }

    /// `text`, or nil for NULL.
    package mutating func textOrNil() throws(PostgresError) -> String? { try valueOrNil(WireText.self) }

    /// `text` as UTF-8 bytes; not NULL.
    package mutating func utf8() throws(PostgresError) -> [UInt8] { try value(WireUTF8.self) }

    /// `text` as UTF-8 bytes, or nil for NULL.
    package mutating func utf8OrNil() throws(PostgresError) -> [UInt8]? { try valueOrNil(WireUTF8.self) }

    /// `uuid`; not NULL.
    package mutating func uuid() throws(PostgresError) -> PGUUID { try value(WireUUID.self) }

    /// `uuid`, or nil for NULL.
    package mutating func uuidOrNil() throws(PostgresError) -> PGUUID? { try valueOrNil(WireUUID.self) }

    /// `timestamptz`, microseconds since the Unix epoch; not NULL.
    package mutating func timestamp() throws(PostgresError) -> Int64 { try value(WireTimestamp.self) }

    /// `timestamptz`, microseconds since the Unix epoch, or nil for NULL.
    package mutating func timestampOrNil() throws(PostgresError) -> Int64? { try valueOrNil(WireTimestamp.self) }

    /// `interval`, microseconds; not NULL.
    package mutating func interval() throws(PostgresError) -> Int64 { try value(WireInterval.self) }

    /// `interval`, microseconds, or nil for NULL.
    package mutating func intervalOrNil() throws(PostgresError) -> Int64? { try valueOrNil(WireInterval.self) }

    /// `json`, UTF-8 bytes; not NULL.
    package mutating func json() throws(PostgresError) -> [UInt8] { try value(WireJSON.self) }

    /// `json`, UTF-8 bytes, or nil for NULL.
    package mutating func jsonOrNil() throws(PostgresError) -> [UInt8]? { try valueOrNil(WireJSON.self) }

    /// `jsonb`, UTF-8 bytes of JSON text; not NULL.
    package mutating func jsonb() throws(PostgresError) -> [UInt8] { try value(WireJSONB.self) }

    /// `jsonb`, UTF-8 bytes of JSON text, or nil for NULL.
    package mutating func jsonbOrNil() throws(PostgresError) -> [UInt8]? { try valueOrNil(WireJSONB.self) }

    /// `bytea`; not NULL.
    package mutating func bytes() throws(PostgresError) -> [UInt8] { try value(WireBytes.self) }

    /// `bytea`, or nil for NULL.
    package mutating func bytesOrNil() throws(PostgresError) -> [UInt8]? { try valueOrNil(WireBytes.self) }
}
