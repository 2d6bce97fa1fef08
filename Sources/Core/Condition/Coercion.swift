/// JavaScript's conversions, as far as JsonLogic relies on them.
enum Coercion {
    /// False for null, false, 0, "" and, unlike in JavaScript, the empty list.
    static func isTruthy(_ value: JSON) -> Bool {
        switch value {
        case .null: false
        case .bool(let value): value
        case .number(let value): JSONNumber.compare(value, JSONNumber(0)) != .equal
        case .string(let value): !value.isEmpty
        case .array(let value): !value.isEmpty
        case .object: true
        }
    }

    /// What reading a value costs beyond the operation itself: conversions are linear in the length of a text.
    static func cost(_ value: JSON) -> Int {
        switch value {
        case .string(let text): text.utf8.count / 1024
        case .null, .bool, .number, .array, .object: 0
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

    /// `Number(value)`, nil for NaN. Lists are to be turned into text before.
    static func number(_ value: JSON) -> JSONNumber? {
        switch value {
        case .null: JSONNumber(0)
        case .bool(let value): JSONNumber(value ? 1 : 0)
        case .number(let value): value
        case .string(let text):
            switch trimmed(text[...].utf8) {
            case let bytes where bytes.isEmpty: JSONNumber(0)
            case let bytes: numberPrefix(bytes).flatMap { $0.length == bytes.count ? $0.number : nil }
            }
        case .array, .object: nil
        }
    }

    /// `parseFloat(value)`: the number at the beginning of the text, nil for NaN.
    static func leadingNumber(_ value: JSON) -> JSONNumber? {
        switch value {
        case .number(let value): value
        case .string(let text): numberPrefix(trimmed(text[...].utf8))?.number
        case .null, .bool, .array, .object: nil
        }
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

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }

    /// The longest decimal number at the beginning, a sign and a bare point (`+1`, `.5`, `5.`) included.
    private static func numberPrefix(_ text: Substring.UTF8View) -> (number: JSONNumber, length: Int)? {
        let bytes = Array(text.prefix(1024))
        func digits(from start: Int) -> Int {
            var end = start
            while end < bytes.count, bytes[end] &- 0x30 < 10 { end += 1 }
            return end
        }
        func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }
        let start = isSign(byte(0)) ? 1 : 0
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
        let prefix = String(decoding: bytes[..<end], as: UTF8.self)
        return (JSONNumber(prefix) ?? Double(prefix).flatMap { JSONNumber($0) }).map { ($0, end) }
    }
}
