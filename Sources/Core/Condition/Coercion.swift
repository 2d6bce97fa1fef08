internal import Basics

/// JavaScript's conversions, as far as JsonLogic relies on them. What they cost is charged by their callers.
enum Coercion {
    /// False for null, false, 0, NaN, "" and, unlike in JavaScript, the empty list.
    static func isTruthy(_ value: JSON) -> Bool {
        switch value {
        case .null: false
        case .bool(let value): value
        case .number(let value): value.isTruthy
        case .string(let value): !value.isEmpty
        case .array(let value): !value.isEmpty
        case .object: true
        }
    }

    /// The text of a value that is no list. Numbers as written.
    static func text(_ value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): value.text
        case .string(let value): value
        case .array: preconditionFailure("lists are joined where their cost is counted")
        case .object: "[object Object]"
        }
    }

    /// `Number(value)`. Lists are to be turned into text before.
    static func number(_ value: JSON) -> JSONNumber {
        switch value {
        case .null: JSONNumber(0)
        case .bool(let value): JSONNumber(value ? 1 : 0)
        case .number(let value): value
        case .string(let text): number(of: trimmed(text))
        case .array, .object: .notANumber
        }
    }

    /// `parseFloat(value)`: the number at the beginning of the text. Lists are to be turned into text before.
    static func leadingNumber(_ value: JSON) -> JSONNumber {
        switch value {
        case .number(let value): value
        case .string(let text): numberPrefix(trimmed(text))?.number ?? .notANumber
        case .null, .bool, .array, .object: .notANumber
        }
    }

    /// Whether the two have the same bytes. `==` would look for canonically equivalent text, which takes long.
    static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        var (left, right) = (left, right)
        return left.withUTF8 { left in right.withUTF8 { left.elementsEqual($0) } }
    }

    /// Whether `part` occurs in `text`, byte for byte: Knuth, Morris and Pratt's search, linear whatever the input.
    static func contains(_ text: String, _ part: String) -> Bool {
        let pattern = Array(part.utf8)
        guard !pattern.isEmpty else { return true }
        var borders = [0]
        var matched = 0
        for byte in pattern.dropFirst() {
            while matched > 0, byte != pattern[matched] { matched = borders[matched - 1] }
            if byte == pattern[matched] { matched += 1 }
            borders.append(matched)
        }
        matched = 0
        for byte in text.utf8 {
            while matched > 0, byte != pattern[matched] { matched = borders[matched - 1] }
            if byte == pattern[matched] { matched += 1 }
            if matched == pattern.count { return true }
        }
        return false
    }

    /// Without white space and line ends at either end, those of ECMAScript.
    private static func trimmed(_ text: String) -> Substring.UTF8View {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x09...0x0D, 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF: true
            default: false
            }
        }
        var scalars = text[...].unicodeScalars.drop(while: isSpace)
        while let last = scalars.last, isSpace(last) { scalars.removeLast() }
        return Substring(scalars).utf8
    }

    /// A whole text as a number: decimal, `0x1F`, `0o17`, `0b101` or a signed `Infinity`; 0 for none at all.
    private static func number(of text: Substring.UTF8View) -> JSONNumber {
        if text.isEmpty { return JSONNumber(0) }
        if let radix = radix(of: text) { return digits(text.dropFirst(2), radix: radix) }
        guard let (number, length) = numberPrefix(text), length == text.count else { return .notANumber }
        return number
    }

    private static func radix(of text: Substring.UTF8View) -> Int? {
        guard text.first == UInt8(ascii: "0"), let letter = text.dropFirst().first else { return nil }
        switch letter | 0x20 {
        case UInt8(ascii: "x"): return 16
        case UInt8(ascii: "o"): return 8
        case UInt8(ascii: "b"): return 2
        default: return nil
        }
    }

    private static func digits(_ text: Substring.UTF8View, radix: Int) -> JSONNumber {
        guard let first = text.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-"), text.count <= maxDigits
        else { return .notANumber }
        if let value = Int(Substring(text), radix: radix) { return JSONNumber(value) }
        var value = 0.0
        for byte in text {
            let digit = byte.isDigit ? byte &- 0x30 : byte.isLetter ? (byte | 0x20) &- 0x57 : .max
            guard digit < radix else { return .notANumber }
            value = value * Double(radix) + Double(digit)
        }
        return JSONNumber(computed: value)
    }

    /// Characters of a number in a text at most, as of one in JSON. A longer one is none.
    static let maxDigits = 1024

    /// The longest decimal number at the beginning, a sign and a bare point (`+1`, `.5`, `5.`) included, or `Infinity`.
    private static func numberPrefix(_ text: Substring.UTF8View) -> (number: JSONNumber, length: Int)? {
        let bytes = Array(text.prefix(maxDigits))
        func digits(from start: Int) -> Int {
            var end = start
            while end < bytes.count, bytes[end].isDigit { end += 1 }
            return end
        }
        func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }
        let start = isSign(byte(0)) ? 1 : 0
        if bytes.dropFirst(start).starts(with: "Infinity".utf8) {
            return (byte(0) == UInt8(ascii: "-") ? .negativeInfinity : .infinity, start + 8)
        }
        var end = digits(from: start)
        var count = end - start
        if byte(end) == UInt8(ascii: ".") {
            let after = digits(from: end + 1)
            count += after - end - 1
            if count > 0 { end = after }
        }
        guard count > 0 else { return nil }
        if byte(end) | 0x20 == UInt8(ascii: "e") {
            let exponent = end + (isSign(byte(end + 1)) ? 2 : 1)
            if digits(from: exponent) > exponent { end = digits(from: exponent) }
        }
        if end == maxDigits, text.count > end { return nil }
        let prefix = String(decoding: bytes[..<end], as: UTF8.self)
        return (JSONNumber(prefix) ?? JSONNumber(computed: Double(prefix) ?? .nan), end)
    }
}
