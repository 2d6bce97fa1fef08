package import Core
package import Postgres

/// Writes an engine's row for the cluster view, and clears away rows of engines unheard of for an hour. Answers how many other
/// engines gave a sign of life within 15 seconds.
package struct BeatEngine: Statement {
    package let engine: EngineID
    package let host: String
    package let inFlight: Int
    /// What it tells about itself; an object.
    package let report: JSON

    /// The other engines, and the database's clock.
    package struct Row: Sendable, Hashable {
        package let others: Int
        package let now: Instant
    }

    package init(engine: EngineID, host: String, inFlight: Int, report: JSON = [:]) {
        self.engine = engine
        self.host = host
        self.inFlight = inFlight
        self.report = report
    }

    package static let sql = """
        WITH gone AS (
            DELETE FROM engines WHERE heartbeat_at < now() - interval '1 hour' AND engine_id <> $1
        ), beat AS (
            INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
            VALUES ($1, $2, $3, now(), now(), $4, $5)
            ON CONFLICT (engine_id) DO UPDATE
            SET heartbeat_at = now(), in_flight = excluded.in_flight, report = excluded.report
        )
        SELECT count(*), clock_timestamp()
        FROM engines WHERE engine_id <> $1 AND heartbeat_at > now() - interval '15 seconds'
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.text(host)
        parameters.text(sagaflowVersion)
        parameters.int32(Int32(inFlight))
        parameters.json(report.bytes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(others: Int(try row.int64()), now: try row.instant())
    }
}

/// Removes the row of an engine that stops.
package struct ForgetEngine: Statement {
    package let engine: EngineID

    package typealias Row = Never

    package init(engine: EngineID) { self.engine = engine }

    package static let sql = "DELETE FROM engines WHERE engine_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(engine.uuid) }
}

/// Deletes idempotency keys past their expiry, a bounded number at a time; several engines may do so at once.
package struct DeleteExpiredKeys: Statement {
    package let limit: Int

    /// How many were deleted.
    package typealias Row = Int64

    package init(limit: Int) { self.limit = limit }

    package static let sql = """
        WITH expired AS MATERIALIZED (
            SELECT tenant_id, idempotency_key FROM idempotency_keys WHERE expires_at < now()
            ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM idempotency_keys k USING expired e
            WHERE k.tenant_id = e.tenant_id AND k.idempotency_key = e.idempotency_key AND k.expires_at < now()
            RETURNING 1
        )
        SELECT count(*) FROM gone
        """

    package func bind(_ parameters: inout Parameters) { parameters.int64(Int64(limit)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}
