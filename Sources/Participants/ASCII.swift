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

    /// Whether the bytes in lower case equal `name`, which is in lower case.
    func isLowercased(_ name: String) -> Bool {
        var index = 0
        for wanted in name.utf8 {
            guard index < count else { return false }
            let byte = self[index]
            if (byte &- 0x41 < 26 ? byte | 0x20 : byte) != wanted { return false }
            index += 1
        }
        return index == count
    }

    /// The bytes as text; anything that is not UTF-8 becomes U+FFFD.
    var text: String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
