/// Percent-encoding by RFC 3986.
package enum PercentEncoding {
    /// The text as one segment of a path: all but the unreserved characters (letters, digits, `-._~`) is encoded, so that
    /// it can neither end the segment nor begin a query.
    package static func segment(_ text: String) -> String {
        var encoded: [UInt8] = []
        append(segment: text, to: &encoded)
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Appends the text as one segment of a path.
    package static func append(segment text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(upperHexDigit(byte >> 4))
                bytes.append(upperHexDigit(byte & 0xF))
            }
        }
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }

    private static func upperHexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
}
