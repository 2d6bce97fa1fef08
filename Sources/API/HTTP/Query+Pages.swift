import Core

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
