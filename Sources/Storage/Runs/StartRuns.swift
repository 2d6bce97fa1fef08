import Core
package import Postgres

/// Writes a batch of accepted runs: each its run row, step rows, first events and outbox row, and its idempotency key.
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
    // run_id would be planned from guesses about array lengths. The only event of a start that can carry an error is the
    // one that completes the run, and it is the run's error.
    package static let sql = """
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
            SELECT array_agg(u.key IS NULL OR u.run_id IN (SELECT run_id FROM keyed) ORDER BY u.ord) AS flags
            FROM unnest($1::uuid[], $12::text[]) WITH ORDINALITY AS u (run_id, key, ord)
        ), run AS (
            INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                correlation_id, traceparent, output, error, created_at, updated_at, completed_at, deadline_at)
            SELECT u.run_id, u.tenant_id, u.name, u.version, u.status, u.input, u.context,
                u.correlation_id, u.traceparent, u.output, u.error, now(), now(),
                CASE WHEN u.status <> 'PENDING' THEN now() END, now() + u.timeout_us * interval '1 microsecond'
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::json[], $7::json[],
                    $8::text[], $9::text[], $10::json[], $11::int8[], $15::json[]) WITH ORDINALITY
                AS u (run_id, tenant_id, name, version, status, input, context, correlation_id, traceparent, output,
                    timeout_us, error, ord)
            WHERE (SELECT flags FROM accepted)[u.ord]
        ), step AS (
            INSERT INTO run_steps (run_id, step_index, step_id, status, next_attempt_at, completed_at)
            SELECT u.run_id, u.step_index, u.step_id, u.status, CASE WHEN u.is_due THEN now() END,
                CASE WHEN u.status = 'SKIPPED' THEN now() END
            FROM unnest($16::int4[], $17::uuid[], $18::int2[], $19::text[], $20::text[], $21::bool[])
                AS u (ord, run_id, step_index, step_id, status, is_due)
            WHERE (SELECT flags FROM accepted)[u.ord]
        ), event AS (
            INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, epoch, trace_id, data, error)
            SELECT u.run_id, u.seq, now(), u.kind, u.step_index, u.step_id, 0, u.trace_id, u.data,
                CASE WHEN u.kind = 'run_completed' THEN ($15::json[])[u.ord] END
            FROM unnest($22::int4[], $23::uuid[], $24::int4[], $25::text[], $26::int2[], $27::text[], $28::text[],
                    $29::json[])
                AS u (ord, run_id, seq, kind, step_index, step_id, trace_id, data)
            WHERE (SELECT flags FROM accepted)[u.ord]
        ), pulse AS (
            INSERT INTO outbox (run_id, available_at, last_seq, weight)
            SELECT u.run_id, now(), u.last_seq, u.weight
            FROM unnest($1::uuid[], $5::text[], $30::int4[], $31::int4[]) WITH ORDINALITY
                AS u (run_id, status, last_seq, weight, ord)
            WHERE u.status = 'PENDING' AND (SELECT flags FROM accepted)[u.ord]
        )
        SELECT flags FROM accepted
        """
}

extension StartRuns {
    package func bind(_ parameters: inout Parameters) {
        bindRuns(&parameters)
        bindSteps(&parameters)
        bindEvents(&parameters)
        parameters.column(WireInt32.self, of: runs) { Int32($0.run.lastSequence) }
        parameters.column(WireInt32.self, of: runs) { Int32(clamping: $0.weight) }
    }

    private func bindRuns(_ parameters: inout Parameters) {
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
    }

    private func bindSteps(_ parameters: inout Parameters) {
        steps(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        steps(&parameters, WireUUID.self) { _, new, _ in new.run.id.uuid }
        steps(&parameters, WireInt16.self) { _, _, index in Int16(index) }
        steps(&parameters, WireText.self) { _, new, index in new.run.definition.steps[index].id }
        steps(&parameters, WireText.self) { _, new, index in new.run.steps[index].status.rawValue }
        steps(&parameters, WireBool.self) { _, new, index in new.run.steps[index].nextAttemptAt != nil }
    }

    private func bindEvents(_ parameters: inout Parameters) {
        events(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        events(&parameters, WireUUID.self) { _, new, _ in new.run.id.uuid }
        events(&parameters, WireInt32.self) { _, _, offset in Int32(offset + 1) }
        events(&parameters, WireText.self) { _, new, offset in new.rows[offset].kind?.rawValue }
        events(&parameters, WireInt16.self) { _, new, offset in new.rows[offset].stepIndex.map { Int16($0) } }
        events(&parameters, WireText.self) { _, new, offset in new.rows[offset].stepID }
        events(&parameters, WireText.self) { _, new, _ in new.traceparent.flatMap(Self.traceID) }
        events(&parameters, WireJSON.self) { _, new, offset in new.rows[offset].data?.bytes }
    }

    /// The second field of a W3C `traceparent`.
    private static func traceID(_ traceparent: String) -> String? {
        let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        return fields.count >= 4 ? String(fields[1]) : nil
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] { try row.boolArray() }
}

// One column of all steps or events, run by run. `ordinal` is the run's place in the batch, from one.
extension StartRuns {
    @inline(__always)
    private func steps<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (Int32, NewRun, Int) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for new in runs {
            ordinal += 1
            for index in new.run.steps.indices {
                Type.Value.append(value(ordinal, new, index), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }

    @inline(__always)
    private func events<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (Int32, NewRun, Int) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for new in runs {
            ordinal += 1
            for offset in new.rows.indices {
                Type.Value.append(value(ordinal, new, offset), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }
}
