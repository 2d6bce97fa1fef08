/// Writes the text of objects member by member, for what is written so often that nothing is built first.
///
/// Keys are ours and need no escaping.
struct JSONMemberWriter {
    private(set) var bytes: [UInt8] = []
    /// The next member or element comes first, so there is no comma before it.
    private var isFirst = true

    /// - Parameter capacity: bytes that are likely to be written.
    init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// Begins an array or, as its element, an object.
    mutating func begin(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        isFirst = true
    }

    /// Begins an array or an object as a member.
    mutating func begin(_ key: StaticString, _ bracket: Unicode.Scalar) {
        name(key)
        bytes.append(UInt8(ascii: bracket))
        isFirst = true
    }

    /// Ends what was begun last.
    mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        isFirst = false
    }

    mutating func member(_ key: StaticString, _ value: Int) {
        name(key)
        integer(value)
    }

    mutating func member(_ key: StaticString, _ value: String) {
        name(key)
        JSON.encode(value, into: &bytes)
    }

    mutating func member(_ key: StaticString, _ value: JSON) {
        name(key)
        value.encode(into: &bytes)
    }

    private mutating func name(_ key: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func integer(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}

extension JSON {
    /// Whether its text is longer than so many bytes; no more of it is looked at than is needed to know.
    package func isLonger(than limit: Int) -> Bool { remaining(limit) < 0 }

    /// What is left of a limit, less than nothing when it does not suffice. Escapes are not counted.
    private func remaining(_ limit: Int) -> Int {
        switch self {
        case .null, .bool(true): return limit - 4
        case .bool(false): return limit - 5
        case .number(let number): return limit - number.text.utf8.count
        case .string(let text): return limit - text.utf8.count - 2
        case .array(let elements):
            var rest = limit - 1 - max(1, elements.count)
            for element in elements {
                if rest < 0 { break }
                rest = element.remaining(rest)
            }
            return rest
        case .object(let object):
            var rest = limit - 1 - max(1, object.count)
            for (key, value) in object.members {
                if rest < 0 { break }
                rest = value.remaining(rest - key.utf8.count - 3)
            }
            return rest
        }
    }
}
