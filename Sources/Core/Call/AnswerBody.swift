/// What the body of an answer says, read as its head declares it.
///
/// JSON is JSON whatever it is called, and other text is text. But what says that it is JSON and isn't must not be
/// taken for anything else in silence: everything looked for below it would be missing.
enum AnswerBody {
    case value(JSON)
    /// It says that it is JSON, which can't be kept as such. The reason is a sentence without the sender's text; the text
    /// is what it would be otherwise, nil when it is none.
    case unreadable(String, text: String?)
    /// Neither JSON nor text.
    case unusable

    /// - Parameter contentType: the header's value; nil says nothing.
    init(_ body: [UInt8], contentType: String?) {
        guard !body.isEmpty else {
            self = .value(.null)
            return
        }
        // Nearly all answers: what they say of themselves need not be taken apart.
        if Self.isPlain(contentType), let json = try? JSON(parsing: body) {
            self = .value(json)
            return
        }
        let type = MediaType(contentType ?? "")
        guard let (bytes, skipped) = type.charset.utf8(of: body) else {
            self =
                type.isJSON
                ? .unreadable("The text is not valid in the charset it declares.", text: nil) : .unusable
            return
        }
        do {
            self = .value(try JSON(parsing: bytes))
        } catch {
            let text = Self.text(bytes)
            if type.isJSON {
                self = .unreadable(Self.sentence(error, skipped: skipped), text: text)
            } else {
                self = text.map { .value(.string($0)) } ?? .unusable
            }
        }
    }

    private static func isPlain(_ contentType: String?) -> Bool {
        contentType == nil || contentType == "application/json" || contentType == "application/json; charset=utf-8"
    }

    /// As a string; nil for what is not UTF-8, and for what holds a NUL, which Postgres cannot store.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }

    private static func sentence(_ error: JSONError, skipped: Int) -> String {
        let pointer = error.pointer.description
        let place = pointer.isEmpty ? "" : ", in \(pointer.prefix(200))"
        return "\(error.message) (byte \(error.offset + skipped)\(place))"
    }

    /// What there is of a body that was cut off: text as far as it is, and nothing that can't be stored.
    static func beginning(_ body: [UInt8], contentType: String?) -> JSON? {
        guard !body.isEmpty, let (bytes, _) = MediaType(contentType ?? "").charset.utf8(of: body, isCut: true),
            !bytes.contains(0)
        else { return nil }
        return .string(String(decoding: bytes, as: UTF8.self))
    }
}

/// What a `Content-Type` says, as far as it matters for reading a body.
struct MediaType {
    /// `application/json`, `text/json`, or with the suffix `+json` (RFC 6839).
    let isJSON: Bool
    let charset: Charset

    init(_ text: String) {
        let parts = text.lowercased().split(separator: ";")
        let type = parts.first.map(Self.trimmed) ?? ""
        isJSON = type == "application/json" || type == "text/json" || type.hasSuffix("+json")
        let parameter = parts.dropFirst().lazy.map(Self.trimmed).first { $0.hasPrefix("charset=") }
        let value = parameter?.dropFirst("charset=".count) ?? ""
        let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        charset = Charset(isQuoted ? value.dropFirst().dropLast() : value)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
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
            let mark: Bool? = body[0] == 0xFE && body[1] == 0xFF ? true : body[0] == 0xFF && body[1] == 0xFE ? false : nil
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
