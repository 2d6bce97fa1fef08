/// Writes protocol buffers' wire format (protobuf.dev/programming-guides/encoding): the little of it that OTLP needs.
///
/// Fields with their default value are left out, as proto3 has it, except where the writer says otherwise.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    mutating func text(_ field: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        writeText(field, value)
    }

    /// A member of a `oneof`, which is written even when it is empty.
    mutating func chosenText(_ field: UInt64, _ value: String) { writeText(field, value) }

    /// A whole number, boolean or enumeration; written even when it is zero.
    mutating func integer(_ field: UInt64, _ value: UInt64) {
        tag(field, .varint)
        varint(value)
    }

    mutating func fixed32(_ field: UInt64, _ value: UInt32) {
        tag(field, .fixed32)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func fixed64(_ field: UInt64, _ value: UInt64) {
        tag(field, .fixed64)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Bytes in the order people write them: ids are big-endian.
    mutating func words(_ field: UInt64, _ words: UInt64...) {
        tag(field, .lengthDelimited)
        varint(UInt64(words.count * 8))
        for word in words { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
    }

    /// A message within this one.
    mutating func message(_ field: UInt64, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        tag(field, .lengthDelimited)
        varint(UInt64(inner.bytes.count))
        bytes.append(contentsOf: inner.bytes)
    }

    private mutating func writeText(_ field: UInt64, _ value: String) {
        var value = value
        value.withUTF8 { text in
            tag(field, .lengthDelimited)
            varint(UInt64(text.count))
            bytes.append(contentsOf: text)
        }
    }

    private mutating func tag(_ field: UInt64, _ type: WireType) { varint(field << 3 | type.rawValue) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
