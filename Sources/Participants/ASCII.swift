/// The few character classes of URLs and HTTP that this module needs, without Foundation.
extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }

    /// Letters in lower case, digits, hyphen, underscore (which real host names have, whatever the RFC says).
    var isHostCharacter: Bool {
        isDigit || (self &- 0x61 < 26) || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }

    var hexValue: Int? {
        if isDigit { return Int(self &- 0x30) }
        let lower = self | 0x20
        return lower &- 0x61 < 6 ? Int(lower &- 0x61) + 10 : nil
    }

    /// `tchar` of RFC 9110 §5.6.2: what a header name or a method is made of.
    var isTokenCharacter: Bool {
        if isDigit || ((self | 0x20) &- 0x61 < 26) { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }

    var isSpaceOrTab: Bool { self == 0x20 || self == 0x09 }

    /// A control character other than the tab: never allowed in a header value.
    var isForbiddenInHeaderValue: Bool { (self < 0x20 && self != 0x09) || self == 0x7F }
}

extension Span<UInt8> {
    /// Whether the bytes equal `name` with case ignored; `name` is given in lower case.
    func equalsIgnoringCase(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            for index in indices {
                let byte = self[index]
                let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
                if lower != wanted[index] { return false }
            }
            return true
        }
    }

    /// The bytes as text; anything that is not UTF-8 becomes U+FFFD.
    var text: String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
