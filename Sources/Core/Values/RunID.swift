// The small values everything else is made of: ids, instants, durations, versions. All of them parse strictly, print
// canonically and know no clock and no dice: time and randomness are passed in.

/// The id of a run: a UUID, version 7 when we make it, so that ids sort by the time of their creation.
package struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the canonical form (8-4-4-4-12 hexadecimal digits, any case); nil for every other text.
    package init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8({ RunID.parse($0) }) else { return nil }
        self = value
    }

    /// The canonical form in lower case.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let half = nibble < 16 ? high : low
                buffer[at] = hexDigit(UInt8(truncatingIfNeeded: half >> UInt64(60 - nibble % 16 * 4)) & 0xF)
                at += 1
            }
            return 36
        }
    }

    package static func < (left: RunID, right: RunID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// A version 7 UUID (RFC 9562 §5.7): 48 bits of time, then 74 of the 128 random bits given.
    package static func v7(milliseconds: UInt64, random: (UInt64, UInt64)) -> RunID {
        RunID(
            high: milliseconds << 16 | 0x7000 | random.0 & 0x0FFF,
            low: 0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// The time in a version 7 id, in milliseconds since 1970 UTC; meaningless for other versions.
    package var milliseconds: UInt64 { high >> 16 }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> RunID? {
        guard text.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var nibbles = 0
        for at in 0..<36 {
            let byte = text[at]
            if at == 8 || at == 13 || at == 18 || at == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - 0x30
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - 0x57
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - 0x37
            default: return nil
            }
            if nibbles < 16 {
                halves.0 = halves.0 << 4 | UInt64(digit)
            } else {
                halves.1 = halves.1 << 4 | UInt64(digit)
            }
            nibbles += 1
        }
        return RunID(high: halves.0, low: halves.1)
    }
}
