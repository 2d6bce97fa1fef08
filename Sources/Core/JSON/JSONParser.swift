internal import Basics

/// One pass over the bytes of one JSON text.
///
/// Recursive, with the depth checked on the way down, so that a text of a hundred thousand brackets fails at the 65th.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSON.Limits
    /// Large texts become values without spare room, which would be most of what they take; for small ones it is faster.
    let isCompact: Bool
    var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
        isCompact = bytes.count > JSON.compactFrom
    }

    mutating func document() throws(JSONError) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw JSONError(.byteOrderMark, offset: 0) }
        skipWhitespace()
        let value = try value(depth: 0)
        skipWhitespace()
        guard at == bytes.count else { throw JSONError(.trailingContent, offset: at) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        switch try peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte: throw JSONError(.unexpectedByte(byte), offset: at)
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw JSONError(.tooDeep(limit: limits.depth), offset: at) }
        var object = JSONObject()
        at += 1
        skipWhitespace()
        if try take(UInt8(ascii: "}")) { return .object(object) }
        object.reserveCapacity(isCompact ? 1 : 4)
        while true {
            let start = at
            guard try peek() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte(bytes[at]), offset: at) }
            let key = try string()
            guard at - start - 2 <= limits.keyBytes else {
                throw JSONError(.keyTooLong(limit: limits.keyBytes), offset: start)
            }
            skipWhitespace()
            try expect(UInt8(ascii: ":"))
            skipWhitespace()
            let member: JSON
            do { member = try value(depth: depth) } catch { throw error.inside(key) }
            guard object.append(key, member) else { throw JSONError(.duplicateKey, offset: start).inside(key) }
            skipWhitespace()
            if try take(UInt8(ascii: "}")) {
                if isCompact { object.compact() }
                return .object(object)
            }
            try expect(UInt8(ascii: ","))
            skipWhitespace()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw JSONError(.tooDeep(limit: limits.depth), offset: at) }
        var elements: [JSON] = []
        at += 1
        skipWhitespace()
        if try take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            do { elements.append(try value(depth: depth)) } catch { throw error.inside(elements.count) }
            skipWhitespace()
            if try take(UInt8(ascii: "]")) {
                if isCompact { elements.compact() }
                return .array(elements)
            }
            try expect(UInt8(ascii: ","))
            skipWhitespace()
        }
    }

    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = at
        let scan = JSONNumberScan(bytes, from: start)
        guard let end = scan.end else {
            throw JSONError(scan.stop < bytes.count ? .invalidNumber : .unexpectedEnd, offset: scan.stop)
        }
        guard end - start <= limits.numberBytes else {
            throw JSONError(.numberTooLong(limit: limits.numberBytes), offset: start)
        }
        guard abs(scan.exponent) <= limits.exponent else {
            throw JSONError(.exponentTooLarge(limit: limits.exponent), offset: start)
        }
        at = end
        // A digit after a leading zero, a letter, a second point: part of a bad number rather than of what follows.
        if at < bytes.count, Self.belongsToNumber(bytes[at]) { throw JSONError(.invalidNumber, offset: at) }
        return JSONNumber(checked: String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self))
    }

    private static func belongsToNumber(_ byte: UInt8) -> Bool {
        byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte | 0x20 == UInt8(ascii: "e")
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let count = word.utf8CodeUnitCount
        for index in 0..<count {
            guard at + index < bytes.count else { throw JSONError(.unexpectedEnd, offset: bytes.count) }
            guard bytes[at + index] == word.utf8Start[index] else {
                throw JSONError(.unexpectedByte(bytes[at + index]), offset: at + index)
            }
        }
        at += count
        return value
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at += 1
        }
    }

    @inline(__always)
    private func peek() throws(JSONError) -> UInt8 {
        guard at < bytes.count else { throw JSONError(.unexpectedEnd, offset: at) }
        return bytes[at]
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        at += 1
        return true
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard try take(byte) else { throw JSONError(.unexpectedByte(bytes[at]), offset: at) }
    }
}
