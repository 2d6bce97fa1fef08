/// One value per call; nil is NULL.
extension Parameters {
    /// `bool`.
    @inlinable
    package mutating func bool(_ value: Bool?) { append(value, as: WireBool.self) }

    /// `int2`.
    @inlinable
    package mutating func int16(_ value: Int16?) { append(value, as: WireInt16.self) }

    /// `int4`.
    @inlinable
    package mutating func int32(_ value: Int32?) { append(value, as: WireInt32.self) }

    /// `int8`.
    @inlinable
    package mutating func int64(_ value: Int64?) { append(value, as: WireInt64.self) }

    /// `float8`.
    @inlinable
    package mutating func double(_ value: Double?) { append(value, as: WireDouble.self) }

    /// `text`.
    @inlinable
    package mutating func text(_ value: String?) { append(value, as: WireText.self) }

    /// `text` given as UTF-8 bytes.
    @inlinable
    package mutating func utf8(_ value: [UInt8]?) { append(value, as: WireUTF8.self) }

    /// `uuid`.
    @inlinable
    package mutating func uuid(_ value: PGUUID?) { append(value, as: WireUUID.self) }

    /// `timestamptz`, microseconds since the Unix epoch.
    @inlinable
    package mutating func timestamp(_ value: Int64?) { append(value, as: WireTimestamp.self) }

    /// `interval`, microseconds.
    @inlinable
    package mutating func interval(_ value: Int64?) { append(value, as: WireInterval.self) }

    /// `json`, UTF-8 bytes.
    @inlinable
    package mutating func json(_ value: [UInt8]?) { append(value, as: WireJSON.self) }

    /// `jsonb`, UTF-8 bytes of JSON text.
    @inlinable
    package mutating func jsonb(_ value: [UInt8]?) { append(value, as: WireJSONB.self) }

    /// `bytea`.
    @inlinable
    package mutating func bytes(_ value: [UInt8]?) { append(value, as: WireBytes.self) }
}
