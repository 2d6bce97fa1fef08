package import Core
package import Postgres

/// How much waits to be claimed, since when, and how many engines are there to do it.
///
/// Cheap enough to be asked every few seconds while an outbox is long: at most 1,001 entries at one end of an index.
package struct ReadBacklog: Statement {
    package init() {}

    /// One moment of the cluster.
    package struct Row: Sendable, Hashable {
        /// Runs that are due and that nobody holds. Exact up to 1,000; beyond that all rows of the outbox, as the
        /// statistics know them, and never less than 1,001.
        package let backlog: Int
        /// How long the run that waits longest has been due; zero when none is.
        package let lag: Duration
        /// Engines that gave a sign of life within 15 s.
        package let liveEngines: Int
    }

    /// Counted exactly up to here.
    package static let exactLimit = 1000
    /// An engine that was silent for longer than this many seconds counts as gone. For people, not for leases.
    package static let silence = 15

    package static let sql = """
        WITH due AS MATERIALIZED (
            SELECT count(*) AS count, min(available_at) AS since
            FROM (SELECT available_at FROM outbox WHERE available_at <= now()
                ORDER BY available_at LIMIT \(exactLimit + 1)) d
        )
        SELECT CASE WHEN due.count <= \(exactLimit) THEN due.count
                ELSE greatest(due.count, pg_stat_get_live_tuples('outbox'::regclass)) END,
            COALESCE((extract(epoch FROM now() - due.since) * 1000000)::int8, 0),
            (SELECT count(*) FROM engines WHERE heartbeat_at > now() - interval '\(silence) seconds')
        FROM due
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            backlog: Int(try row.int64()), lag: .microseconds(try row.int64()),
            liveEngines: Int(try row.int64()))
    }
}

/// All engines heard of within the last hour, those that started last first.
package struct ListEngines: Statement {
    package init() {}

    /// A row of `engines`.
    package struct Row: Sendable, Hashable {
        package let engineID: EngineID
        package let host: String
        package let version: String
        package let startedAt: Instant
        package let heartbeatAt: Instant
        /// Runs it holds.
        package let inFlight: Int
        /// What it tells about itself; see `BeatEngine`.
        package let report: JSON
        /// It gave a sign of life within `ReadBacklog.silence` seconds, by the database's clock.
        package let isAlive: Bool
        /// For how long it has been silent, by the database's clock: so old are the numbers it tells.
        package let age: Duration
    }

    package static let sql = """
        SELECT engine_id, host, version, started_at, heartbeat_at, in_flight, report,
            heartbeat_at > now() - interval '\(ReadBacklog.silence) seconds',
            (extract(epoch FROM now() - heartbeat_at) * 1000000)::int8
        FROM engines ORDER BY started_at DESC, engine_id LIMIT 1000
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            engineID: try row.engineID(), host: try row.text(), version: try row.text(), startedAt: try row.instant(),
            heartbeatAt: try row.instant(), inFlight: Int(try row.int32()),
            report: try report(&row), isAlive: try row.bool(), age: .microseconds(try row.int64()))
    }

    private static func report(_ row: inout RowReader) throws(PostgresError) -> JSON {
        let bytes = try row.json()
        do { return try JSON(parsing: bytes, limits: .stored) } catch {
            throw .decoding("an engine's report: \(error)")
        }
    }
}
