/// The character classes of URLs, HTTP and names.
extension UInt8 {
    @inlinable package var isDigit: Bool { self &- 0x30 < 10 }

    @inlinable package var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    @inlinable package var isAlphanumeric: Bool { isDigit || isLetter }

    @inlinable package var isLowerAlphanumeric: Bool { isDigit || self &- 0x61 < 26 }

    /// A space or a tab.
    @inlinable package var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// `tchar` of RFC 9110 §5.6.2: what a header name or a method is made of.
    @inlinable package var isTokenCharacter: Bool {
        if isAlphanumeric { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// The value of a hexadecimal digit in either case.
    @inlinable package var hexValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// The lower-case hexadecimal digit of this value, which is below 16.
    @inlinable package var hexDigit: UInt8 { self < 10 ? 0x30 + self : 0x61 + self - 10 }
}

extension StringProtocol where SubSequence == Substring {
    /// Without spaces and tabs at both ends.
    package func trimmingBlanks() -> Substring {
        var text = self[...].utf8.drop(while: \.isBlank)
        while text.last?.isBlank == true { text.removeLast() }
        return Substring(text)
    }
}
