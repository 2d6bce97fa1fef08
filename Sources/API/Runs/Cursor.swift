import Core
import Crypto

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
