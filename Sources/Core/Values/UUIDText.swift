import Basics

/// What ids have in common: the bits of a version 7 UUID, and its text.
enum UUIDText {
    /// The canonical form (8-4-4-4-12 hexadecimal digits) in lower case.
    static func text(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let half = nibble < 16 ? high : low
                buffer[at] = (UInt8(truncatingIfNeeded: half >> UInt64(60 - nibble % 16 * 4)) & 0xF).hexDigit
                at += 1
            }
            return 36
        }
    }

    /// Parses the canonical form, in any case; nil for every other text.
    static func parse(_ text: String) -> (high: UInt64, low: UInt64)? {
        var text = text
        return text.withUTF8 { parse($0) }
    }

    /// RFC 9562 §5.7: 48 bits of time, then 74 of the 128 random bits given.
    static func v7(milliseconds: UInt64, random: (UInt64, UInt64)) -> (high: UInt64, low: UInt64) {
        (
            milliseconds << 16 | 0x7000 | random.0 & 0x0FFF,
            0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF
        )
    }

    static func parse(_ text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count == 36 else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        var nibbles = 0
        for at in 0..<36 {
            let byte = text[at]
            if at == 8 || at == 13 || at == 18 || at == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = byte.hexValue else { return nil }
            if nibbles < 16 {
                halves.high = halves.high << 4 | UInt64(digit)
            } else {
                halves.low = halves.low << 4 | UInt64(digit)
            }
            nibbles += 1
        }
        return halves
    }
}
