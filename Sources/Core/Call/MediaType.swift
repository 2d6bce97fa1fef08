internal import Basics

/// What a `Content-Type` says, as far as it matters for reading a body.
struct MediaType {
    /// `application/json`, `text/json`, or with the suffix `+json` (RFC 6839).
    let isJSON: Bool
    let charset: Charset

    init(_ text: String) {
        let parts = text.lowercased().split(separator: ";")
        let type = parts.first.map { $0.trimmingBlanks() } ?? ""
        isJSON = type == "application/json" || type == "text/json" || type.hasSuffix("+json")
        let parameter = parts.dropFirst().lazy.map { $0.trimmingBlanks() }.first { $0.hasPrefix("charset=") }
        let value = parameter?.dropFirst("charset=".count) ?? ""
        let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        charset = Charset(isQuoted ? value.dropFirst().dropLast() : value)
    }
}

/// The charsets that are understood. JSON has no such parameter (RFC 8259 §11), but servers that send others declare it.
enum Charset {
    /// Also whatever is not known: it is read as UTF-8 or not at all.
    case utf8
    case latin1
    /// `bigEndian` nil: a byte order mark tells, else the first character, which in JSON is ASCII.
    case utf16(bigEndian: Bool?)

    /// - Parameter name: in lower case.
    init(_ name: Substring) {
        switch name {
        case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1": self = .latin1
        case "utf-16", "utf16": self = .utf16(bigEndian: nil)
        case "utf-16be": self = .utf16(bigEndian: true)
        case "utf-16le": self = .utf16(bigEndian: false)
        default: self = .utf8
        }
    }

    /// The same text in UTF-8 without a byte order mark, and how many bytes of the body that mark took; nil when it is
    /// not of this charset. (What calls itself UTF-8 is not checked here.)
    ///
    /// - Parameter isCut: the end is missing, so half a character there is no fault.
    func utf8(of body: [UInt8], isCut: Bool = false) -> (ArraySlice<UInt8>, skipped: Int)? {
        switch self {
        case .utf8:
            let mark = body.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            return (body[mark...], mark)
        case .latin1:
            // Its bytes are the first 256 code points.
            var bytes: [UInt8] = []
            bytes.reserveCapacity(body.count)
            for byte in body {
                if byte < 0x80 { bytes.append(byte) } else { bytes += [0xC0 | byte >> 6, 0x80 | byte & 0x3F] }
            }
            return (bytes[...], 0)
        case .utf16(let declared):
            guard isCut || body.count.isMultiple(of: 2), body.count >= 2 else { return nil }
            let mark: Bool? = body.starts(with: [0xFE, 0xFF]) ? true : body.starts(with: [0xFF, 0xFE]) ? false : nil
            let isBigEndian = mark ?? declared ?? (body[0] == 0 || body[1] != 0)
            let start = mark == nil ? 0 : 2
            let units = stride(from: start, to: body.count - 1, by: 2).map { at in
                let (first, second) = (UInt16(body[at]), UInt16(body[at + 1]))
                return isBigEndian ? first << 8 | second : second << 8 | first
            }
            let text = isCut ? String(decoding: units, as: UTF16.self) : String(validating: units, as: UTF16.self)
            return text.map { (Array($0.utf8)[...], start) }
        }
    }
}
