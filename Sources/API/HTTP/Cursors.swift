import Basics
import Core
import Crypto

/// Where a list that is in the order of a text or number goes on: after this one.
///
/// Opaque to clients, and told from one that was cut or made up by a checksum, as `Cursor` is.
struct TextCursor {
    /// The last item of the page before.
    let last: String

    private static let maxBytes = 512

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
