// A decision that concerns other runs: it starts children, asks something of them, or is the end of one, which its parent is told.
// All of it is one transaction. The first statement writes the decision as ever, unless somebody has the outbox row of one who is
// told locked: then nothing is written, and it is tried again. So no transaction ever waits for another while it has a row locked.
// The other statements do nothing unless the first has written its row of the journal, in this very transaction.

package import Core
package import Postgres

/// A run that a step starts, ready to be written.
package struct NewChild: Sendable {
    package let new: NewRun
    package let link: ParentLink

    package init(_ new: NewRun, link: ParentLink) {
        self.new = new
        self.link = link
    }
}

/// The decision itself.
package struct CommitFamily: Statement {
    package let engine: EngineID
    package let commit: RunCommit

    package typealias Row = CommitDecisions.Row

    package init(engine: EngineID, commit: RunCommit) {
        self.engine = engine
        self.commit = commit
    }

    // `live` are those with an outbox row, `at_end` those that can be taken up again. Whoever is neither is over for good, or is
    // started by this very transaction.
    package static let sql = CommitDecisions.statement(
        before: """
            live AS MATERIALIZED (
                SELECT run_id FROM outbox WHERE run_id = ANY ($28::uuid[]) FOR UPDATE SKIP LOCKED
            ), at_end AS MATERIALIZED (
                SELECT r.run_id FROM workflow_runs r
                WHERE r.run_id = ANY ($28::uuid[]) AND r.status IN ('COMPLETED', 'FAILED')
                    AND NOT EXISTS (SELECT FROM outbox o WHERE o.run_id = r.run_id)
                FOR UPDATE OF r SKIP LOCKED
            ), others AS MATERIALIZED (
                SELECT bool_or((EXISTS (SELECT FROM outbox o WHERE o.run_id = u.run_id)
                        OR EXISTS (SELECT FROM workflow_runs r
                            WHERE r.run_id = u.run_id AND r.status IN ('COMPLETED', 'FAILED')))
                    AND u.run_id NOT IN (SELECT run_id FROM live) AND u.run_id NOT IN (SELECT run_id FROM at_end)) AS are_locked
                FROM unnest($28::uuid[]) AS u (run_id)
            ),
            """ + " ",
        locked: "\n                    WHEN (SELECT are_locked FROM others) THEN 4")

    package func bind(_ parameters: inout Parameters) {
        CommitDecisions(engine: engine, commits: [commit]).bind(&parameters)
        parameters.uuidArray(commit.messages.map(\.runID.uuid))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        try CommitDecisions.decode(&row)
    }
}

/// SQL of what follows the decision in its transaction.
enum WithDecision {
    /// The decision was written.
    ///
    /// - Parameter first: the number of the first of four parameters: run, number of the first event, epoch and engine.
    static func isWritten(_ first: Int) -> String {
        """
        EXISTS (SELECT FROM run_journal j WHERE j.run_id = $\(first) AND j.seq = $\(first + 1) AND j.epoch = $\(first + 2)
            AND j.engine_id = $\(first + 3) AND j.xmin = pg_current_xact_id()::xid)
        """
    }

    static func bind(_ commit: RunCommit, _ engine: EngineID, _ parameters: inout Parameters) {
        parameters.uuid(commit.lease.runID.uuid)
        parameters.int32(Int32(commit.firstSequence))
        parameters.int64(commit.lease.epoch)
        parameters.uuid(engine.uuid)
    }
}

/// Writes the runs that a decision starts.
package struct StartChildren: Statement {
    package let engine: EngineID
    package let commit: RunCommit

    package typealias Row = [Bool]

    package init(engine: EngineID, commit: RunCommit) {
        self.engine = engine
        self.commit = commit
    }

    // Children stand in their parent's lane.
    package static let sql = StartRuns.statement(
        availableAt: StartHeldRuns.availableAt, lane: "(SELECT o.lane FROM outbox o WHERE o.run_id = $28)",
        also: StartHeldRuns.held, accepted: WithDecision.isWritten(28),
        link: (", parent_run_id, parent_step", ", $28, ($27::text[])[u.ord]"))

    package func bind(_ parameters: inout Parameters) {
        let runs = commit.children.map(\.new)
        StartHeldRuns(runs: runs).bind(&parameters)
        parameters.column(WireText.self, of: commit.children) { $0.link.stepID }
        WithDecision.bind(commit, engine, &parameters)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] {
        try StartRuns.decode(&row)
    }
}

/// Writes what another run is asked or told into its inbox, and wakes it.
///
/// A parent that is FAILED, because it was set aside, reads it when somebody takes it up; a child that COMPLETED lives again where
/// that is what is asked. Whoever is over for good is told nothing.
package struct TellRun: Statement {
    package let engine: EngineID
    package let commit: RunCommit
    package let message: RunMessage

    package typealias Row = Bool

    package init(engine: EngineID, commit: RunCommit, message: RunMessage) {
        self.engine = engine
        self.commit = commit
        self.message = message
    }

    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT count(*) > 0 AS is_known FROM run_inbox WHERE run_id = $1 AND kind = $2 AND kind = 'cancel'
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + CASE WHEN is_known THEN 0 ELSE 1 END,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            FROM known WHERE run_id = $1 AND \(WithDecision.isWritten(6)) RETURNING run_id, is_known
        ), ended AS (
            SELECT r.run_id, r.status FROM workflow_runs r
            WHERE r.run_id = $1 AND r.status = CASE WHEN $5 THEN 'COMPLETED' WHEN $2 = 'child_ended' THEN 'FAILED' END
                AND NOT EXISTS (SELECT FROM outbox o WHERE o.run_id = r.run_id) AND \(WithDecision.isWritten(6))
        ), made AS (
            INSERT INTO outbox (run_id, available_at, epoch, inbox_count, last_seq, weight, lane)
            SELECT e.run_id, now(), last.epoch, 1, last.seq,
                least(\(Run.maxWeight), \(JSON.maxFootprint) * (payload.bytes + coalesce(outputs.bytes, 0))), payload.lane
            FROM ended e JOIN LATERAL (
                SELECT j.epoch, j.seq + j.event_count - 1 AS seq FROM run_journal j WHERE j.run_id = e.run_id
                ORDER BY j.seq DESC LIMIT 1
            ) last ON e.status = 'COMPLETED'
            JOIN LATERAL (
                SELECT octet_length(input::text)::int8 + octet_length(context::text) AS bytes, lane
                FROM workflow_runs r WHERE r.run_id = e.run_id
            ) payload ON true
            JOIN LATERAL (
                SELECT sum(octet_length(events::text))::int8 AS bytes FROM run_journal j WHERE j.run_id = e.run_id
            ) outputs ON true
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT $1::uuid, $2::text, $3::json, $4::text
            FROM (SELECT run_id FROM woken WHERE NOT is_known UNION ALL SELECT run_id FROM ended) told
            RETURNING run_id
        )
        SELECT EXISTS (SELECT FROM sent)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(message.runID.uuid)
        parameters.text(message.request.name)
        parameters.json(message.request.payload.bytes)
        parameters.text(message.request.sentBy)
        parameters.bool(message.takesUp)
        WithDecision.bind(commit, engine, &parameters)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
