/// The elements of an array value in binary format, one after the other.
///
/// Layout: dimensions, has-nulls flag, element type, then size and lower bound per dimension, then each element's
/// length (-1 for NULL) and bytes.
struct ArrayElements {
    struct Malformed: Error {}

    /// One element; `bytes` is nil for NULL.
    struct Element {
        let bytes: UnsafeRawBufferPointer?
    }

    /// Object id of the elements' type.
    let oid: UInt32
    let count: Int
    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    private var remaining: Int

    /// Nil if the bytes are no array of at most one dimension.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 12 else { return nil }
        let dimensions = bytes.integer(at: 0, Int32.self)
        oid = bytes.integer(at: 8, UInt32.self)
        switch dimensions {
        case 0: count = 0
        case 1 where bytes.count >= 20:
            count = Int(bytes.integer(at: 12, Int32.self))
            // Every element takes at least its length word: a count beyond that is nonsense, not a reason to allocate.
            guard count >= 0, count <= (bytes.count - 20) / 4 else { return nil }
        default: return nil
        }
        self.bytes = bytes
        self.offset = 20
        self.remaining = count
    }

    /// The next element; nil after the last.
    mutating func next() throws(Malformed) -> Element? {
        guard remaining > 0 else { return nil }
        guard offset + 4 <= bytes.count else { throw Malformed() }
        let length = Int(bytes.integer(at: offset, Int32.self))
        offset += 4
        remaining -= 1
        guard length >= 0 else { return Element(bytes: nil) }
        guard offset + length <= bytes.count else { throw Malformed() }
        defer { offset += length }
        return Element(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)]))
    }
}
