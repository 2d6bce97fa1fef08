import Core
import Logging

/// Turns metadata into JSON without what must not be seen.
///
/// Redacted are the values of sensitive names, in dictionaries and arrays of metadata at any depth and in strings that
/// hold a JSON object or array; and the passwords of URLs (`scheme://user:password@`) in every string. Not looked
/// through for names: the message, and strings in which JSON is only a part. Those are ours to write, and nothing that
/// came from outside belongs there.
struct Redactor: Sendable {
    static let redacted = "[redacted]"
    /// Strings are cut here, with a mark.
    static let longestText = 8 << 10
    /// Longer strings are cut before they are looked through.
    private static let longestSearched = 1 << 20
    /// Unreadable JSON that is longer is not looked through but dropped.
    private static let longestSuspect = 64 << 10
    private static let deepest = 32

    let names: SensitiveNames

    /// A member's value.
    func value(_ value: Logger.MetadataValue, named name: String) -> JSON {
        names.contains(name) ? JSON(Self.redacted) : self.value(value, depth: 0)
    }

    /// The message: only passwords of URLs are masked.
    func message(_ text: String) -> String { Self.cut(URLPassword.mask(text)) }

    private func value(_ value: Logger.MetadataValue, depth: Int) -> JSON {
        guard depth < Self.deepest else { return "[too deep]" }
        switch value {
        case .string(let text): return JSON(self.text(text))
        case .stringConvertible(let value):
            switch value {
            case let number as Int: return JSON(number)
            case let flag as Bool: return JSON(flag)
            case let number as any BinaryInteger: return JSON(Int(clamping: number))
            case let number as Double: return JSONNumber(number).map { .number($0) } ?? JSON("\(number)")
            default: return JSON(text(value.description))
            }
        case .array(let elements): return .array(elements.map { self.value($0, depth: depth + 1) })
        case .dictionary(let members):
            var object = JSONObject()
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                object[key] = names.contains(key) ? JSON(Self.redacted) : self.value(value, depth: depth + 1)
            }
            return .object(object)
        }
    }

    /// A string, whatever it holds.
    func text(_ text: String) -> String {
        let searched = text.utf8.count > Self.longestSearched ? Self.prefix(text, Self.longestSearched) : text
        return Self.cut(URLPassword.mask(withoutSecrets(searched, depth: 0)), length: text.utf8.count)
    }

    /// JSON in a string is parsed and, when it holds secrets, written again without them; a JSON string may hold JSON
    /// again.
    ///
    /// What begins like JSON but can't be read is dropped as a whole when a sensitive name occurs in it: it may be the
    /// half of a payload.
    private func withoutSecrets(_ text: String, depth: Int) -> String {
        // Blanks and a byte order mark may come first.
        let first = text.utf8.first { $0 > 0x20 && $0 != 0xEF && $0 != 0xBB && $0 != 0xBF }
        guard let first, "{[\"".utf8.contains(first) else { return text }
        guard first != UInt8(ascii: "\"") || text.utf8.contains(where: { "{[".utf8.contains($0) }) else { return text }
        guard depth < 8, let json = try? JSON(parsing: text, limits: JSON.Limits(depth: 512)) else {
            let isSuspect = text.utf8.count > Self.longestSuspect || names.occur(in: text)
            return isSuspect ? "[redacted: unreadable JSON]" : text
        }
        var hasChanged = false
        let clean = withoutSecrets(json, depth: depth, hasChanged: &hasChanged)
        return hasChanged ? clean.text : text
    }

    private func withoutSecrets(_ json: JSON, depth: Int, hasChanged: inout Bool) -> JSON {
        switch json {
        case .null, .bool, .number: return json
        case .string(let text):
            let clean = withoutSecrets(text, depth: depth + 1)
            if clean != text { hasChanged = true }
            return JSON(clean)
        case .array(let elements):
            return .array(elements.map { withoutSecrets($0, depth: depth, hasChanged: &hasChanged) })
        case .object(let object):
            var clean = object
            for (key, value) in object.members {
                if names.contains(key) {
                    hasChanged = true
                    clean[key] = JSON(Self.redacted)
                } else {
                    clean[key] = withoutSecrets(value, depth: depth, hasChanged: &hasChanged)
                }
            }
            return .object(clean)
        }
    }

    private static func cut(_ text: String, length: Int? = nil) -> String {
        guard text.utf8.count > longestText else { return text }
        return prefix(text, longestText) + "…[cut, \(length ?? text.utf8.count) bytes]"
    }

    /// The first bytes of a text, without half a character at the end.
    private static func prefix(_ text: String, _ count: Int) -> String {
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: count)
        while end.samePosition(in: text.unicodeScalars) == nil { text.utf8.formIndex(before: &end) }
        return String(text[..<end])
    }
}
