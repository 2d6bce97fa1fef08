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

/// `column = value`, for a column of the outbox or the inbox, in words that can only be planned as a look-up of one row after
/// the other.
///
/// Both tables are empty now and then, and Postgres may vacuum them just then. A statement planned at that moment takes the
/// table for a single row, and finds it cheaper to read the whole of it and compare each row with the batch than to look up
/// each row of the batch; the plan stays with its connection, and when thousands of runs live, every statement reads all of
/// them. (Seen: 200 instead of 3,000 runs a second, for as long as the engine lived.) Such a plan needs a scan in the order
/// of the column, which is only considered where an equality could be merged; this one can't be.
func oneRow(_ column: String, _ value: String) -> String { "\(column) = ANY (ARRAY[\(value)])" }

/// Goes before a statement that looks for rows whose commit nobody was told of, and makes its answer wait until they are
/// as durable as an acknowledged commit.
///
/// A commit becomes visible only after the synchronous standby has it, with two exceptions: the primary was restarted
/// while the commit waited, or an operator broke the wait off. Then the row can be read although a failover would lose
/// it, and "it is there" would be a promise we cannot keep. The message written here is a commit of its own, later in
/// the log: when it is acknowledged, all that was visible before is replicated. A few bytes of WAL, on rare paths only.
let replicationBarrier = """
    WITH barrier AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'sagaflow', '') AS lsn)
    """
