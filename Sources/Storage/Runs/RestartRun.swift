package import Core
package import Postgres

/// A run that is over, and what it looked like when somebody asked for it to be done anew.
package struct EndedRun: Sendable {
    /// Everything in it.
    package let run: Run
    package let tenantID: String
    package let correlationID: String?
    /// Where it stood among runs that are due.
    package let lane: Lane?
}

/// What became of a request to do a run anew.
package enum RestartOutcome: Sendable, Hashable {
    case started
    /// The idempotency key is taken; `RunStarter.find` tells by what.
    case keyTaken
    /// The run is not as it was read: to be looked at again.
    case moved
}

/// Writes runs that do others anew: the new run, and in the old one that it is done anew, both or neither.
///
/// The old run is over, so nobody holds it, and its row is locked here against whoever takes it up (`SendToEndedRuns`).
package struct RunRestarter: Sendable {
    private let pool: Pool
    private let reader: RunReader

    package init(database: Database) {
        pool = database.writes
        reader = RunReader(pool: database.reads, lookups: database.lookups)
    }

    /// The run as it stands, with everything in it; nil when there is none.
    ///
    /// - Throws: `DefinitionProblem` and `UnreadableRun`, too.
    package func find(_ runID: RunID) async throws -> EndedRun? {
        guard let (run, row) = try await reader.whole(runID) else { return nil }
        let lane: Lane?
        do throws(PostgresError) { lane = try await pool.execute(FindRunLane(runID: runID)).first ?? nil } catch {
            throw StoreError(error)
        }
        return EndedRun(run: run, tenantID: row.tenantID, correlationID: row.correlationID, lane: lane)
    }

    /// - Parameters:
    ///   - new: the run that is started.
    ///   - restart: what it takes over.
    ///   - detail: what the audit says of it.
    package func submit(
        _ new: NewRun, _ restart: Restart, of old: EndedRun, detail: JSON, origin: CallOrigin = .unknown
    ) async throws(StoreError) -> RestartOutcome {
        let mark = MarkRestarted(new, restart, of: old.run, detail: detail, origin: origin)
        return try await whileLocked(for: .milliseconds(500)) { () async throws(StoreError) in
            do throws(PostgresError) {
                return try await pool.withConnection { connection throws(PostgresError) in
                    try await Self.write(new, mark, old.run, connection)
                }
            } catch { throw StoreError(error) }
        }
    }

    private static func write(
        _ new: NewRun, _ mark: MarkRestarted, _ old: Run, _ connection: Connection
    ) async throws(PostgresError) -> RestartOutcome {
        try await connection.inTransaction { connection throws(PostgresError) in
            _ = try connection.execute(LockRun(runID: old.id))
            // A statement of its own sees what was committed before the lock was had.
            guard try connection.execute(IsAsRead(runID: old.id, sequence: old.lastSequence)).first == true else {
                return .moved
            }
            let flags =
                new.isSpecial
                ? try connection.execute(StartHeldRuns(runs: [new])) : try connection.execute(StartRuns(runs: [new]))
            guard flags.first == [true] else { return .keyTaken }
            _ = try connection.execute(mark)
            return .started
        }
    }
}

/// Where a run stands among those that are due.
package struct FindRunLane: Statement {
    package let runID: RunID

    package typealias Row = Lane?

    package init(runID: RunID) { self.runID = runID }

    package static let sql = "SELECT lane FROM workflow_runs WHERE run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Lane? {
        try row.int32OrNil().map { Lane(stored: $0) }
    }
}

/// Keeps a run's row from being changed by others.
package struct LockRun: Statement {
    package let runID: RunID

    package typealias Row = Bool

    package init(runID: RunID) { self.runID = runID }

    package static let sql = "SELECT true FROM workflow_runs WHERE run_id = $1 FOR UPDATE"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Whether nothing has happened to a run that is over, and nothing is asked of it.
package struct IsAsRead: Statement {
    package let runID: RunID
    /// Its last event when it was read.
    package let sequence: Int

    package typealias Row = Bool

    package init(runID: RunID, sequence: Int) {
        self.runID = runID
        self.sequence = sequence
    }

    package static let sql = """
        SELECT NOT EXISTS (SELECT FROM outbox WHERE run_id = $1) AND COALESCE((
            SELECT seq + event_count - 1 FROM run_journal WHERE run_id = $1 ORDER BY seq DESC LIMIT 1
        ), 0) = $2
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.int64(Int64(sequence))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Notes in a run that is over that another one does it anew, and to which events the snapshot of that one refers.
package struct MarkRestarted: Statement {
    private let old: Run
    private let newID: RunID
    private let by: String
    private let detail: JSON
    private let origin: CallOrigin
    private let event: [UInt8]
    private let snapshot: StoredSnapshot
    private let references: String

    package typealias Row = Bool

    /// - Parameter old: as it stands before.
    package init(
        _ new: NewRun, _ restart: Restart, of old: Run, detail: JSON, origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.old = old
        self.detail = detail
        (newID, by, references) = (new.run.id, restart.by, new.snapshotReferences)
        let steps = restart.handedOver(by: old, to: new.run)
        let event = RunEvent.restartedAs(run: new.run.id, steps: steps, by: restart.by, reason: restart.reason)
        self.event = EventRow.encode([EventRow(event, of: old.numbering)])
        var after = old
        after.evolve(event, at: old.updatedAt)
        // All times in it are known.
        snapshot = StoredSnapshot(after, since: after, at: old.updatedAt)
    }

    package static let sql = """
        WITH event AS (
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
            SELECT $1, $2 + 1, 1, now(), last.epoch, $3 FROM (
                SELECT epoch FROM run_journal WHERE run_id = $1 ORDER BY seq DESC LIMIT 1
            ) last
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "r.tenant_id", by: "$5", origin: "$10", action: "'restart_run'", subject: "'runs/' || r.run_id",
                detail: "$6::json", from: "workflow_runs r WHERE r.run_id = $1"))
        ), referring AS (
            UPDATE workflow_runs SET snapshot_refs = string_to_array($8, ' ')::int4[] WHERE run_id = $7 AND $8 <> ''
        )
        UPDATE workflow_runs SET snapshot = $4, snapshot_seq = $2 + 1, snapshot_at = now(),
            snapshot_refs = CASE WHEN $9 <> '' THEN string_to_array($9, ' ')::int4[] END
        WHERE run_id = $1 RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(old.id.uuid)
        parameters.int32(Int32(old.lastSequence))
        parameters.json(event)
        parameters.json(snapshot.steps)
        parameters.text(by)
        parameters.json(detail.bytes)
        parameters.uuid(newID.uuid)
        parameters.text(references)
        parameters.text(snapshot.referencesText)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
