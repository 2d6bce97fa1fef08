import Core
package import Postgres

/// Writes a batch of accepted runs: each its run row, first row of the journal and outbox row, and its idempotency key.
///
/// One statement for the whole batch. A run whose idempotency key is taken is left out and reported; its batch-mates are
/// written. Keys past their expiry are taken over.
package struct StartRuns: Statement {
    /// What to write; sorted by idempotency key, so that two batches with the same keys never wait for each other in turn.
    package let runs: [NewRun]

    /// For each run of the batch, in its order: whether it was written.
    package typealias Row = [Bool]

    package init(runs: [NewRun]) { self.runs = runs }

    // `accepted` is evaluated once and then read by position, which costs the same however long the batch is; a join on
    // run_id would be planned from guesses about array lengths.
    package static let sql = statement(availableAt: beginning)

    /// When a run begins: at its time, or at once.
    static let beginning = "COALESCE(timestamptz 'epoch' + u.start_at * interval '1 microsecond', now())"

    /// - Parameters:
    ///   - availableAt: when a run is due.
    ///   - lane: the lane of a run; then the batch also says, as $24, what its runs wait for, and, as $26, whose their definitions are.
    ///     Nil where all that is due is one queue, nothing waits, and all definitions are shared.
    ///   - also: what else is written, as further parts of the statement.
    ///   - accepted: which runs are written.
    ///   - link: more columns of a run, each after a comma, and their values.
    static func statement(
        availableAt: String, lane: String? = nil, also: String = "",
        accepted: String = "u.key IS NULL OR u.run_id IN (SELECT run_id FROM keyed)",
        link: (columns: String, values: String) = ("", "")
    ) -> String {
        let (column, value) = lane.map { (", waits_for, lane", ", ($24::int2[])[u.ord], \($0)") } ?? ("", "")
        let (laneColumn, laneValue) =
            lane.map { (", lane, definition_owner", ", \($0), ($26::text[])[u.ord]") } ?? ("", "")
        return """
            WITH keyed AS (
                INSERT INTO idempotency_keys AS k (tenant_id, idempotency_key, request_hash, run_id, expires_at)
                SELECT u.tenant_id, u.key, u.hash, u.run_id, now() + u.ttl_us * interval '1 microsecond'
                FROM unnest($1::uuid[], $2::text[], $12::text[], $13::bytea[], $14::int8[])
                    AS u (run_id, tenant_id, key, hash, ttl_us)
                WHERE u.key IS NOT NULL
                ON CONFLICT (tenant_id, idempotency_key) DO UPDATE
                    SET request_hash = excluded.request_hash, run_id = excluded.run_id, expires_at = excluded.expires_at
                    WHERE k.expires_at < now()
                RETURNING k.run_id
            ), accepted AS MATERIALIZED (
                SELECT array_agg(\(accepted) ORDER BY u.ord) AS flags
                FROM unnest($1::uuid[], $12::text[]) WITH ORDINALITY AS u (run_id, key, ord)
            ), run AS (
                INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                    correlation_id, traceparent, output, error, created_at, updated_at, completed_at, deadline_at,
                    snapshot, snapshot_seq, snapshot_at, due, due_count, due_at, due_before\(link.columns)\(laneColumn))
                SELECT u.run_id, u.tenant_id, u.name, u.version, u.status, u.input, u.context,
                    u.correlation_id, u.traceparent, u.output, u.error, now(), now(),
                    CASE WHEN u.status <> 'PENDING' THEN now() END, COALESCE(timestamptz 'epoch' + u.start_at * interval '1 microsecond', now()) + u.timeout_us * interval '1 microsecond',
                    u.snapshot, u.event_count, now(), u.due, u.due_count, CASE WHEN u.due IS NOT NULL THEN now() END,
                    CASE WHEN u.due IS NOT NULL THEN now() + u.timeout_us * interval '1 microsecond' END\(link.values)\(laneValue)
                FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::json[],
                        $8::text[], $9::text[], $10::json[], $11::int8[], $15::json[], $16::json[], $17::json[], $18::int4[],
                        $21::int4[], $22::int8[]) WITH ORDINALITY
                    AS u (run_id, tenant_id, name, version, status, input, context, correlation_id, traceparent, output,
                        timeout_us, error, snapshot, due, event_count, due_count, start_at, ord)
                WHERE (SELECT flags FROM accepted)[u.ord]
            ), event AS (
                INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
                SELECT u.run_id, 1, u.event_count, now(), 0, u.events
                FROM unnest($1::uuid[], $18::int4[], $19::json[]) WITH ORDINALITY AS u (run_id, event_count, events, ord)
                WHERE (SELECT flags FROM accepted)[u.ord]
            ), pulse AS (
                INSERT INTO outbox (run_id, available_at, last_seq, weight\(column))
                SELECT u.run_id, \(availableAt), u.event_count, u.weight\(value)
                FROM unnest($1::uuid[], $5::text[], $18::int4[], $20::int4[], $22::int8[]) WITH ORDINALITY
                    AS u (run_id, status, event_count, weight, start_at, ord)
                WHERE u.status = 'PENDING' AND (SELECT flags FROM accepted)[u.ord]
            )\(also)
            SELECT flags FROM accepted
            """
    }
}

extension StartRuns {
    package func bind(_ parameters: inout Parameters) {
        parameters.column(WireUUID.self, of: runs) { $0.run.id.uuid }
        parameters.column(WireText.self, of: runs) { $0.tenantID }
        parameters.column(WireText.self, of: runs) { $0.run.definition.name }
        parameters.column(WireText.self, of: runs) { $0.run.definition.versionText }
        parameters.column(WireText.self, of: runs) { $0.run.status.rawValue }
        parameters.column(WireJSON.self, of: runs) { $0.inputBytes }
        parameters.column(WireJSON.self, of: runs) { $0.contextBytes }
        parameters.column(WireText.self, of: runs) { $0.correlationID }
        parameters.column(WireText.self, of: runs) { $0.traceparent }
        parameters.column(WireJSON.self, of: runs) { $0.run.output?.bytes }
        parameters.column(WireInt64.self, of: runs) { $0.run.definition.timeout?.microseconds }
        parameters.column(WireText.self, of: runs) { $0.idempotency?.key }
        parameters.column(WireBytes.self, of: runs) { $0.idempotency?.requestHash }
        parameters.column(WireInt64.self, of: runs) { $0.idempotency?.lifetime.microseconds }
        parameters.column(WireJSON.self, of: runs) { $0.run.errorJSON?.bytes }
        parameters.column(WireJSON.self, of: runs) { $0.snapshot }
        parameters.column(WireJSON.self, of: runs) { $0.due }
        parameters.column(WireInt32.self, of: runs) { Int32($0.events.count) }
        parameters.column(WireJSON.self, of: runs) { $0.eventBytes }
        parameters.column(WireInt32.self, of: runs) { Int32(clamping: $0.weight) }
        parameters.column(WireInt32.self, of: runs) { $0.dueCount }
        parameters.column(WireInt64.self, of: runs) { $0.startAt?.microseconds }
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] { try row.boolArray() }
}
