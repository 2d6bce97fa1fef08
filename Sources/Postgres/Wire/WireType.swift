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
