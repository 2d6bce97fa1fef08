@testable import Telemetry

extension ProtobufReader {
    /// The messages in a field of a message.
    static func children(_ field: UInt64, in bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var reader = ProtobufReader(bytes)
        var found: [ArraySlice<UInt8>] = []
        while let (number, value) = reader.next() {
            if number == field, case .bytes(let bytes) = value { found.append(bytes) }
        }
        return found
    }

    /// The messages in a field of the messages in a field of the messages in a field.
    static func children(
        _ inner: UInt64, of middle: UInt64, of outer: UInt64, in bytes: ArraySlice<UInt8>
    ) -> [ArraySlice<UInt8>] {
        children(outer, in: bytes).flatMap { children(middle, in: $0) }.flatMap { children(inner, in: $0) }
    }
}
