import Core
import Crypto

/// Where a list that is in the order of a text or number goes on: after this one.
///
/// Opaque to clients, and told from one that was cut or made up by a checksum, as `Cursor` is.
struct TextCursor {
    /// The last item of the page before.
    let last: String

    private static let maxBytes = 256

    init(after last: String) { self.last = last }

    /// Nil for anything that is no cursor of a list of this kind.
    init?(_ text: String, of list: String) {
        guard text.utf8.count <= Self.maxBytes, let bytes = Base64URL.decode(text), bytes.count > 4,
            let last = String(validating: bytes.dropLast(4), as: UTF8.self)
        else { return nil }
        self.last = last
        guard self.text(of: list) == text else { return nil }
    }

    /// - Parameter list: names the kind of list, so that a cursor of another list is none.
    func text(of list: String) -> String {
        let bytes = Array(last.utf8)
        let digest = SHA256.hash(data: Array("sagaflow cursor \(list) ".utf8) + bytes)
        return Base64URL.encode(bytes + digest.prefix(4))
    }
}

/// Where a list of runs goes on: after the last run of the page before, wherever it now stands.
///
/// Opaque to clients. A checksum tells a cursor that was cut or made up from one we gave out; it guards nothing secret.
struct Cursor {
    let last: RunID

    init(after last: RunID) { self.last = last }

    /// Nil for anything that is no cursor of ours.
    init?(_ text: String) {
        guard text.utf8.count <= 64, let bytes = Base64URL.decode(text), bytes.count == 20 else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        last = RunID(high: number(0..<8), low: number(8..<16))
        guard self.text == text else { return nil }
    }

    var text: String {
        let id = [last.high, last.low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - $0 * 8)) }
        }
        let digest = SHA256.hash(data: Array("sagaflow cursor".utf8) + id)
        return Base64URL.encode(id + digest.prefix(4))
    }
}

/// Base 64 with the URL-safe alphabet and without padding (RFC 4648 §5), strictly: one text per value.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything `encode` would not have written.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return encode(bytes) == text ? bytes : nil
    }
}
