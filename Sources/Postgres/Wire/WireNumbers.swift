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
