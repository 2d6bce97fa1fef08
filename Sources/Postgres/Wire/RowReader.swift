internal import CLibPQ

/// Reads the columns of one result row in order, checking type, NULL and form of each.
///
/// Valid only during `Statement.decode`: it looks into memory that belongs to the result.
package struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let row: Int32
    private let columnCount: Int32
    private var column: Int32 = 0

    init(result: OpaquePointer, row: Int32, columnCount: Int32) {
        self.result = result
        self.row = row
        self.columnCount = columnCount
    }

    /// Passes over one column.
    package mutating func skip() { column += 1 }

    mutating func value<Type: WireType>(_: Type.Type) throws(PostgresError) -> Type.Value {
        guard let value = try valueOrNil(Type.self) else { throw failure("NULL where \(Type.name) was expected") }
        return value
    }

    mutating func valueOrNil<Type: WireType>(_: Type.Type) throws(PostgresError) -> Type.Value? {
        guard let (bytes, oid) = try next() else { return nil }
        guard Type.reads(oid) else { throw failure("type \(oid) where \(Type.name) was expected") }
        guard let value = Type.read(bytes, oid: oid) else { throw failure("not a readable \(Type.name)") }
        return value
    }

    mutating func array<Type: WireType>(_: Type.Type) throws(PostgresError) -> [Type.Value] {
        guard let array = try arrayOrNil(Type.self) else { throw failure("NULL where \(Type.name)[] was expected") }
        return array
    }

    mutating func arrayOrNil<Type: WireType>(_: Type.Type) throws(PostgresError) -> [Type.Value]? {
        guard var elements = try elements(Type.self) else { return nil }
        var values: [Type.Value] = []
        values.reserveCapacity(elements.count)
        while let element = try elementBytes(&elements, Type.self) {
            guard let bytes = element.bytes else { throw failure("NULL in \(Type.name)[]") }
            guard let value = Type.read(bytes, oid: elements.oid) else {
                throw failure("bad element in \(Type.name)[]")
            }
            values.append(value)
        }
        return values
    }

    mutating func nullableArray<Type: WireType>(_: Type.Type) throws(PostgresError) -> [Type.Value?] {
        guard let array = try nullableArrayOrNil(Type.self) else {
            throw failure("NULL where \(Type.name)[] was expected")
        }
        return array
    }

    mutating func nullableArrayOrNil<Type: WireType>(_: Type.Type) throws(PostgresError) -> [Type.Value?]? {
        guard var elements = try elements(Type.self) else { return nil }
        var values: [Type.Value?] = []
        values.reserveCapacity(elements.count)
        while let element = try elementBytes(&elements, Type.self) {
            guard let bytes = element.bytes else {
                values.append(nil)
                continue
            }
            guard let value = Type.read(bytes, oid: elements.oid) else {
                throw failure("bad element in \(Type.name)[]")
            }
            values.append(value)
        }
        return values
    }

    /// The next column's bytes and type; nil for NULL.
    private mutating func next() throws(PostgresError) -> (UnsafeRawBufferPointer, UInt32)? {
        column += 1
        let index = column - 1
        guard index < columnCount else { throw failure("there are only \(columnCount) columns") }
        guard PQgetisnull(result, row, index) == 0 else { return nil }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, index), count: Int(PQgetlength(result, row, index)))
        return (bytes, PQftype(result, index))
    }

    private mutating func elements<Type: WireType>(_: Type.Type) throws(PostgresError) -> ArrayElements? {
        guard let (bytes, _) = try next() else { return nil }
        guard let elements = ArrayElements(bytes), elements.count == 0 || Type.reads(elements.oid) else {
            throw failure("not a one-dimensional array of \(Type.name)")
        }
        return elements
    }

    private func elementBytes<Type: WireType>(
        _ elements: inout ArrayElements, _: Type.Type
    ) throws(PostgresError) -> ArrayElements.Element? {
        do throws(ArrayElements.Malformed) {
            return try elements.next()
        } catch {
            throw failure("truncated \(Type.name)[]")
        }
    }

    /// An error about the column read last, with its name.
    private func failure(_ message: String) -> PostgresError {
        let index = max(column - 1, 0)
        let name = PQfname(result, index).map { String(cString: $0) } ?? "?"
        return .decoding("column \(index + 1) (\(name)): \(message)")
    }
}
