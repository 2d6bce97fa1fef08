import Basics

/// The id of a trace: 16 bytes, never all zero (W3C trace context level 2, §3.2.2.3).
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian: what samplers decide by.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new id, every bit of it random.
    package static func random() -> TraceID {
        // All zero is no id; of the 2^128 it alone is left out.
        while true {
            let id = TraceID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
            if id.high | id.low != 0 { return id }
        }
    }

    /// 32 lower-case hexadecimal digits.
    package var description: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            Hex.write(high, to: buffer, at: 0)
            Hex.write(low, to: buffer, at: 16)
            return 32
        }
    }
}

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
