/// One PostgreSQL type in binary format: its object ids, and how a Swift value is written and read.
///
/// Object ids of built-in types never change: `pg_type.dat` in the PostgreSQL sources.
package protocol WireType {
    associatedtype Value: Sendable

    /// The type's object id.
    static var oid: UInt32 { get }
    /// The object id of the type's array type.
    static var arrayOID: UInt32 { get }
    /// As users know it, for messages.
    static var name: String { get }

    /// Appends the value's bytes, without their length.
    static func write(_ value: Value, to buffer: inout WireBuffer)
    /// The value of the bytes, nil if they are not of this type's form. `oid` is one that `reads(_:)` accepts.
    static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Value?
    /// Whether values of the type with this object id can be read as `Value`.
    static func reads(_ oid: UInt32) -> Bool
}

extension WireType {
    @inlinable
    package static func reads(_ oid: UInt32) -> Bool { oid == Self.oid }
}

extension UnsafeRawBufferPointer {
    /// The big-endian integer that fills the whole buffer; nil if it is of another size.
    @inlinable
    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(_: Integer.Type) -> Integer? {
        guard count == MemoryLayout<Integer>.size else { return nil }
        return Integer(bigEndian: loadUnaligned(as: Integer.self))
    }

    /// The big-endian integer at an offset; the caller has checked the bounds.
    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: Integer.Type) -> Integer {
        Integer(bigEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }
}

/// `bool`: one byte.
package enum WireBool: WireType {
    package static var oid: UInt32 { 16 }
    package static var arrayOID: UInt32 { 1000 }
    package static var name: String { "bool" }

    @inlinable
    package static func write(_ value: Bool, to buffer: inout WireBuffer) { buffer.append(value ? 1 : 0 as UInt8) }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Bool? {
        bytes.integer(UInt8.self).map { $0 != 0 }
    }
}

/// `int2`.
package enum WireInt16: WireType {
    package static var oid: UInt32 { 21 }
    package static var arrayOID: UInt32 { 1005 }
    package static var name: String { "int2" }

    @inlinable
    package static func write(_ value: Int16, to buffer: inout WireBuffer) { buffer.append(value) }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Int16? { bytes.integer(Int16.self) }
}

/// `int4`.
package enum WireInt32: WireType {
    package static var oid: UInt32 { 23 }
    package static var arrayOID: UInt32 { 1007 }
    package static var name: String { "int4" }

    @inlinable
    package static func write(_ value: Int32, to buffer: inout WireBuffer) { buffer.append(value) }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Int32? { bytes.integer(Int32.self) }
}

/// `int8`.
package enum WireInt64: WireType {
    package static var oid: UInt32 { 20 }
    package static var arrayOID: UInt32 { 1016 }
    package static var name: String { "int8" }

    @inlinable
    package static func write(_ value: Int64, to buffer: inout WireBuffer) { buffer.append(value) }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Int64? { bytes.integer(Int64.self) }
}

/// `uuid`: sixteen bytes.
package enum WireUUID: WireType {
    package static var oid: UInt32 { 2950 }
    package static var arrayOID: UInt32 { 2951 }
    package static var name: String { "uuid" }

    @inlinable
    package static func write(_ value: PGUUID, to buffer: inout WireBuffer) {
        buffer.append(value.high)
        buffer.append(value.low)
    }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> PGUUID? {
        guard bytes.count == 16 else { return nil }
        return PGUUID(high: bytes.integer(at: 0, UInt64.self), low: bytes.integer(at: 8, UInt64.self))
    }
}

/// `timestamptz` as microseconds since the Unix epoch.
///
/// The wire counts from 2000-01-01. `Int64.max` and `Int64.min` stand for `infinity` and `-infinity` in both
/// directions; instants beyond what the difference leaves room for (after the year 294247) become `infinity`.
package enum WireTimestamp: WireType {
    /// 1970-01-01 to 2000-01-01: 10,957 days.
    @usableFromInline static var epochDifference: Int64 { 10_957 * 86_400_000_000 }

    package static var oid: UInt32 { 1184 }
    package static var arrayOID: UInt32 { 1185 }
    package static var name: String { "timestamptz" }

    @inlinable
    package static func write(_ value: Int64, to buffer: inout WireBuffer) {
        let (shifted, overflow) = value.subtractingReportingOverflow(epochDifference)
        buffer.append(overflow ? Int64.min : value == .max ? .max : shifted)
    }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Int64? {
        guard let value = bytes.integer(Int64.self) else { return nil }
        if value == .min { return .min }
        let (shifted, overflow) = value.addingReportingOverflow(epochDifference)
        return overflow ? .max : shifted
    }
}

/// `text` as a Swift string; also reads `varchar`, `bpchar` and `name`.
///
/// A string with U+0000 is refused by the server (SQLSTATE 22021).
package enum WireText: WireType {
    package static var oid: UInt32 { 25 }
    package static var arrayOID: UInt32 { 1009 }
    package static var name: String { "text" }

    @inlinable
    package static func write(_ value: String, to buffer: inout WireBuffer) {
        let written: Void? = value.utf8.withContiguousStorageIfAvailable {
            buffer.append(bytes: UnsafeRawBufferPointer($0))
        }
        guard written == nil else { return }
        for byte in value.utf8 { buffer.append(byte) }
    }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> String? {
        String(decoding: bytes, as: UTF8.self)
    }

    package static func reads(_ oid: UInt32) -> Bool { oid == 25 || oid == 1043 || oid == 1042 || oid == 19 }
}

/// `bytea`.
package enum WireBytes: WireType {
    package static var oid: UInt32 { 17 }
    package static var arrayOID: UInt32 { 1001 }
    package static var name: String { "bytea" }

    @inlinable
    package static func write(_ value: [UInt8], to buffer: inout WireBuffer) {
        value.withUnsafeBytes { buffer.append(bytes: $0) }
    }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> [UInt8]? { [UInt8](bytes) }
}

/// `json` as UTF-8 bytes, exactly as stored.
package enum WireJSON: WireType {
    package static var oid: UInt32 { 114 }
    package static var arrayOID: UInt32 { 199 }
    package static var name: String { "json" }

    @inlinable
    package static func write(_ value: [UInt8], to buffer: inout WireBuffer) { WireBytes.write(value, to: &buffer) }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> [UInt8]? { [UInt8](bytes) }
}

/// A UUID as the two halves that travel on the wire, most significant first.
///
/// This module knows no identifier types of the domain; they convert to and from this pair for free.
package struct PGUUID: Hashable, Sendable {
    /// Bytes 0 to 7, big-endian.
    package var high: UInt64
    /// Bytes 8 to 15, big-endian.
    package var low: UInt64

    /// The UUID made of the two halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
