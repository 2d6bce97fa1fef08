internal import Basics

extension JSON {
    /// The compact text: no white space, numbers as written, members in order.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        encode(into: &bytes)
        return bytes
    }

    /// The compact text as a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The compact text with the members of every object sorted by the UTF-8 bytes of their keys.
    ///
    /// Two texts of the same value have the same canonical bytes whatever their order and white space; numbers stay as
    /// written, so `1` and `1.0` differ. For hashing.
    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        encode(into: &bytes, sorted: true)
        return bytes
    }

    /// Appends the compact text.
    package func encode(into bytes: inout [UInt8]) { encode(into: &bytes, sorted: false) }

    private func encode(into bytes: inout [UInt8], sorted: Bool) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): bytes.append(utf8Of: value.text)
        case .string(let value): JSON.encode(value, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for element in elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                element.encode(into: &bytes, sorted: sorted)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, value) in sorted ? object.sortedMembers : object.members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSON.encode(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.encode(into: &bytes, sorted: sorted)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a quoted string, escaping only what must be escaped.
    package static func encode(_ string: String, into bytes: inout [UInt8]) {
        var string = string
        bytes.append(UInt8(ascii: "\""))
        string.withUTF8 { text in
            var from = 0
            for at in text.indices where text[at] < 0x20 || text[at] == 0x22 || text[at] == 0x5C {
                bytes.append(contentsOf: text[from..<at])
                appendEscape(of: text[at], into: &bytes)
                from = at + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[from...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of byte: UInt8, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append((byte >> 4).hexDigit)
            bytes.append((byte & 0xF).hexDigit)
        }
    }
}

extension JSONObject {
    /// The members by the UTF-8 bytes of their keys.
    fileprivate var sortedMembers: [(key: String, value: JSON)] {
        members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}

extension [UInt8] {
    /// Appends a string's UTF-8 in one piece.
    mutating func append(utf8Of string: String) {
        var string = string
        string.withUTF8 { append(contentsOf: $0) }
    }
}
