import Core
import Storage

/// The text of an answer: values, and JSON that is stored as text, which goes in as it is.
struct JSONText {
    /// A piece of the text.
    enum Piece {
        case bytes([UInt8])
        /// To be read when its turn comes.
        case stored(RunPayload, size: Int, SensitiveMask)
    }

    private(set) var pieces: [Piece] = []
    /// What was written after the last piece.
    private var bytes: [UInt8] = []

    mutating func write(_ text: String) { bytes += text.utf8 }
    mutating func write(_ json: JSON) { json.encode(into: &bytes) }
    mutating func write(_ text: [UInt8]) { bytes += text }

    /// An object that has members, without its end, so that more members may follow.
    mutating func begin(_ object: JSONObject) {
        precondition(!object.isEmpty, "an object has members before others follow")
        write(.object(object))
        bytes.removeLast()
    }

    /// One more member of an object: JSON text, or null.
    mutating func member(_ key: String, _ text: [UInt8]?) {
        write(",\"\(key)\":")
        if let text { write(text) } else { write(.null) }
    }

    /// The same of something that may be too large to be here.
    mutating func member(_ key: String, _ text: SeenText, of payload: RunPayload) {
        switch text {
        case .absent: member(key, nil)
        case .here(let text): member(key, text)
        case .large(let size, let mask):
            write(",\"\(key)\":")
            pieces.append(.bytes(bytes))
            pieces.append(.stored(payload, size: size, mask))
            bytes = []
        }
    }

    mutating func end() { write("}") }

    /// All of it; nil when some of it is still to be read.
    var whole: [UInt8]? { pieces.isEmpty ? bytes : nil }

    /// All that is here; in the place of what is still to be read stands its size, `{"large": true, "bytes": n}`.
    var withoutLarge: [UInt8] {
        all.flatMap { piece in
            switch piece {
            case .bytes(let bytes): bytes
            case .stored(_, let size, _): JSON.object(["large": true, "bytes": JSON(size)]).bytes
            }
        }
    }

    /// All of it, piece by piece.
    var all: [Piece] { pieces + [.bytes(bytes)] }
}
