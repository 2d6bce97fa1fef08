import Basics

/// Lower-case hexadecimal digits, 16 to a word.
enum Hex {
    static func write(_ word: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for nibble in 0..<16 {
            buffer[start + nibble] = (UInt8(truncatingIfNeeded: word >> UInt64(60 - nibble * 4)) & 0xF).hexDigit
        }
    }

    /// The number these digits write; nil when one is no lower-case hexadecimal digit. At most 16 digits.
    static func read(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var word: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: word = word << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: word = word << 4 | UInt64(digit - 0x61 + 10)
            default: return nil
            }
        }
        return word
    }
}
