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

/// `interval` as microseconds.
///
/// Written without days; read with a day as 24 hours. An interval with months has no fixed length: it cannot be read.
package enum WireInterval: WireType {
    package static var oid: UInt32 { 1186 }
    package static var arrayOID: UInt32 { 1187 }
    package static var name: String { "interval" }

    @inlinable
    package static func write(_ value: Int64, to buffer: inout WireBuffer) {
        buffer.append(value)
        buffer.append(0 as Int64)
    }

    package static func read(_ bytes: UnsafeRawBufferPointer, oid: UInt32) -> Int64? {
        guard bytes.count == 16, bytes.integer(at: 12, Int32.self) == 0 else { return nil }
        let days = Int64(bytes.integer(at: 8, Int32.self))
        let (whole, overflow) = bytes.integer(at: 0, Int64.self).addingReportingOverflow(days * 86_400_000_000)
        return overflow ? nil : whole
    }
}
