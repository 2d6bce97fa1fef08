import Basics
import Core
import Hummingbird

/// The query of a request: each parameter at most once, none that is not known, percent-decoded.
///
/// A `+` is a plus sign: dates with offsets are written with one, and forms are not what this API gets.
struct Query {
    private var values: [String: String] = [:]

    /// - Throws: `invalidParameter`.
    init(_ request: Request, known: Set<String>) throws(Problem) {
        guard let text = request.uri.query, !text.isEmpty else { return }
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decodedText(sides[0]),
                let value = decodedText(sides.count > 1 ? sides[1] : "")
            else { throw Problem(.invalidParameter, "The query holds a percent sign that encodes no text.") }
            guard known.contains(name) else {
                let list = known.sorted().joined(separator: ", ")
                throw Problem(.invalidParameter, "The query holds an unknown parameter. Known are: \(list).")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.invalidParameter, "The query parameter \(name) is given twice.")
            }
        }
    }

    /// The parameter as it is; nil when it is absent.
    subscript(name: String) -> String? { values[name] }

    /// The parameter as `read` understands it; nil when it is absent.
    ///
    /// - Throws: `invalidParameter` with `rule`, a sentence on what it must be, when `read` does not understand it.
    func value<Value>(_ name: String, _ rule: String, read: (String) -> Value?) throws(Problem) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = read(text) else { throw Problem(.invalidParameter, "The query parameter \(name) \(rule)") }
        return value
    }
}

/// A part of a URL percent-decoded; nil when that is no text, or none that can be stored: with U+0000.
func decodedText(_ part: Substring) -> String? {
    guard let text = PercentEncoding.decode(part), !text.utf8.contains(0) else { return nil }
    return text
}

/// Parameters that every list takes.
extension Query {
    /// How many to show.
    func limit() throws(Problem) -> Int {
        let limit = try value("limit", "must be a whole number from 1 to 500.") { text in
            Int(text).flatMap { text.utf8.first != UInt8(ascii: "+") && (1...500).contains($0) ? $0 : nil }
        }
        return limit ?? 50
    }

    /// A point in time.
    func time(_ name: String) throws(Problem) -> Instant? {
        try value(name, "must be a date-time of RFC 3339, as in 2025-01-31T12:00:00Z.") { Instant($0) }
    }

    /// Where the list goes on.
    func cursor<Value>(read: (String) -> Value?) throws(Problem) -> Value? {
        try value("cursor", "must be a nextCursor of the page before.", read: read)
    }
}
