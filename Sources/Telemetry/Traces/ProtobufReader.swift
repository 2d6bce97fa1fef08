/// Reads protocol buffers' wire format: fields one after another, unknown ones for the caller to pass over.
struct ProtobufReader {
    /// A field's value, by its wire type.
    enum Value: Equatable {
        /// Whole numbers, booleans, enumerations.
        case integer(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        /// Texts, bytes, messages.
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end, and where the bytes are none of this format.
    mutating func next() -> (field: UInt64, value: Value)? {
        guard !rest.isEmpty, let tag = varint(), tag >> 3 > 0 else { return nil }
        let value: Value? =
            switch tag & 7 {
            case 0: varint().map { .integer($0) }
            case 1: fixed(8).map { .fixed64($0) }
            case 2: varint().flatMap { take($0) }.map { .bytes($0) }
            case 5: fixed(4).map { .fixed32(UInt32(truncatingIfNeeded: $0)) }
            default: nil
            }
        return value.map { (tag >> 3, $0) }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private mutating func fixed(_ count: UInt64) -> UInt64? {
        take(count).map { bytes in bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}
