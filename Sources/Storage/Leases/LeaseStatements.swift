package import Core
package import Postgres

/// Extends leases that are still held, and tells which runs have inbox rows.
package struct RenewLeases: Statement {
    /// The holder.
    package let engine: EngineID
    /// Sorted by run id.
    package let leases: [Lease]
    /// From now on.
    package let length: Duration

    /// A lease that is held; those missing are lost.
    package struct Row: Sendable {
        /// The run.
        package let runID: RunID
        /// Inbox rows the holder has not consumed; nil when the lease was not extended, because somebody has the row locked.
        package let inboxCount: Int?
    }

    package static let sql = """
        \(freeLeases), renewed AS (
            UPDATE outbox o SET available_at = now() + $4 * interval '1 microsecond'
            FROM asked u WHERE u.free IS NOT NULL AND \(oneRow("o.run_id", "u.free"))
            RETURNING o.run_id, o.inbox_count
        )
        SELECT run_id, inbox_count FROM renewed UNION ALL SELECT run_id, NULL FROM asked WHERE is_locked
        """
}

// Rows that somebody else has locked are skipped, or all leases of a batch would wait for one.
private let freeLeases = """
    WITH asked AS MATERIALIZED (
        SELECT u.run_id, o.run_id AS free,
            CASE WHEN o.run_id IS NULL THEN \(CommitDecisions.lostOrLocked) = 3 ELSE false END AS is_locked
        FROM unnest($2::uuid[], $3::int8[]) AS u (run_id, epoch)
        LEFT JOIN LATERAL (
            SELECT run_id FROM outbox
            WHERE run_id = u.run_id AND epoch = u.epoch AND lease_owner = $1 FOR UPDATE SKIP LOCKED
        ) o ON true
    )
    """

/// Gives leases back at once, so that the runs need not wait for their expiry; those whose rows somebody has locked do.
///
/// The owner stays noted: calls may have been in flight, so the next claim is a takeover. It is not to count as one more
/// lost engine, though.
package struct ReleaseLeases: Statement {
    /// The holder.
    package let engine: EngineID
    /// Sorted by run id.
    package let leases: [Lease]
    /// From now on until the runs are due.
    package let delay: Duration

    /// A lease that was given back.
    package typealias Row = RunID

    package static let sql = """
        \(freeLeases)
        UPDATE outbox o SET available_at = now() + $4 * interval '1 microsecond', failures = o.failures - 1
        FROM asked u WHERE u.free IS NOT NULL AND \(oneRow("o.run_id", "u.free"))
        RETURNING o.run_id
        """
}

/// Of which of these runs somebody has a row locked that a decision may need. Asked when a batch could not get a lock.
package struct FindLocked: Statement {
    /// The runs of the batch.
    package let runIDs: [RunID]

    /// A run with a locked row.
    package typealias Row = RunID

    package static let sql = """
        WITH run AS MATERIALIZED (
            SELECT run_id FROM workflow_runs WHERE run_id = ANY ($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
        ), pulse AS MATERIALIZED (
            SELECT run_id FROM outbox WHERE run_id = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED
        ), request AS MATERIALIZED (
            SELECT run_id, inbox_id FROM run_inbox WHERE run_id = ANY ($1::uuid[]) FOR UPDATE SKIP LOCKED
        )
        (SELECT run_id FROM outbox WHERE run_id = ANY ($1::uuid[]) EXCEPT SELECT run_id FROM pulse)
        UNION
        (SELECT run_id FROM workflow_runs WHERE run_id = ANY ($1::uuid[]) EXCEPT SELECT run_id FROM run)
        UNION
        SELECT run_id FROM (
            SELECT run_id, inbox_id FROM run_inbox WHERE run_id = ANY ($1::uuid[])
            EXCEPT SELECT run_id, inbox_id FROM request
        ) i
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.lazy.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// When the next outbox row is due that is no suspect: a look at one place of an index.
package struct NextDue: Statement {
    /// Nothing that was due before is looked at; see `ClaimWindow`.
    package let since: Instant

    package init(since: Instant = ClaimWindow.beginning) { self.since = since }

    /// One moment of the outbox.
    package struct Row: Sendable, Hashable {
        /// When the next row is due, or since when it has been; nil when there is none.
        package let next: Instant?
        /// The database's clock.
        package let now: Instant

        /// How long until then; negative when it is due.
        package var wait: Duration? { next.map { $0 - now } }
    }

    package static let sql = """
        SELECT min(available_at), now() FROM outbox WHERE available_at >= $1 AND failures < \(Suspicion.begins)
        """

    package func bind(_ parameters: inout Parameters) { parameters.timestamp(since.microseconds) }
}

/// Which of these decisions are stored already: asked when the answer to a commit was lost. See `replicationBarrier`.
package struct FindCommitted: Statement {
    /// The committing engine.
    package let engine: EngineID
    /// The decisions in doubt; their first events are looked for.
    package let commits: [RunCommit]

    /// A decision that is stored: its lease, and when it was committed.
    package typealias Row = (lease: Lease, at: Instant)

    package static let sql = """
        \(replicationBarrier)
        SELECT e.run_id, e.epoch, e.at FROM unnest($2::uuid[], $3::int4[], $4::int8[]) AS u (run_id, seq, epoch)
        JOIN run_journal e ON e.run_id = u.run_id AND e.seq = u.seq AND e.epoch = u.epoch AND e.engine_id = $1
        WHERE (SELECT lsn FROM barrier) IS NOT NULL
        """
}

/// Which of these runs exist: asked when the answer to their start was lost. See `replicationBarrier`.
package struct FindRuns: Statement {
    /// The runs in doubt.
    package let runIDs: [RunID]

    /// A run that exists.
    package typealias Row = RunID

    package static let sql = """
        \(replicationBarrier)
        SELECT run_id FROM workflow_runs
        WHERE run_id = ANY ($1::uuid[]) AND (SELECT lsn FROM barrier) IS NOT NULL
        """
}

extension RenewLeases {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuidArray(leases.lazy.map(\.runID.uuid))
        parameters.int64Array(leases.lazy.map(\.epoch))
        parameters.int64(length.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(runID: try row.runID(), inboxCount: try row.int32OrNil().map { Int($0) })
    }
}

extension ReleaseLeases {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuidArray(leases.lazy.map(\.runID.uuid))
        parameters.int64Array(leases.lazy.map(\.epoch))
        parameters.int64(delay.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

extension NextDue {
    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(next: try row.instantOrNil(), now: try row.instant())
    }
}

extension FindCommitted {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuidArray(commits.lazy.map(\.lease.runID.uuid))
        parameters.int32Array(commits.lazy.map { Int32($0.firstSequence) })
        parameters.int64Array(commits.lazy.map(\.lease.epoch))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (Lease(runID: try row.runID(), epoch: try row.int64()), try row.instant())
    }
}

extension FindRuns {
    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.lazy.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Sets a run aside without looking at anything but its lease: for runs that can't be read.
///
/// Its inbox stays as it is: a cancel that was accepted is read when an operator takes the run up again. So does its
/// snapshot: that the run is set aside stands in the journal after it.
package struct QuarantineRun: Statement {
    /// The holder.
    package let engine: EngineID
    /// The lease.
    package let lease: Lease
    /// Why.
    package let failure: Failure

    /// Nothing comes back when the lease was lost before.
    package enum Row: Sendable {
        case done
        /// Somebody has the run locked; nothing was changed.
        case locked
    }

    // What went wrong before is kept in the run's error, as `Run.errorJSON` writes it.
    package static let sql = """
        WITH held AS MATERIALIZED (
            SELECT o.run_id FROM outbox o JOIN workflow_runs r ON r.run_id = o.run_id
            WHERE o.run_id = $2 AND r.run_id = $2 AND o.epoch = $3 AND o.lease_owner = $1 FOR UPDATE SKIP LOCKED
        ), event AS (
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
            SELECT held.run_id, last.seq + last.event_count, 1, now(), $3, $1,
                json_build_array(json_build_object('kind', 'run_quarantined', 'error', $4::json))
            FROM held CROSS JOIN LATERAL (
                SELECT seq, event_count FROM run_journal j WHERE j.run_id = held.run_id ORDER BY j.seq DESC LIMIT 1
            ) last
        ), run AS (
            UPDATE workflow_runs SET status = 'FAILED', cause = COALESCE(cause, 'QUARANTINED'),
                error = CASE WHEN error IS NULL THEN $4 ELSE
                    (left($4::text, -1) || ',"before":' || COALESCE(error->'before', error)::text || '}')::json END,
                updated_at = now(), completed_at = now()
            WHERE run_id IN (SELECT run_id FROM held)
        ), ended AS (
            DELETE FROM outbox WHERE run_id IN (SELECT run_id FROM held)
        )
        SELECT held.run_id IS NULL FROM outbox o LEFT JOIN held ON true
        WHERE o.run_id = $2 AND o.epoch = $3 AND o.lease_owner = $1
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuid(lease.runID.uuid)
        parameters.int64(lease.epoch)
        parameters.json(failure.json.bytes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        try row.bool() ? .locked : .done
    }
}
