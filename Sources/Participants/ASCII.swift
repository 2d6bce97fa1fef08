internal import Basics

/// The few character classes of URLs and HTTP that this module needs, without Foundation.
extension UInt8 {
    /// Letters in lower case, digits, hyphen, underscore (which real host names have, whatever the RFC says).
    var isHostCharacter: Bool {
        isLowerAlphanumeric || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }

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
