internal import Basics
internal import Crypto

/// The operators that are not JsonLogic's: between text, numbers, JSON and times. What can't be converted is null.
extension Evaluator {
    mutating func convert(_ symbol: Operator, _ values: [JSON]) throws(GivenUp) -> JSON {
        let first = values.first ?? .null
        switch symbol {
        case .object: return .object(try object(of: values))
        case .text: return first.isNull ? .null : .string(try plainText(first))
        case .number: return try strictNumber(first).map { .number($0) } ?? .null
        case .json: return .string(try jsonText(first))
        case .parse: return try parsed(first)
        case .join: return .string(try concatenated(first.array ?? [first], separator: try plainText(values[1])))
        case .split: return .array(try split(values))
        case .round, .floor, .ceil, .abs: return .number(try rounded(symbol, values))
        case .dateAdd, .dateDiff, .day, .unix, .fromUnix: return try time(symbol, values) ?? .null
        case .sha256: return .string(hexadecimal(SHA256.hash(data: try bytes(first))))
        case .hmacSHA256:
            guard let secret = scope.secret(try plainText(first)) else { return .null }
            let code = HMAC<SHA256>.authenticationCode(for: try bytes(values[1]), using: SymmetricKey(data: secret))
            return .string(hexadecimal(code))
        case .base64: return .string(base64(try bytes(first)))
        default: preconditionFailure("\(symbol.rawValue) converts nothing")
        }
    }

    /// Strings as they are, null as nothing, numbers as written, anything else as JSON.
    private mutating func plainText(_ value: JSON) throws(GivenUp) -> String {
        switch value {
        case .null: return ""
        case .bool, .number: return Coercion.text(value)
        case .string(let text):
            try charge(bytes: text.utf8.count)
            return text
        case .array, .object: return try jsonText(value)
        }
    }

    private mutating func bytes(_ value: JSON) throws(GivenUp) -> [UInt8] {
        let bytes = Array(try plainText(value).utf8)
        try charge(bytes: 8 * bytes.count)
        return bytes
    }

    /// Charged as it grows: its parts may be shared many times over.
    private mutating func jsonText(_ value: JSON) throws(GivenUp) -> String {
        try chargeText(of: value)
        return value.withoutNotFinite.text
    }

    private mutating func chargeText(of value: JSON) throws(GivenUp) {
        try charge()
        switch value {
        case .null, .bool: return
        case .number(let number): try charge(bytes: number.text.utf8.count)
        case .string(let text): try charge(bytes: 2 * text.utf8.count)
        case .array(let elements): for element in elements { try chargeText(of: element) }
        case .object(let object):
            for (key, member) in object.members {
                try charge(bytes: 2 * key.utf8.count)
                try chargeText(of: member)
            }
        }
    }

    private mutating func parsed(_ value: JSON) throws(GivenUp) -> JSON {
        guard case .string(let text) = value else { return .null }
        try charge(bytes: 16 * text.utf8.count)
        return (try? JSON(parsing: Array(text.utf8))) ?? .null
    }

    private mutating func strictNumber(_ value: JSON) throws(GivenUp) -> JSONNumber? {
        switch value {
        case .number(let number): return number
        case .string(let text):
            guard text.utf8.count <= Coercion.maxDigits else { return nil }
            try charge(bytes: 4 * text.utf8.count)
            return JSONNumber(text)
        case .null, .bool, .array, .object: return nil
        }
    }

    /// The last of two members of the same name counts.
    private mutating func object(of values: [JSON]) throws(GivenUp) -> JSONObject {
        var object = JSONObject()
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            let name = try plainText(values[index])
            try charge(bytes: Cost.operation + Cost.ofName(name.utf8.count) + object.count)
            object[name] = values[index + 1]
        }
        return object
    }

    /// The parts between each two occurrences; the whole text when there is nothing to split it at.
    private mutating func split(_ values: [JSON]) throws(GivenUp) -> [JSON] {
        let (text, separator) = (Array(try plainText(values[0]).utf8), Array(try plainText(values[1]).utf8))
        guard !separator.isEmpty else { return [.string(String(decoding: text, as: UTF8.self))] }
        try charge(bytes: text.count * min(separator.count, 16) + text.count)
        var parts: [JSON] = []
        var (start, at) = (0, 0)
        while at + separator.count <= text.count {
            if text[at] == separator[0] {
                try charge(bytes: separator.count)
                if text[at..<(at + separator.count)].elementsEqual(separator) {
                    try charge()
                    parts.append(.string(String(decoding: text[start..<at], as: UTF8.self)))
                    at += separator.count
                    start = at
                    continue
                }
            }
            at += 1
        }
        parts.append(.string(String(decoding: text[start...], as: UTF8.self)))
        return parts
    }

    /// Halves away from zero. Integers stay exact.
    private mutating func rounded(_ symbol: Operator, _ values: [JSON]) throws(GivenUp) -> JSONNumber {
        let number = try number(values[0])
        let digits = values.count > 1 ? try self.number(values[1]).int : 0
        if let integer = number.int {
            return symbol == .abs && integer > .min ? JSONNumber(Swift.abs(integer)) : number
        }
        let value = number.computable
        switch symbol {
        case .floor: return JSONNumber(computed: value.rounded(.down))
        case .ceil: return JSONNumber(computed: value.rounded(.up))
        case .abs: return JSONNumber(computed: value.magnitude)
        default:
            guard let digits, (0...15).contains(digits) else { return .notANumber }
            var scale = 1.0
            for _ in 0..<digits { scale *= 10 }
            let scaled = value * scale
            guard scaled.isFinite, scaled.magnitude < 1e15 else { return JSONNumber(computed: value) }
            // What is written with a 5 may be a hair below it in binary.
            let nudged = scaled + (scaled < 0 ? -1 : 1) * scaled.ulp
            return JSONNumber(computed: nudged.rounded(.toNearestOrAwayFromZero) / scale)
        }
    }
}

/// Times are given, never asked for: every evaluation comes to the same.
extension Evaluator {
    private mutating func time(_ symbol: Operator, _ values: [JSON]) throws(GivenUp) -> JSON? {
        try charge(4)
        if symbol == .fromUnix {
            guard let seconds = try number(values[0]).int, Swift.abs(seconds) < 1 << 42 else { return nil }
            return .string(Instant(microseconds: Int64(seconds) * 1_000_000).shortText)
        }
        guard let time = Self.instant(values[0]) else { return nil }
        switch symbol {
        case .dateAdd:
            guard let distance = Self.signedDuration(values[1]) else { return nil }
            return .string((time + distance).shortText)
        case .dateDiff:
            guard let end = Self.instant(values[1]) else { return nil }
            let unit = values.count > 2 ? values[2].string : "s"
            guard let unit, let length = Duration("1\(unit)") else { return nil }
            return JSON(Int((end - time).microseconds / length.microseconds))
        case .day: return .string(String(time.description.prefix(while: { $0 != "T" })))
        case .unix: return JSON(Int(time.microseconds.flooredDivision(by: 1_000_000).quotient))
        default: return nil
        }
    }

    private static func instant(_ value: JSON) -> Instant? {
        guard let text = value.string, text.utf8.count <= 64 else { return nil }
        return Instant(text)
    }

    private static func signedDuration(_ value: JSON) -> Duration? {
        guard let text = value.string, text.utf8.count <= 32 else { return nil }
        if text.utf8.first == UInt8(ascii: "-") { return Duration(String(text.dropFirst())).map { .zero - $0 } }
        return Duration(text)
    }
}

extension JSON {
    /// NaN and infinities as null, as JavaScript writes them.
    fileprivate var withoutNotFinite: JSON {
        switch self {
        case .number(let number): return number.isFinite ? self : .null
        case .array(let elements): return .array(elements.map(\.withoutNotFinite))
        case .object(var object):
            for index in object.members.indices {
                object.replaceValue(at: index, with: object.members[index].value.withoutNotFinite)
            }
            return .object(object)
        case .null, .bool, .string: return self
        }
    }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
        let digits = String(byte, radix: 16)
        text += digits.utf8.count == 1 ? "0\(digits)" : digits
    }
    return text
}

/// RFC 4648 §4, with padding.
private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for index in 0..<4 {
            text.append(
                index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
