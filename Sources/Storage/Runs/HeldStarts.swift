// Runs that were started while their workflow was paused. Each is a paused run like any other, which nobody claims until it
// is resumed, and has a row in held_starts, written with it. The resume of a workflow is one row changed; what follows for
// its runs is done in pieces, by whoever comes by: the API that was asked, one that has just written such a run, and each
// engine once a minute. So no process has to live for it.
//
// No run is overlooked when a start and the resume meet: whoever writes such a run looks afterwards whether its workflow is
// resumed, and whoever resumes looks afterwards which runs wait. Whichever was committed second finds the other.

import Core
package import Postgres

/// Writes a batch of accepted runs some of which wait, for the resume of their workflow or for their time, have a lane, or are of a
/// definition that is a tenant's own; otherwise as `StartRuns`.
package struct StartHeldRuns: Statement {
    package let runs: [NewRun]

    package typealias Row = [Bool]

    package init(runs: [NewRun]) { self.runs = runs }

    // Nobody claims a run that waits: it rests for as long as any paused run. One that is over at once does not wait.
    package static let sql = StartRuns.statement(availableAt: availableAt, lane: lane, also: held)

    static let lane = "($25::int4[])[u.ord]"

    static let availableAt = """
        CASE WHEN ($23::bool[])[u.ord] THEN now() + \(Run.longestRest.microseconds) * interval '1 microsecond'
            ELSE \(StartRuns.beginning) END
        """

    static let held = """
        , held AS (
            INSERT INTO held_starts (tenant_id, workflow_name, run_id)
            SELECT COALESCE(u.owner, '\(Owner.sharedName)'), u.name, u.run_id
            FROM unnest($1::uuid[], $3::text[], $5::text[], $23::bool[], $26::text[]) WITH ORDINALITY
                AS u (run_id, name, status, is_held, owner, ord)
            WHERE u.is_held AND u.status = 'PENDING' AND (SELECT flags FROM accepted)[u.ord]
        )
        """

    package func bind(_ parameters: inout Parameters) {
        StartRuns(runs: runs).bind(&parameters)
        parameters.column(WireBool.self, of: runs) { $0.isHeld }
        parameters.column(WireInt16.self, of: runs) { $0.run.waits.stored }
        parameters.column(WireInt32.self, of: runs) { $0.lane?.stored }
        parameters.column(WireText.self, of: runs) { $0.run.definition.owner.stored }
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] {
        try StartRuns.decode(&row)
    }
}

/// Resumes runs that wait for a workflow that was resumed: as many as `limit` of each.
///
/// Each gets its request into the inbox, as if a person had resumed it, and is due. One that has ended meanwhile is only
/// forgotten; rows that somebody has locked are left for the next time.
package struct WakeHeldStarts: Statement {
    package let limit: Int

    /// How many wait no more.
    package typealias Row = Int

    package init(limit: Int = 1000) { self.limit = limit }

    // The runs of each workflow are looked up beside its row, by their primary key: where nothing is to be resumed that is
    // one look at a small table, however many runs wait for other workflows.
    package static let sql = """
        WITH ready AS MATERIALIZED (
            SELECT h.tenant_id, h.workflow_name, h.run_id, p.resumed_by, p.resume_reason
            FROM workflow_pauses p, LATERAL (
                SELECT tenant_id, workflow_name, run_id FROM held_starts
                WHERE tenant_id = p.tenant_id AND workflow_name = p.workflow_name
                ORDER BY run_id LIMIT $1 FOR UPDATE SKIP LOCKED
            ) h
            WHERE p.resumed_at IS NOT NULL
        ), free AS MATERIALIZED (
            SELECT run_id FROM outbox WHERE run_id IN (SELECT run_id FROM ready) FOR UPDATE SKIP LOCKED
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + 1,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            WHERE run_id IN (SELECT run_id FROM free) RETURNING run_id
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT run_id, 'resume', CASE WHEN resume_reason IS NULL THEN '{}'
                ELSE json_build_object('reason', resume_reason) END, resumed_by
            FROM ready WHERE run_id IN (SELECT run_id FROM woken)
        ), done AS (
            DELETE FROM held_starts h USING ready r
            WHERE h.tenant_id = r.tenant_id AND h.workflow_name = r.workflow_name AND h.run_id = r.run_id
                AND (r.run_id IN (SELECT run_id FROM woken)
                    OR NOT EXISTS (SELECT FROM outbox o WHERE o.run_id = r.run_id))
            RETURNING h.run_id
        )
        SELECT count(*) FROM done
        """

    package func bind(_ parameters: inout Parameters) { parameters.int64(Int64(limit)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { Int(try row.int64()) }
}
