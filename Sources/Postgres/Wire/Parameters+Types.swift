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

    /// `text`.
    @inlinable
    package mutating func text(_ value: String?) { append(value, as: WireText.self) }

    /// `uuid`.
    @inlinable
    package mutating func uuid(_ value: PGUUID?) { append(value, as: WireUUID.self) }

    /// `timestamptz`, microseconds since the Unix epoch.
    @inlinable
    package mutating func timestamp(_ value: Int64?) { append(value, as: WireTimestamp.self) }

    /// `json`, UTF-8 bytes.
    @inlinable
    package mutating func json(_ value: [UInt8]?) { append(value, as: WireJSON.self) }

    /// `bytea`.
    @inlinable
    package mutating func bytes(_ value: [UInt8]?) { append(value, as: WireBytes.self) }
}

/// One array per call.
extension Parameters {
    /// An array of `int2`.
    @inlinable @inline(__always)
    package mutating func int16Array(_ values: some Sequence<Int16>) { append(array: values, of: WireInt16.self) }

    /// An array of `int4`.
    @inlinable @inline(__always)
    package mutating func int32Array(_ values: some Sequence<Int32>) { append(array: values, of: WireInt32.self) }

    /// An array of `int8`.
    @inlinable @inline(__always)
    package mutating func int64Array(_ values: some Sequence<Int64>) { append(array: values, of: WireInt64.self) }

    /// An array of `text`.
    @inlinable @inline(__always)
    package mutating func textArray(_ values: some Sequence<String>) { append(array: values, of: WireText.self) }

    /// An array of `text`, or NULL.
    package mutating func textArrayOrNil(_ values: [String]?) {
        guard let values else { return appendNull(arrayOf: WireText.self) }
        textArray(values)
    }

    /// An array of `uuid`.
    @inlinable @inline(__always)
    package mutating func uuidArray(_ values: some Sequence<PGUUID>) { append(array: values, of: WireUUID.self) }

    /// An array of `bytea`.
    @inlinable @inline(__always)
    package mutating func bytesArray(_ values: some Sequence<[UInt8]>) { append(array: values, of: WireBytes.self) }
}
