internal import Basics

extension JSONParser {
    /// The string that begins at the quote under `at`. Without escapes it is taken over in one piece.
    mutating func string() throws(JSONError) -> String {
        let start = at + 1
        at = start
        try skipPlain()
        if bytes[at] == UInt8(ascii: "\"") {
            defer { at += 1 }
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
        }
        var unescaped: [UInt8] = []
        unescaped.reserveCapacity((at - start) * 2 + 16)
        unescaped.append(contentsOf: bytes[start..<at])
        while bytes[at] != UInt8(ascii: "\"") {
            try escape(into: &unescaped)
            let from = at
            try skipPlain()
            unescaped.append(contentsOf: bytes[from..<at])
        }
        at += 1
        return String(decoding: unescaped, as: UTF8.self)
    }

    /// Moves to the next quote or backslash, eight bytes at a time, checking UTF-8 on the way.
    private mutating func skipPlain() throws(JSONError) {
        while true {
            while at + 8 <= bytes.count {
                let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + at)
                    .loadUnaligned(as: UInt64.self).littleEndian
                let special = Self.special(word)
                guard special == 0 else {
                    at += special.trailingZeroBitCount / 8
                    break
                }
                at += 8
            }
            guard at < bytes.count else { throw JSONError(.unexpectedEnd, offset: at) }
            switch bytes[at] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw JSONError(.controlCharacter, offset: at)
            case 0x80...: at += try sequenceLength()
            default: at += 1
            }
        }
    }

    /// The high bit of each byte that is a quote, a backslash, a control character or not ASCII.
    ///
    /// Bits above the lowest one set may be false (borrows run upwards); only the lowest is used.
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- (ones &* 0x20)) & ~word
        return (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | control | word) & highs
    }

    /// The length of the multi-byte UTF-8 sequence under `at`, by table 3-7 of the Unicode standard: no overlong forms,
    /// no surrogates, nothing above U+10FFFF.
    private func sequenceLength() throws(JSONError) -> Int {
        let first = bytes[at]
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch first {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw JSONError(.invalidUTF8, offset: at)
            }
        guard at + length <= bytes.count, second.contains(bytes[at + 1]) else {
            throw JSONError(.invalidUTF8, offset: at)
        }
        for index in 2..<max(length, 2) where bytes[at + index] & 0xC0 != 0x80 {
            throw JSONError(.invalidUTF8, offset: at)
        }
        return length
    }

    /// Takes the escape sequence at the backslash under `at`.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        let start = at
        guard at + 1 < bytes.count else { throw JSONError(.unexpectedEnd, offset: bytes.count) }
        at += 2
        switch bytes[at - 1] {
        case UInt8(ascii: "\""): unescaped.append(0x22)
        case UInt8(ascii: "\\"): unescaped.append(0x5C)
        case UInt8(ascii: "/"): unescaped.append(0x2F)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): Character(try scalar(from: start)).utf8.forEach { unescaped.append($0) }
        default: throw JSONError(.invalidEscape, offset: start)
        }
    }

    /// The scalar of a `\u` escape (two of them for a surrogate pair) whose first four hex digits are under `at`.
    private mutating func scalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try hexUnit(from: start)
        if unit == 0 { throw JSONError(.nullCharacter, offset: start) }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw JSONError(.loneSurrogate, offset: start) }
        let second = at
        at += 2
        let low = try hexUnit(from: second)
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw JSONError(.loneSurrogate, offset: start) }
        return scalar
    }

    private mutating func hexUnit(from start: Int) throws(JSONError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw JSONError(.unexpectedEnd, offset: bytes.count) }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = bytes[at].hexValue else { throw JSONError(.invalidEscape, offset: start) }
            unit = unit << 4 | UInt16(digit)
            at += 1
        }
        return unit
    }
}
