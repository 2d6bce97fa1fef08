import Postgres

/// A json column of a run or a step, as its text: nobody who only shows it needs to take it apart.
package enum StoredText: Sendable, Hashable {
    case absent
    case here([UInt8])
    /// So many bytes, which are read when their turn comes: see `RunReader.payload`.
    case large(Int)

    /// The next two columns: its size and, unless it is large, itself.
    init(_ row: inout RowReader) throws(PostgresError) {
        let size = try row.int32OrNil()
        let text = try row.jsonOrNil()
        if let text {
            self = .here(text)
        } else if let size {
            self = .large(Int(size))
        } else {
            self = .absent
        }
    }

    /// Its bytes, wherever they are.
    package var size: Int {
        switch self {
        case .absent: 0
        case .here(let bytes): bytes.count
        case .large(let size): size
        }
    }
}

/// SQL for payloads and their sizes.
enum PayloadSQL {
    /// Bytes of a json column; null when it is.
    static func size(_ column: String) -> String { "octet_length(\(column)::text)" }

    /// Bytes of several columns together.
    static func sizes(_ columns: [String]) -> String {
        columns.map { "COALESCE(\(size($0)), 0)" }.joined(separator: " + ")
    }

    /// The two columns of a `StoredText`.
    static func text(_ column: String, when condition: String) -> String {
        "\(size(column)), CASE WHEN \(condition) THEN \(column) END"
    }
}
