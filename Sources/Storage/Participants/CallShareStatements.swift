package import Core
package import Postgres

/// Locks the participants that have limits, so that one engine after the other takes its shares of them.
package struct LockCallLimits: Statement {
    package let participants: [ParticipantID]

    /// A participant's limits; either may be nil, not both.
    package struct Row: Sendable, Hashable {
        package let participant: ParticipantID
        package let maxConcurrent: Int?
        package let rate: CallRate?
        /// Seconds on the database's clock.
        package let seconds: Int
    }

    package init(_ participants: [ParticipantID]) { self.participants = participants }

    // In the order of the key: two engines that lock several don't wait for each other. Rows that refer to participants can
    // be written meanwhile, and nobody's calls wait for this.
    package static let sql = """
        SELECT tenant_id, participant_name, max_concurrent, rate, extract(epoch FROM clock_timestamp())::int8
        FROM participants
        WHERE \(ParticipantSQL.isAmong("$1", "$2")) AND (max_concurrent IS NOT NULL OR rate IS NOT NULL)
        ORDER BY tenant_id, participant_name FOR NO KEY UPDATE
        """

    package func bind(_ parameters: inout Parameters) { parameters.participants(participants) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            participant: try row.participant(), maxConcurrent: try row.int32OrNil().map { Int($0) },
            rate: try row.jsonValueOrNil().flatMap { CallRate(stored: $0) }, seconds: Int(try row.int64()))
    }
}

/// What the other engines that live have taken of limits, and want.
package struct FindCallShares: Statement {
    package let participants: [ParticipantID]
    /// The engine that asks.
    package let engine: EngineID

    /// A row of `call_shares`.
    package struct Row: Sendable, Hashable {
        package let participant: ParticipantID
        package let engine: EngineID
        package let calls: CallShare
        package let rate: CallShare
    }

    package init(_ participants: [ParticipantID], engine: EngineID) {
        self.participants = participants
        self.engine = engine
    }

    package static let sql = """
        SELECT tenant_id, participant_name, engine_id, calls_wanted, calls_taken, rate_wanted, rate_taken FROM call_shares
        WHERE \(ParticipantSQL.isAmong("$1", "$2")) AND engine_id <> $3
            AND seen_at > clock_timestamp() - interval '\(CallShare.silence) seconds'
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.participants(participants)
        parameters.uuid(engine.uuid)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            participant: try row.participant(), engine: try row.engineID(),
            calls: CallShare(wanted: Int(try row.int64()), taken: Int(try row.int64())),
            rate: CallShare(wanted: Int(try row.int64()), taken: Int(try row.int64())))
    }
}

/// Writes what an engine has taken of limits, and clears away what engines had that are gone.
package struct PutCallShares: Statement {
    package let engine: EngineID
    package let shares: [(participant: ParticipantID, calls: CallShare, rate: CallShare)]

    package typealias Row = Never

    package init(engine: EngineID, shares: [(participant: ParticipantID, calls: CallShare, rate: CallShare)]) {
        self.engine = engine
        self.shares = shares
    }

    package static let sql = """
        WITH gone AS (
            DELETE FROM call_shares WHERE \(ParticipantSQL.isAmong("$2", "$3")) AND engine_id <> $1
                AND seen_at <= clock_timestamp() - interval '\(CallShare.silence) seconds'
        )
        INSERT INTO call_shares (tenant_id, participant_name, engine_id, calls_wanted, calls_taken, rate_wanted, rate_taken,
            seen_at)
        SELECT s.*, clock_timestamp() FROM (
            SELECT t, n, $1::uuid, cw, ct, rw, rt
            FROM unnest($2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[]) u (t, n, cw, ct, rw, rt)
        ) s
        ON CONFLICT (tenant_id, participant_name, engine_id) DO UPDATE SET calls_wanted = excluded.calls_wanted,
            calls_taken = excluded.calls_taken, rate_wanted = excluded.rate_wanted, rate_taken = excluded.rate_taken,
            seen_at = excluded.seen_at
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.participants(shares.map(\.participant))
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
    package let participants: [ParticipantID]?

    package typealias Row = Never

    package init(engine: EngineID, of participants: [ParticipantID]? = nil) {
        self.engine = engine
        self.participants = participants
    }

    package static let sql = """
        DELETE FROM call_shares WHERE engine_id = $1 AND ($2::text[] IS NULL OR \(ParticipantSQL.isAmong("$2", "$3")))
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.textArrayOrNil(participants?.map(\.owner.name))
        parameters.textArrayOrNil(participants?.map(\.name))
    }
}
