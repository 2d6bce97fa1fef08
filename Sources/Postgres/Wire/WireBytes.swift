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
