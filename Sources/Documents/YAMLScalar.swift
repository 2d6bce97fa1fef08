import Core

/// What a plain scalar means by the core schema of YAML 1.2.2, §10.3.2: null, a boolean, a number, or else a text.
///
/// So `no`, `on`, `1_000`, `12:30` and `2025-01-31` are texts, unlike in YAML 1.1.
enum YAMLScalar {
    /// - Throws: the reason for which a number can't be JSON.
    static func value(ofPlain text: String, limits: JSON.Limits) throws(Refusal) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, isDigit(first) || "+-.".utf8.contains(first) else { return .string(text) }
        if let digits = text.hex ?? text.octal {
            guard let value = UInt64(digits.text, radix: digits.radix) else { throw Refusal(.integerTooLarge) }
            return try number(String(value), limits)
        }
        if isNotFinite(text) { throw Refusal(.notFinite) }
        guard let written = decimal(text) else { return .string(text) }
        return try number(written, limits)
    }

    /// Why a number can't be JSON.
    struct Refusal: Error {
        let kind: YAMLError.Kind

        init(_ kind: YAMLError.Kind) { self.kind = kind }
    }

    private static func number(_ text: String, _ limits: JSON.Limits) throws(Refusal) -> JSON {
        do throws(JSONError) { return try JSON(parsing: text, limits: limits) } catch {
            switch error.kind {
            case .numberTooLong(let limit): throw Refusal(.numberTooLong(limit: limit))
            case .exponentTooLarge(let limit): throw Refusal(.exponentTooLarge(limit: limit))
            default: preconditionFailure("\(text.prefix(100)) was to be a JSON number: \(error)")
            }
        }
    }

    /// The number as JSON writes it, which is most often as it is; nil when it is none:
    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
    private static func decimal(_ text: String) -> String? {
        var rest = Substring(text).utf8[...]
        let sign = rest.first.flatMap { "+-".utf8.contains($0) ? $0 : nil }
        if sign != nil { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction: Substring.UTF8View.SubSequence?
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: isDigit)
            rest = rest.dropFirst(1 + digits.count)
            fraction = digits
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        let exponent = rest
        if !exponent.isEmpty {
            var digits = exponent.dropFirst()
            guard exponent.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return nil }
            if digits.first.map({ "+-".utf8.contains($0) }) == true { digits = digits.dropFirst() }
            guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        }
        var written = sign == UInt8(ascii: "-") ? "-" : ""
        // JSON has no zeros ahead, and digits on both sides of a point.
        let significant = whole.drop { $0 == UInt8(ascii: "0") }
        written += significant.isEmpty ? "0" : String(Substring(significant))
        if let fraction { written += "." + (fraction.isEmpty ? "0" : String(Substring(fraction))) }
        return written + String(Substring(exponent))
    }

    private static func isNotFinite(_ text: String) -> Bool {
        let bare = text.utf8.first.map { "+-".utf8.contains($0) } == true ? text.dropFirst() : Substring(text)
        return [".inf", ".Inf", ".INF"].contains(bare) || [".nan", ".NaN", ".NAN"].contains(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

extension String {
    /// The digits of `0x1F`; nil when it is nothing like that.
    fileprivate var hex: (text: Substring, radix: Int)? {
        guard hasPrefix("0x"), utf8.count > 2, utf8.dropFirst(2).allSatisfy(\.isHex) else { return nil }
        return (dropFirst(2), 16)
    }

    /// The digits of `0o17`.
    fileprivate var octal: (text: Substring, radix: Int)? {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "7")
        guard hasPrefix("0o"), utf8.count > 2, utf8.dropFirst(2).allSatisfy(digits.contains) else { return nil }
        return (dropFirst(2), 8)
    }
}

extension UInt8 {
    fileprivate var isHex: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
