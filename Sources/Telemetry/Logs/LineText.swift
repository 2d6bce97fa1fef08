import Basics
import Core

/// Text that stays on its line and does nothing to a terminal.
enum LineText {
    /// Appends a JSON string, quoted.
    ///
    /// Beyond what JSON asks for, everything is escaped that some reader takes for the end of a line (U+0085, U+2028,
    /// U+2029), that a terminal obeys (DEL, C1), or that turns the direction of text around.
    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        append(text, isQuoted: true, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    /// Appends the text without quotes, control characters escaped as in JSON.
    static func appendBare(_ text: String, to line: inout [UInt8]) { append(text, isQuoted: false, to: &line) }

    /// Appends a JSON value on one line.
    static func append(_ json: JSON, to line: inout [UInt8]) {
        switch json {
        case .null: line += Array("null".utf8)
        case .bool(let flag): line += Array((flag ? "true" : "false").utf8)
        case .number(let number): line += Array(number.text.utf8)
        case .string(let text): appendQuoted(text, to: &line)
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                append(element, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .object(let object):
            line.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                appendQuoted(member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                append(member.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: String, isQuoted: Bool, to line: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            var from = 0
            var at = 0
            while at < bytes.count {
                let (length, code) = escaped(bytes, at: at, isQuoted: isQuoted)
                guard length > 0 else {
                    at += 1
                    continue
                }
                line += bytes[from..<at]
                appendEscape(code, to: &line)
                at += length
                from = at
            }
            line += bytes[from...]
        }
    }

    /// The character at a position and its length in bytes if it must be escaped; length 0 otherwise.
    private static func escaped(
        _ bytes: UnsafeBufferPointer<UInt8>, at: Int, isQuoted: Bool
    ) -> (length: Int, code: UInt16) {
        func byte(_ offset: Int) -> UInt16 { at + offset < bytes.count ? UInt16(bytes[at + offset]) : 0 }
        let first = bytes[at]
        switch first {
        case ..<0x20, 0x7F: return (1, UInt16(first))
        case 0x22, 0x5C: return isQuoted ? (1, UInt16(first)) : (0, 0)
        case 0xC2 where byte(1) < 0xA0: return (2, byte(1))
        case 0xE2:
            let code = 0x2000 | (byte(1) & 0x3F) << 6 | byte(2) & 0x3F
            return code == 0x200E || code == 0x200F || 0x2028...0x202E ~= code || 0x2066...0x2069 ~= code
                ? (3, code) : (0, 0)
        default: return (0, 0)
        }
    }

    private static func appendEscape(_ code: UInt16, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\\"))
        switch code {
        case 0x22, 0x5C: line.append(UInt8(code))
        case 0x0A: line.append(UInt8(ascii: "n"))
        case 0x0D: line.append(UInt8(ascii: "r"))
        case 0x09: line.append(UInt8(ascii: "t"))
        default:
            line.append(UInt8(ascii: "u"))
            for shift: UInt16 in [12, 8, 4, 0] { line.append(UInt8(code >> shift & 0xF).hexDigit) }
        }
    }
}
