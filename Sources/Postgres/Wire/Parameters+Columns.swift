/// Arrays written value by value, for batches of rows that are not arrays of what is sent.
///
/// A map over tuples or structs copies each row once per column, with all the strings and payloads it holds; here only the
/// one field that is asked for is touched.
extension Parameters {
    /// An array parameter that is being written.
    package struct Column {
        @usableFromInline let start: Int
        @usableFromInline var count: Int32 = 0
        @usableFromInline var hasNulls = false

        @inlinable
        init(start: Int) { self.start = start }
    }

    /// Begins an array; nothing else may be appended before it is ended.
    @inlinable @inline(__always)
    package mutating func begin<Type: WireType>(_: Type.Type) -> Column { Column(start: beginArray(Type.self)) }

    /// Appends a value to the array that was begun; nil is NULL.
    @inlinable @inline(__always)
    package mutating func append<Type: WireType>(_ value: Type.Value?, to column: inout Column, as _: Type.Type) {
        if let value {
            append(element: value, of: Type.self)
        } else {
            buffer.append(-1 as Int32)
            column.hasNulls = true
        }
        column.count += 1
    }

    /// Ends the array.
    @inlinable @inline(__always)
    package mutating func end(_ column: Column) {
        endArray(column.start, count: column.count, hasNulls: column.hasNulls)
    }

    /// An array of a value of each row.
    @inlinable @inline(__always)
    package mutating func column<Type: WireType, Row>(
        _ type: Type.Type, of rows: [Row], _ value: (Row) -> Type.Value?
    ) {
        var column = begin(type)
        for row in rows { append(value(row), to: &column, as: type) }
        end(column)
    }
}
