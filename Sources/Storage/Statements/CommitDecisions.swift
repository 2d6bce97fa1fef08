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
        /// 3 not written because somebody has the outbox row locked, 4 because somebody has that of a run that it tells something.
        package let verdicts: [Int16?]
        /// Per decision: inbox rows that are still unread; null where the lease is lost or the row locked.
        package let unread: [Int32?]
        /// The time of the commit.
        package let at: Instant
    }

    // `guard` locks the outbox rows and looks at their newest version, then everything else reads its verdicts by
    // position. A row that somebody else has locked is skipped, or all of the batch would wait for it. An intermediate
    // result does not rewrite the outbox row. A terminal decision must not slip past a cancel that was accepted before it:
    // with unread inbox rows it is sent back. Of the consumed inbox rows those count that still exist: a decision sent again
    // after a lost answer finds none.
    package static let sql = statement()

    /// - Parameters:
    ///   - before: parts of the statement that come first.
    ///   - locked: a condition by which nothing is written, as where somebody has the outbox row locked.
    static func statement(before: String = "", locked: String = "") -> String {
        """
        WITH \(before)guard AS MATERIALIZED (
            SELECT array_agg(CASE WHEN o.run_id IS NULL THEN \(CommitDecisions.lostOrLocked)
                    WHEN u.ends AND o.inbox_count > i.consumed THEN 2\(locked)
                    ELSE 1 END::int2 ORDER BY u.ord) AS verdicts,
                array_agg(o.inbox_count - i.consumed ORDER BY u.ord) AS unread
            FROM unnest($2::uuid[], $3::int8[], $4::bool[], $19::int4[]) WITH ORDINALITY
                AS u (run_id, epoch, ends, consumed, ord)
            CROSS JOIN LATERAL (
                SELECT CASE WHEN u.consumed = 0 THEN 0 ELSE (
                    SELECT count(*)::int4 FROM unnest($23::uuid[], $24::int8[]) AS c (run_id, inbox_id)
                    JOIN run_inbox USING (run_id, inbox_id) WHERE c.run_id = u.run_id) END AS consumed
            ) i
            LEFT JOIN LATERAL (
                SELECT run_id, inbox_count FROM outbox
                WHERE run_id = u.run_id AND epoch = u.epoch AND lease_owner = $1 FOR UPDATE SKIP LOCKED
            ) o ON true
        \(changes), consumed AS (
            DELETE FROM run_inbox i USING unnest($22::int4[], $23::uuid[], $24::int8[]) AS u (ord, run_id, inbox_id)
            WHERE \(oneRow("i.run_id", "u.run_id")) AND i.inbox_id = u.inbox_id AND (SELECT verdicts FROM guard)[u.ord] = 1
            RETURNING i.run_id
        ), rewritten AS (
            UPDATE outbox o
            SET inbox_count = CASE WHEN u.consumed = 0 THEN o.inbox_count ELSE
                    greatest(0, o.inbox_count - (SELECT count(*) FROM consumed c WHERE c.run_id = o.run_id)) END,
                last_seq = u.seq + u.event_count - 1, failures = 0, weight = COALESCE(u.weight, o.weight),
                waits_for = CASE WHEN u.release_in_us IS NULL THEN o.waits_for ELSE u.waits_for END,
                lease_owner = CASE WHEN u.release_in_us IS NULL THEN o.lease_owner END,
                available_at = CASE WHEN u.release_in_us IS NULL THEN o.available_at
                    WHEN o.inbox_count > u.consumed THEN now()
                    ELSE now() + u.release_in_us * interval '1 microsecond' END
            FROM unnest($2::uuid[], $4::bool[], $5::int4[], $6::int4[], $19::int4[], $20::int8[], $21::int4[], $27::int2[])
                WITH ORDINALITY AS u (run_id, ends, seq, event_count, consumed, release_in_us, weight, waits_for, ord)
            WHERE NOT u.ends AND (u.release_in_us IS NOT NULL OR u.consumed > 0 OR u.weight IS NOT NULL)
                AND \(oneRow("o.run_id", "u.run_id"))
                AND (SELECT verdicts FROM guard)[u.ord] = 1
        )
        SELECT verdicts, unread, now() FROM guard
        """
    }

    /// The verdict on a row that was not found to be locked by us: it fits and so was skipped, or it does not fit. It may also
    /// have ceased to fit in this very moment; then the next try says so. A scalar, so that it can only be planned as a
    /// look-up of one row, which hardly any batch makes.
    static let lostOrLocked = """
        COALESCE((SELECT 3 FROM outbox l WHERE l.run_id = u.run_id AND l.epoch = u.epoch AND l.lease_owner = $1), 0)
        """

    /// What is the same of every decision, from the end of `guard` on: its row in the journal; the run's row, of those that
    /// come to rest or end; the outbox row's end.
    static let changes = """
        ), event AS (
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
            SELECT u.run_id, u.seq, u.event_count, now(), u.epoch, $1, u.events
            FROM unnest($2::uuid[], $3::int8[], $5::int4[], $6::int4[], $7::json[]) WITH ORDINALITY
                AS u (run_id, epoch, seq, event_count, events, ord)
            WHERE u.events IS NOT NULL AND (SELECT verdicts FROM guard)[u.ord] = 1
        ), run AS (
            UPDATE workflow_runs r
            SET status = u.status, cause = u.cause, output = COALESCE(u.output, r.output), error = u.error,
                updated_at = COALESCE(timestamptz 'epoch' + u.updated_at * interval '1 microsecond', now()),
                completed_at = CASE WHEN ($4::bool[])[u.ord] THEN now() END,
                snapshot = u.snapshot, snapshot_seq = ($5::int4[])[u.ord] + ($6::int4[])[u.ord] - 1, snapshot_at = now(),
                snapshot_refs = CASE WHEN u.refs <> '' THEN string_to_array(u.refs, ' ')::int4[] END,
                due = u.due, due_count = u.due_count,
                due_at = CASE WHEN u.due IS NOT NULL THEN now() + ($20::int8[])[u.ord] * interval '1 microsecond' END,
                due_before = timestamptz 'epoch' + u.due_before * interval '1 microsecond',
                deadline_at = COALESCE(timestamptz 'epoch' + u.deadline_at * interval '1 microsecond', r.deadline_at)
            FROM unnest($8::int4[], $9::uuid[], $10::text[], $11::text[], $12::int8[], $13::json[], $14::json[],
                    $15::json[], $16::text[], $17::json[], $18::int8[], $25::int4[], $26::int8[])
                AS u (ord, run_id, status, cause, updated_at, output, error, snapshot, refs, due, due_before, due_count,
                    deadline_at)
            WHERE r.run_id = u.run_id AND (SELECT verdicts FROM guard)[u.ord] = 1
        ), ended AS (
            DELETE FROM outbox o
            USING unnest($2::uuid[], $4::bool[]) WITH ORDINALITY AS u (run_id, ends, ord)
            WHERE u.ends AND \(oneRow("o.run_id", "u.run_id")) AND (SELECT verdicts FROM guard)[u.ord] = 1
        )
        """
}
