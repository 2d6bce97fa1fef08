/// The values of a statement's parameters, appended in the order `$1`…`$n` in binary format.
///
/// Scalars take optionals: nil is SQL NULL. Arrays take any sequence, so `runs.lazy.map(\.id)` needs no array between; they
/// are never NULL, nor are their elements: those of a `column` may be. All bytes go into one buffer that the connection
/// reuses.
///
/// What is generic here is inlined always: left to itself, the compiler calls it unspecialised from other modules, and asks
/// for type metadata and witnesses at every element of a batch.
package struct Parameters: ~Copyable {
    @usableFromInline var buffer = WireBuffer()
    /// Object ids of the parameters' types, given to the server when the statement is prepared.
    @usableFromInline var types: [UInt32] = []
    /// Where each value begins; `null` for NULL.
    @usableFromInline var offsets: [Int] = []
    @usableFromInline var lengths: [Int32] = []
    /// Scratch space for libpq's arrays: pointers to the values, and as many ones, "binary", as there are parameters.
    private var pointers: [UnsafePointer<CChar>?] = []
    private var formats: [Int32] = []

    @usableFromInline static var null: Int { -1 }

    init() {}

    /// Empties the list for the next statement.
    mutating func removeAll() {
        buffer.removeAll(keepingAtMost: 1 << 20)
        types.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Appends one value; nil is NULL.
    @inlinable @inline(__always)
    mutating func append<Type: WireType>(_ value: Type.Value?, as _: Type.Type) {
        types.append(Type.oid)
        guard let value else {
            offsets.append(Self.null)
            lengths.append(0)
            return
        }
        let start = buffer.count
        Type.write(value, to: &buffer)
        offsets.append(start)
        lengths.append(Int32(buffer.count - start))
    }

    /// Appends a one-dimensional array.
    @inlinable @inline(__always)
    mutating func append<Type: WireType>(array: some Sequence<Type.Value>, of _: Type.Type) {
        let start = beginArray(Type.self)
        var count: Int32 = 0
        for value in array {
            append(element: value, of: Type.self)
            count += 1
        }
        endArray(start, count: count, hasNulls: false)
    }

    @inlinable @inline(__always)
    mutating func append<Type: WireType>(element: Type.Value, of _: Type.Type) {
        let start = buffer.count
        buffer.append(0 as Int32)
        Type.write(element, to: &buffer)
        buffer.patch(Int32(buffer.count - start - 4), at: start)
    }

    mutating func appendNull<Type: WireType>(arrayOf _: Type.Type) {
        types.append(Type.arrayOID)
        offsets.append(Self.null)
        lengths.append(0)
    }

    /// The header: dimensions, has-nulls flag, element type, size and lower bound; two are patched at the end.
    @inlinable @inline(__always)
    mutating func beginArray<Type: WireType>(_: Type.Type) -> Int {
        types.append(Type.arrayOID)
        let start = buffer.count
        buffer.append(1 as Int32)
        buffer.append(0 as Int32)
        buffer.append(Type.oid)
        buffer.append(0 as Int32)
        buffer.append(1 as Int32)
        return start
    }

    @inlinable @inline(__always)
    mutating func endArray(_ start: Int, count: Int32, hasNulls: Bool) {
        buffer.patch(hasNulls ? 1 : 0, at: start + 4)
        buffer.patch(count, at: start + 12)
        offsets.append(start)
        lengths.append(Int32(buffer.count - start))
    }
}

extension Parameters {
    /// Lends the values in the form of libpq's parameter arrays; valid only during the call.
    mutating func withPointers<Result>(
        _ body: (
            _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        let base = UnsafeRawPointer(buffer.base)
        pointers.removeAll(keepingCapacity: true)
        for offset in offsets {
            pointers.append(offset == Self.null ? nil : (base + offset).assumingMemoryBound(to: CChar.self))
        }
        while formats.count < offsets.count { formats.append(1) }
        return pointers.withUnsafeBufferPointer { pointers in
            body(Int32(pointers.count), pointers.baseAddress, lengths, formats)
        }
    }
}
