package import Core
package import Postgres

extension RunID {
    /// The id as the driver sends it.
    package var uuid: PGUUID { PGUUID(high: high, low: low) }

    /// The id as the driver read it.
    package init(_ uuid: PGUUID) { self.init(high: uuid.high, low: uuid.low) }
}

extension RowReader {
    /// The next column, a uuid, as a run id.
    package mutating func runID() throws(PostgresError) -> RunID { RunID(try uuid()) }

    /// The next column, a timestamptz.
    package mutating func instant() throws(PostgresError) -> Instant { Instant(microseconds: try timestamp()) }

    /// The next column, a timestamptz or null.
    package mutating func instantOrNil() throws(PostgresError) -> Instant? {
        try timestampOrNil().map { Instant(microseconds: $0) }
    }

    /// The next column, json that we wrote ourselves.
    package mutating func jsonValue() throws(PostgresError) -> JSON { try Self.parse(try json()) }

    /// The next column, json that we wrote ourselves, or null.
    package mutating func jsonValueOrNil() throws(PostgresError) -> JSON? {
        guard let bytes = try jsonOrNil() else { return nil }
        return try Self.parse(bytes)
    }

    static func parse(_ bytes: [UInt8]) throws(PostgresError) -> JSON {
        do { return try JSON(parsing: bytes, limits: .stored) } catch {
            throw .decoding("a json column holds what sagaflow did not write: \(error)")
        }
    }
}

extension JSON.Limits {
    /// What we wrap and store is a little deeper than what we accept.
    package static let stored = JSON.Limits(depth: 80)
}
