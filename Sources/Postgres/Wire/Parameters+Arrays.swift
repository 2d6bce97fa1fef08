/// One array per call. Elements may be optional: nil is NULL.
extension Parameters {
    /// An array of `bool`.
    @inlinable @inline(__always)
    package mutating func boolArray(_ values: some Sequence<Bool>) { append(array: values, of: WireBool.self) }

    /// An array of `bool`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func boolArray(_ values: some Sequence<Bool?>) {
        append(nullableArray: values, of: WireBool.self)
    }

    /// An array of `int2`.
    @inlinable @inline(__always)
    package mutating func int16Array(_ values: some Sequence<Int16>) { append(array: values, of: WireInt16.self) }

    /// An array of `int2`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func int16Array(_ values: some Sequence<Int16?>) {
        append(nullableArray: values, of: WireInt16.self)
    }

    /// An array of `int4`.
    @inlinable @inline(__always)
    package mutating func int32Array(_ values: some Sequence<Int32>) { append(array: values, of: WireInt32.self) }

    /// An array of `int4`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func int32Array(_ values: some Sequence<Int32?>) {
        append(nullableArray: values, of: WireInt32.self)
    }

    /// An array of `int8`.
    @inlinable @inline(__always)
    package mutating func int64Array(_ values: some Sequence<Int64>) { append(array: values, of: WireInt64.self) }

    /// An array of `int8`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func int64Array(_ values: some Sequence<Int64?>) {
        append(nullableArray: values, of: WireInt64.self)
    }

    /// An array of `float8`.
    @inlinable @inline(__always)
    package mutating func doubleArray(_ values: some Sequence<Double>) { append(array: values, of: WireDouble.self) }

    /// An array of `float8`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func doubleArray(_ values: some Sequence<Double?>) {
        append(nullableArray: values, of: WireDouble.self)
    }

    /// An array of `text`.
    @inlinable @inline(__always)
    package mutating func textArray(_ values: some Sequence<String>) { append(array: values, of: WireText.self) }

    /// An array of `text`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func textArray(_ values: some Sequence<String?>) {
        append(nullableArray: values, of: WireText.self)
    }

    /// An array of `text` given as UTF-8 bytes.
    @inlinable @inline(__always)
    package mutating func utf8Array(_ values: some Sequence<[UInt8]>) { append(array: values, of: WireUTF8.self) }

    /// An array of `text` given as UTF-8 bytes, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func utf8Array(_ values: some Sequence<[UInt8]?>) {
        append(nullableArray: values, of: WireUTF8.self)
    }

    /// An array of `uuid`.
    @inlinable @inline(__always)
    package mutating func uuidArray(_ values: some Sequence<PGUUID>) { append(array: values, of: WireUUID.self) }

    /// An array of `uuid`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func uuidArray(_ values: some Sequence<PGUUID?>) {
        append(nullableArray: values, of: WireUUID.self)
    }

    /// An array of `timestamptz`, microseconds since the Unix epoch.
    @inlinable @inline(__always)
    package mutating func timestampArray(_ values: some Sequence<Int64>) {
        append(array: values, of: WireTimestamp.self)
    }

    /// An array of `timestamptz`, microseconds since the Unix epoch, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func timestampArray(_ values: some Sequence<Int64?>) {
        append(nullableArray: values, of: WireTimestamp.self)
    }

    /// An array of `interval`, microseconds.
    @inlinable @inline(__always)
    package mutating func intervalArray(_ values: some Sequence<Int64>) { append(array: values, of: WireInterval.self) }

    /// An array of `interval`, microseconds, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func intervalArray(_ values: some Sequence<Int64?>) {
        append(nullableArray: values, of: WireInterval.self)
    }

    /// An array of `json`, UTF-8 bytes.
    @inlinable @inline(__always)
    package mutating func jsonArray(_ values: some Sequence<[UInt8]>) { append(array: values, of: WireJSON.self) }

    /// An array of `json`, UTF-8 bytes, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func jsonArray(_ values: some Sequence<[UInt8]?>) {
        append(nullableArray: values, of: WireJSON.self)
    }

    /// An array of `jsonb`, UTF-8 bytes of JSON text.
    @inlinable @inline(__always)
    package mutating func jsonbArray(_ values: some Sequence<[UInt8]>) { append(array: values, of: WireJSONB.self) }

    /// An array of `jsonb`, UTF-8 bytes of JSON text, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func jsonbArray(_ values: some Sequence<[UInt8]?>) {
        append(nullableArray: values, of: WireJSONB.self)
    }

    /// An array of `bytea`.
    @inlinable @inline(__always)
    package mutating func bytesArray(_ values: some Sequence<[UInt8]>) { append(array: values, of: WireBytes.self) }

    /// An array of `bytea`, elements may be NULL.
    @inlinable @inline(__always)
    package mutating func bytesArray(_ values: some Sequence<[UInt8]?>) {
        append(nullableArray: values, of: WireBytes.self)
    }
}
