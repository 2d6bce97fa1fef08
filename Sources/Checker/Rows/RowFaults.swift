internal import Audit
internal import Core
internal import Postgres
internal import Storage

/// The database's clock.
struct DatabaseNow: Statement {
    typealias Row = Instant

    static let sql = "SELECT clock_timestamp()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Instant { try row.instant() }
}

/// The first run id that retention has left alone: what is not there of older runs may have been deleted, each table at a
/// time of its own.
struct KeptSince: Statement {
    typealias Row = RunID

    static let sql = "SELECT run_id FROM (\(firstKept)) kept"

    /// The same as SQL: one row of one column `run_id`, the lowest id without partitions.
    static let firstKept = """
        SELECT COALESCE((
            SELECT (array_agg(lower_id ORDER BY lower_id))[1] AS run_id FROM run_partitions
            GROUP BY parent_table ORDER BY 1 DESC LIMIT 1), '00000000-0000-0000-0000-000000000000'::uuid) AS run_id
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Invariants 3 and 13 as far as SQL sees them: a live run has exactly one outbox row, a terminal run none, nothing
/// belongs to a run that is not there, counts agree, and no outbox row has an epoch below its run's events, or has seen others
/// than there are.
///
/// A FAILED run somebody has just asked to retry has an outbox row with an unread inbox: that is not a fault. Nor is an
/// inbox nobody could read when its run was quarantined: it is read when the run is retried.
struct OutboxFaults: Statement {
    typealias Row = Violation

    static let sql = """
        WITH kept AS MATERIALIZED (\(KeptSince.firstKept))
        SELECT 3::int4, r.run_id, 'it is ' || r.status || ' and has no outbox row'
        FROM workflow_runs r LEFT JOIN outbox o ON o.run_id = r.run_id
        WHERE r.status IN ('PENDING', 'RUNNING', 'COMPENSATING') AND o.run_id IS NULL
        UNION ALL
        SELECT 3, r.run_id, 'it is ' || r.status || ' and has an outbox row'
        FROM outbox o JOIN workflow_runs r ON r.run_id = o.run_id
        WHERE r.status IN ('COMPLETED', 'COMPENSATED', 'CANCELLED') OR (r.status = 'FAILED' AND o.inbox_count = 0)
        UNION ALL
        SELECT 3, o.run_id, 'an outbox row of no run' FROM outbox o
        WHERE NOT EXISTS (SELECT FROM workflow_runs r WHERE r.run_id = o.run_id)
        UNION ALL
        SELECT 3, i.run_id, 'an inbox row of a run without an outbox row' FROM run_inbox i
        WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.run_id = i.run_id)
            AND NOT EXISTS (
                SELECT FROM workflow_runs r WHERE r.run_id = i.run_id AND r.status = 'FAILED' AND EXISTS (
                    SELECT FROM run_journal j CROSS JOIN LATERAL json_array_elements(j.events) e
                    WHERE j.run_id = i.run_id AND e.value->>'kind' = 'run_quarantined'))
        UNION ALL
        SELECT 3, o.run_id, 'its outbox row counts ' || o.inbox_count || ' inbox rows, there are ' || count(i.run_id)
        FROM outbox o LEFT JOIN run_inbox i ON i.run_id = o.run_id
        GROUP BY o.run_id HAVING o.inbox_count <> count(i.run_id)
        UNION ALL
        SELECT DISTINCT 3, j.run_id, 'an event of no run' FROM run_journal j
        WHERE j.run_id >= (SELECT run_id FROM kept)
            AND NOT EXISTS (SELECT FROM workflow_runs r WHERE r.run_id = j.run_id)
        UNION ALL
        SELECT 11, j.run_id, 'its row ' || j.seq || ' of the journal counts ' || j.event_count || ' events, there are '
            || json_array_length(j.events)
        FROM run_journal j WHERE j.event_count <> json_array_length(j.events)
        UNION ALL
        SELECT 13, o.run_id, 'its outbox row is at epoch ' || o.epoch || ', its events at ' || max(j.epoch)
        FROM outbox o JOIN run_journal j ON j.run_id = o.run_id
        GROUP BY o.run_id HAVING o.epoch < max(j.epoch)
        UNION ALL
        SELECT 3, o.run_id, 'its outbox row is at event ' || o.last_seq || ', its journal at '
            || max(j.seq + j.event_count - 1)
        FROM outbox o JOIN run_journal j ON j.run_id = o.run_id
        GROUP BY o.run_id HAVING CASE WHEN o.lease_owner IS NULL THEN o.last_seq <> max(j.seq + j.event_count - 1)
            ELSE o.last_seq > max(j.seq + j.event_count - 1) END
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Violation {
        Violation(Int(try row.int32()), try row.runID(), try row.text())
    }
}

/// Invariant 15 as far as SQL sees it: every key names a run that is there, unless it is past its time, and no run was started by two keys.
struct KeyFaults: Statement {
    typealias Row = Violation

    static let sql = """
        WITH kept AS MATERIALIZED (\(KeptSince.firstKept))
        SELECT k.run_id, 'an idempotency key names it, but there is no such run' FROM idempotency_keys k
        WHERE k.run_id >= (SELECT run_id FROM kept) AND NOT EXISTS (SELECT FROM workflow_runs r WHERE r.run_id = k.run_id)
        UNION ALL
        SELECT k.run_id, count(*) || ' idempotency keys name it' FROM idempotency_keys k
        GROUP BY k.run_id HAVING count(*) > 1
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Violation {
        Violation(15, try row.runID(), try row.text())
    }
}

/// All idempotency keys.
struct FindKeys: Statement {
    typealias Row = (tenantID: String, key: String, runID: RunID)

    static let sql = "SELECT tenant_id, idempotency_key, run_id FROM idempotency_keys"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try row.text(), try row.text(), try row.runID())
    }
}
