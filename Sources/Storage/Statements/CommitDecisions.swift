package import Core
import Postgres

/// Commits a batch of decisions, each guarded by the epoch of its lease.
///
/// One statement for the whole batch, one run at most once in it. A decision whose lease is lost changes nothing and is
/// reported; its batch-mates are written.
package struct CommitDecisions: Statement {
    /// The committing engine.
    package let engine: EngineID
    /// Sorted by run id, as renewals are, so that the two never lock rows in opposite order.
    package let commits: [RunCommit]

    package init(engine: EngineID, commits: [RunCommit]) {
        self.engine = engine
        self.commits = commits
    }

    /// What became of each decision, in the batch's order.
    package struct Row: Sendable {
        /// Per decision: 0 the lease is lost, 1 written, 2 not written because the run would end with unread inbox rows,
        /// 3 not written because somebody has the outbox row locked.
        package let verdicts: [Int16?]
        /// Per decision: inbox rows that are still unread; null where the lease is lost or the row locked.
        package let unread: [Int32?]
    }

    // `guard` locks the outbox rows and looks at their newest version, then everything else reads its verdicts by
    // position. A row that somebody else has locked is skipped, or all of the batch would wait for it. An intermediate result does not rewrite the outbox row. A terminal decision must not slip past a cancel
    // that was accepted before it: with unread inbox rows it is sent back. Of the consumed inbox rows those count that
    // still exist: a decision sent again after a lost answer finds none.
    package static let sql = """
        WITH guard AS MATERIALIZED (
            SELECT array_agg(CASE WHEN o.run_id IS NULL THEN \(CommitDecisions.lostOrLocked)
                    WHEN u.ends AND o.inbox_count > i.consumed THEN 2
                    ELSE 1 END::int2 ORDER BY u.ord) AS verdicts,
                array_agg(o.inbox_count - i.consumed ORDER BY u.ord) AS unread
            FROM unnest($2::uuid[], $3::int8[], $4::bool[], $5::int4[]) WITH ORDINALITY
                AS u (run_id, epoch, ends, consumed, ord)
            CROSS JOIN LATERAL (
                SELECT CASE WHEN u.consumed = 0 THEN 0 ELSE (
                    SELECT count(*)::int4 FROM unnest($43::uuid[], $44::int8[]) AS c (run_id, inbox_id)
                    JOIN run_inbox USING (run_id, inbox_id) WHERE c.run_id = u.run_id) END AS consumed
            ) i
            LEFT JOIN LATERAL (
                SELECT run_id, inbox_count FROM outbox
                WHERE run_id = u.run_id AND epoch = u.epoch AND lease_owner = $1 FOR UPDATE SKIP LOCKED
            ) o ON true
        \(changes), consumed AS (
            DELETE FROM run_inbox i USING unnest($42::int4[], $43::uuid[], $44::int8[]) AS u (ord, run_id, inbox_id)
            WHERE \(oneRow("i.run_id", "u.run_id")) AND i.inbox_id = u.inbox_id AND (SELECT verdicts FROM guard)[u.ord] = 1
            RETURNING i.run_id
        ), rewritten AS (
            UPDATE outbox o
            SET inbox_count = CASE WHEN u.consumed = 0 THEN o.inbox_count ELSE
                    greatest(0, o.inbox_count - (SELECT count(*) FROM consumed c WHERE c.run_id = o.run_id)) END,
                last_seq = u.last_seq, failures = 0, weight = COALESCE(u.weight, o.weight),
                lease_owner = CASE WHEN u.release_in_us IS NULL THEN o.lease_owner END,
                available_at = CASE WHEN u.release_in_us IS NULL THEN o.available_at
                    WHEN o.inbox_count > u.consumed THEN now()
                    ELSE now() + u.release_in_us * interval '1 microsecond' END
            FROM unnest($2::uuid[], $4::bool[], $5::int4[], $6::int8[], $7::int4[], $45::int4[]) WITH ORDINALITY
                AS u (run_id, ends, consumed, release_in_us, last_seq, weight, ord)
            WHERE NOT u.ends AND (u.release_in_us IS NOT NULL OR u.consumed > 0 OR u.weight IS NOT NULL)
                AND \(oneRow("o.run_id", "u.run_id"))
                AND (SELECT verdicts FROM guard)[u.ord] = 1
        )
        SELECT verdicts, unread FROM guard
        """

    /// The verdict on a row that was not found to be locked by us: it fits and so was skipped, or it does not fit. It may also
    /// have ceased to fit in this very moment; then the next try says so. A scalar, so that it can only be planned as a
    /// look-up of one row, which hardly any batch makes.
    static let lostOrLocked = """
        COALESCE((SELECT 3 FROM outbox l WHERE l.run_id = u.run_id AND l.epoch = u.epoch AND l.lease_owner = $1), 0)
        """

    /// What is the same of every decision, from the end of `guard` on.
    static let changes = """
        ), event AS (
            INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, outcome, http_status,
                duration_us, retry_in_us, error, engine_id, epoch, data)
            SELECT u.run_id, u.seq, now(), u.kind, u.step_index, u.step_id, u.action, u.attempt, u.outcome,
                u.http_status, u.duration_us, u.retry_in_us, u.error, $1, ($3::int8[])[u.ord], u.data
            FROM unnest($8::int4[], $9::uuid[], $10::int4[], $11::text[], $12::int2[], $13::text[], $14::text[],
                    $15::int2[], $16::text[], $17::int2[], $18::int8[], $19::int8[], $20::json[], $21::json[])
                AS u (ord, run_id, seq, kind, step_index, step_id, action, attempt, outcome, http_status, duration_us,
                    retry_in_us, error, data)
            WHERE (SELECT verdicts FROM guard)[u.ord] = 1
        ), step AS (
            UPDATE run_steps s
            SET status = u.status, attempts = u.attempts, is_ambiguous = u.is_ambiguous,
                compensation_status = u.compensation_status, compensation_attempts = u.compensation_attempts,
                is_compensation_ambiguous = u.is_compensation_ambiguous, output = COALESCE(u.output, s.output),
                error = u.error,
                started_at = CASE WHEN u.starts THEN COALESCE(s.started_at, now()) ELSE s.started_at END,
                completed_at = CASE WHEN u.completes THEN COALESCE(s.completed_at, now()) ELSE s.completed_at END,
                next_attempt_at = now() + u.next_in_us * interval '1 microsecond'
            FROM unnest($22::int4[], $23::uuid[], $24::int2[], $25::text[], $26::int2[], $27::bool[], $28::text[],
                    $29::int2[], $30::bool[], $31::json[], $32::json[], $33::bool[], $34::bool[], $35::int8[])
                AS u (ord, run_id, step_index, status, attempts, is_ambiguous, compensation_status,
                    compensation_attempts, is_compensation_ambiguous, output, error, starts, completes, next_in_us)
            WHERE s.run_id = u.run_id AND s.step_index = u.step_index AND (SELECT verdicts FROM guard)[u.ord] = 1
        ), run AS (
            UPDATE workflow_runs r
            SET status = u.status, cause = u.cause, output = u.output, error = u.error, updated_at = now(),
                completed_at = CASE WHEN ($4::bool[])[u.ord] THEN now() END
            FROM unnest($36::int4[], $37::uuid[], $38::text[], $39::text[], $40::json[], $41::json[])
                AS u (ord, run_id, status, cause, output, error)
            WHERE r.run_id = u.run_id AND (SELECT verdicts FROM guard)[u.ord] = 1
        ), ended AS (
            DELETE FROM outbox o
            USING unnest($2::uuid[], $4::bool[]) WITH ORDINALITY AS u (run_id, ends, ord)
            WHERE u.ends AND \(oneRow("o.run_id", "u.run_id")) AND (SELECT verdicts FROM guard)[u.ord] = 1
        )
        """
}
