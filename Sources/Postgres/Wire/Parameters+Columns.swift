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
    package mutating func begin<Type: ColumnType>(_: Type.Type) -> Column { Column(start: beginArray(Type.self)) }

    /// Ends the array.
    @inlinable @inline(__always)
    package mutating func end(_ column: Column) {
        endArray(column.start, count: column.count, hasNulls: column.hasNulls)
    }

    /// An array of a value of each row.
    @inlinable @inline(__always)
    package mutating func column<Type: ColumnType, Row>(
        _ type: Type.Type, of rows: [Row], _ value: (Row) -> Type.Value?
    ) {
        var column = begin(type)
        for row in rows { Type.Value.append(value(row), to: &column, of: &self) }
        end(column)
    }

    fileprivate mutating func appendNull(to column: inout Column) {
        buffer.append(-1 as Int32)
        column.hasNulls = true
        column.count += 1
    }

    @inline(__always)
    fileprivate mutating func append<Integer: FixedWidthInteger & BitwiseCopyable>(
        integer: Integer, to column: inout Column
    ) {
        buffer.append(Int32(MemoryLayout<Integer>.size))
        buffer.append(integer)
        column.count += 1
    }

    fileprivate mutating func append(bytes: UnsafeRawBufferPointer, to column: inout Column) {
        buffer.append(Int32(bytes.count))
        buffer.append(bytes: bytes)
        column.count += 1
    }
}

/// A type whose values can be written to a column: sent as they are, without the shift of a timestamp or a version byte.
package protocol ColumnType: WireType where Value: ColumnValue {}

extension WireBool: ColumnType {}
extension WireInt16: ColumnType {}
extension WireInt32: ColumnType {}
extension WireInt64: ColumnType {}
extension WireText: ColumnType {}
extension WireJSON: ColumnType {}
extension WireBytes: ColumnType {}
extension WireUUID: ColumnType {}

/// What columns are made of.
///
/// None of this is generic, on purpose: a generic function of one module that another calls for every value of a batch is
/// called unspecialised, whatever it is marked as, and then looks up type metadata each time.
package protocol ColumnValue {
    /// Appends a value to the array that was begun; nil is NULL.
    static func append(_ value: Self?, to column: inout Parameters.Column, of parameters: inout Parameters)
}

extension Bool: ColumnValue {
    package static func append(
        _ value: Bool?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        parameters.append(integer: value ? 1 : 0 as UInt8, to: &column)
    }
}

extension Int16: ColumnValue {
    package static func append(
        _ value: Int16?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        parameters.append(integer: value, to: &column)
    }
}

extension Int32: ColumnValue {
    package static func append(
        _ value: Int32?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        parameters.append(integer: value, to: &column)
    }
}

extension Int64: ColumnValue {
    package static func append(
        _ value: Int64?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        parameters.append(integer: value, to: &column)
    }
}

extension String: ColumnValue {
    package static func append(
        _ value: String?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard var value else { return parameters.appendNull(to: &column) }
        value.withUTF8 { parameters.append(bytes: UnsafeRawBufferPointer($0), to: &column) }
    }
}

/// `json`, `bytea`, and `text` as UTF-8: their bytes are sent as they are.
extension [UInt8]: ColumnValue {
    package static func append(
        _ value: [UInt8]?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        value.withUnsafeBytes { parameters.append(bytes: $0, to: &column) }
    }
}

extension PGUUID: ColumnValue {
    package static func append(
        _ value: PGUUID?, to column: inout Parameters.Column, of parameters: inout Parameters
    ) {
        guard let value else { return parameters.appendNull(to: &column) }
        parameters.buffer.append(16 as Int32)
        WireUUID.write(value, to: &parameters.buffer)
        column.count += 1
    }
}
