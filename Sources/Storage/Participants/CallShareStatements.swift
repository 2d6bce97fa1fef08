package import Core
package import Postgres

/// Locks the participants that have limits, so that one engine after the other takes its shares of them.
package struct LockCallLimits: Statement {
    package let names: [String]

    /// A participant's limits; either may be nil, not both.
    package struct Row: Sendable, Hashable {
        package let name: String
        package let maxConcurrent: Int?
        package let rate: CallRate?
        /// Seconds on the database's clock.
        package let seconds: Int
    }

    package init(names: [String]) { self.names = names }

    // In the order of names: two engines that lock several don't wait for each other. Rows that refer to participants can
    // be written meanwhile, and nobody's calls wait for this.
    package static let sql = """
        SELECT participant_name, max_concurrent, rate, extract(epoch FROM clock_timestamp())::int8
        FROM participants
        WHERE participant_name = ANY ($1) AND (max_concurrent IS NOT NULL OR rate IS NOT NULL)
        ORDER BY participant_name FOR NO KEY UPDATE
        """

    package func bind(_ parameters: inout Parameters) { parameters.textArray(names) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            name: try row.text(), maxConcurrent: try row.int32OrNil().map { Int($0) },
            rate: try row.jsonValueOrNil().flatMap { CallRate(stored: $0) }, seconds: Int(try row.int64()))
    }
}

/// What the other engines that live have taken of limits, and want.
package struct FindCallShares: Statement {
    package let names: [String]
    /// The engine that asks.
    package let engine: EngineID

    /// A row of `call_shares`.
    package struct Row: Sendable, Hashable {
        package let participant: String
        package let engine: EngineID
        package let calls: CallShare
        package let rate: CallShare
    }

    package init(names: [String], engine: EngineID) {
        self.names = names
        self.engine = engine
    }

    package static let sql = """
        SELECT participant_name, engine_id, calls_wanted, calls_taken, rate_wanted, rate_taken FROM call_shares
        WHERE participant_name = ANY ($1) AND engine_id <> $2
            AND seen_at > clock_timestamp() - interval '\(CallShare.silence) seconds'
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.textArray(names)
        parameters.uuid(engine.uuid)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            participant: try row.text(), engine: try row.engineID(),
            calls: CallShare(wanted: Int(try row.int64()), taken: Int(try row.int64())),
            rate: CallShare(wanted: Int(try row.int64()), taken: Int(try row.int64())))
    }
}

/// Writes what an engine has taken of limits, and clears away what engines had that are gone.
package struct PutCallShares: Statement {
    package let engine: EngineID
    package let shares: [(participant: String, calls: CallShare, rate: CallShare)]

    package typealias Row = Never

    package init(engine: EngineID, shares: [(participant: String, calls: CallShare, rate: CallShare)]) {
        self.engine = engine
        self.shares = shares
    }

    package static let sql = """
        WITH gone AS (
            DELETE FROM call_shares WHERE participant_name = ANY ($2) AND engine_id <> $1
                AND seen_at <= clock_timestamp() - interval '\(CallShare.silence) seconds'
        )
        INSERT INTO call_shares (participant_name, engine_id, calls_wanted, calls_taken, rate_wanted, rate_taken, seen_at)
        SELECT s.*, clock_timestamp() FROM (
            SELECT n, $1::uuid, cw, ct, rw, rt
            FROM unnest($2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[]) u (n, cw, ct, rw, rt)
        ) s
        ON CONFLICT (participant_name, engine_id) DO UPDATE SET calls_wanted = excluded.calls_wanted,
            calls_taken = excluded.calls_taken, rate_wanted = excluded.rate_wanted, rate_taken = excluded.rate_taken,
            seen_at = excluded.seen_at
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.textArray(shares.map(\.participant))
        parameters.int64Array(shares.map { Int64($0.calls.wanted) })
        parameters.int64Array(shares.map { Int64($0.calls.taken) })
        parameters.int64Array(shares.map { Int64($0.rate.wanted) })
        parameters.int64Array(shares.map { Int64($0.rate.taken) })
    }
}

/// Gives back what an engine has taken of some participants' limits, or of all.
package struct DeleteCallShares: Statement {
    package let engine: EngineID
    /// Nil for all.
    package let names: [String]?

    package typealias Row = Never

    package init(engine: EngineID, names: [String]? = nil) {
        self.engine = engine
        self.names = names
    }

    package static let sql = """
        DELETE FROM call_shares WHERE engine_id = $1 AND ($2::text[] IS NULL OR participant_name = ANY ($2))
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.textArrayOrNil(names)
    }
}
