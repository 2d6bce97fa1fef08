package import Core
package import Postgres

/// Asks for something of runs that are over, FAILED ones or ones that COMPLETED: their outbox rows are made anew, each under an epoch no smaller than any before.
///
/// A quarantined run may have kept inbox rows nobody could read (a cancel among them): they count, and are read first.
/// Runs that stand otherwise are left out, and so are those that somebody else took up or asked for something while this
/// was under way: whoever asks looks again.
package struct SendToEndedRuns: Statement {
    /// Which runs; the order does not matter.
    package let runIDs: [RunID]
    /// How they stand.
    package let status: RunStatus
    /// What is asked.
    package let request: InboxRequest
    /// What goes into the audit; nil for nothing.
    package let action: AuditAction?
    package let origin: CallOrigin
    /// Whether runs of which something is asked already are asked once more; else they are left out.
    package let repeats: Bool

    /// A run that was asked.
    package typealias Row = RunID

    package init(
        runIDs: [RunID], status: RunStatus = .failed, request: InboxRequest, action: AuditAction? = nil,
        origin: CallOrigin = .unknown, repeats: Bool = true
    ) {
        self.origin = origin
        self.runIDs = runIDs
        self.status = status
        self.request = request
        self.action = action
        self.repeats = repeats
    }

    // What is read of a run is what the statement's snapshot sees, and that may be over: a run that was taken up and undone
    // meanwhile must not get an outbox row, nor one that is FAILED again an old epoch. So `failed` locks the run's row,
    // which every taking-up and every restart changes, and `same` leaves out those whose newest version is not the one that was seen; inbox
    // rows are counted as they are now. Who has an outbox row already is asked, and woken, through that, as in
    // `SendToRun`, without a lock on the run: the holder's commit locks the outbox row first. What a run's values take is
    // not known here without parsing them; their text tells what they take at the most.
    package static let sql = """
        WITH failed AS MATERIALIZED (
            SELECT r.run_id, r.updated_at, r.snapshot_seq FROM workflow_runs r
            WHERE r.run_id = ANY ($1::uuid[]) AND r.status = $7
                AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.run_id = r.run_id)
            ORDER BY r.run_id FOR UPDATE OF r
        ), same AS MATERIALIZED (
            SELECT f.run_id, (
                SELECT count(*) FROM (SELECT 1 FROM run_inbox i WHERE i.run_id = f.run_id FOR UPDATE) kept
            ) AS kept
            FROM failed f JOIN workflow_runs seen ON seen.run_id = f.run_id AND seen.updated_at = f.updated_at
                AND seen.snapshot_seq = f.snapshot_seq
        ), made AS (
            INSERT INTO outbox (run_id, available_at, epoch, inbox_count, last_seq, weight, lane)
            SELECT s.run_id, now(), last.epoch, s.kept + 1, last.seq,
                least(\(Run.maxWeight), \(JSON.maxFootprint) * (payload.bytes + coalesce(outputs.bytes, 0))), payload.lane
            FROM same s JOIN LATERAL (
                SELECT j.epoch, j.seq + j.event_count - 1 AS seq FROM run_journal j WHERE j.run_id = s.run_id
                ORDER BY j.seq DESC LIMIT 1
            ) last ON true
            JOIN LATERAL (
                SELECT octet_length(input::text)::int8 + octet_length(context::text) AS bytes, lane
                FROM workflow_runs r WHERE r.run_id = s.run_id
            ) payload ON true
            JOIN LATERAL (
                SELECT sum(octet_length(events::text))::int8 AS bytes FROM run_journal j WHERE j.run_id = s.run_id
            ) outputs ON true
            ON CONFLICT DO NOTHING RETURNING run_id
        ), joined AS (
            UPDATE outbox o SET inbox_count = o.inbox_count + 1,
                available_at = CASE WHEN o.lease_owner IS NULL THEN least(o.available_at, now()) ELSE o.available_at END
            FROM workflow_runs r
            WHERE $6 AND o.run_id = ANY ($1) AND r.run_id = o.run_id AND r.status = $7 RETURNING o.run_id
        ), asked AS (
            SELECT run_id FROM made UNION ALL SELECT run_id FROM joined
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by) SELECT run_id, $2, $3, $4 FROM asked
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.tenant(ofRun: "asked.run_id"), by: "$4", origin: "$8", action: "$5::text",
                subject: "'runs/' || asked.run_id", detail: "$9::json", from: "asked WHERE $5::text IS NOT NULL"))
        )
        SELECT run_id FROM asked
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuidArray(runIDs.sorted().map(\.uuid))
        parameters.text(request.name)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
        parameters.text(action?.rawValue)
        parameters.bool(repeats)
        parameters.text(status.rawValue)
        parameters.origin(origin)
        parameters.json(request.auditDetail.bytes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// A FAILED run, and what of it waits for a person.
package struct FailedRunRow: Sendable {
    package let run: RunHead
    /// The steps whose compensation gave up, in the order of the definition.
    package let steps: [FailedStep]
    /// Something is asked of it already: it has an outbox row.
    package let isAsked: Bool
    /// No other run would come after it in this page; false of the last row when the page ended early by its size.
    package let isLast: Bool

    /// It could not be processed, and that is why it is FAILED.
    package var isQuarantined: Bool { run.isQuarantined }

    /// A step whose compensation gave up.
    package struct FailedStep: Sendable {
        package let stepID: String
        /// Attempts of the compensation.
        package let attempts: Int
        /// The last failure without the participant's answer; null when there is none.
        let error: StoredError
    }
}

/// FAILED runs, newest first: as many as have a megabyte of errors together, and the one that goes beyond.
///
/// As many entries of their index are read as are shown, where there are no filters.
package struct ListFailedRuns: Statement {
    package let query: FailedRunQuery

    package typealias Row = FailedRunRow

    package init(_ query: FailedRunQuery) { self.query = query }

    private static let maxBytes = 1 << 20

    package static let sql = """
        SELECT \(RunHead.columns), EXISTS (SELECT 1 FROM outbox o WHERE o.run_id = r.run_id),
            COALESCE(r.step_ids, '{}'), COALESCE(r.attempts, '{}'), COALESCE(r.errors, '{}'), r.is_last
        FROM (
            SELECT p.*, row_number() OVER (ORDER BY p.run_id DESC) = count(*) OVER () AS is_last,
                sum(octet_length(p.errors::text)) OVER (ORDER BY p.run_id DESC ROWS BETWEEN UNBOUNDED PRECEDING
                AND 1 PRECEDING) AS bytes_before
            FROM (
                SELECT r.*, failed.* FROM workflow_runs r
                LEFT JOIN LATERAL (
                    SELECT array_agg(s.step->>'id' ORDER BY s.ord) AS step_ids,
                        array_agg(COALESCE((s.step->>'compensationAttempts')::int2, 0::int2) ORDER BY s.ord) AS attempts,
                        array_agg(\(ErrorText.short("CASE WHEN $9 THEN s.step->'error' END", before: false)) ORDER BY s.ord)
                            AS errors
                    FROM json_array_elements(\(SnapshotSQL.steps)) WITH ORDINALITY AS s (step, ord)
                    WHERE s.step->>'compensation' = 'FAILED'
                        -- One that was set aside later stands there as it was before.
                        AND NOT EXISTS (
                            SELECT FROM run_journal j WHERE j.run_id = r.run_id AND j.seq > r.snapshot_seq + 1)
                ) failed ON true
                WHERE \(FailedSQL.isFailed)
                    AND ($1::uuid IS NULL OR r.run_id > $1) AND ($2::uuid IS NULL OR r.run_id < $2)
                    AND ($3::text IS NULL OR r.workflow_name = $3) AND ($10::text IS NULL OR r.tenant_id = $10)
                    AND \(ScopeSQL.sees("r", "$11"))
                    AND ($4::timestamptz IS NULL OR r.created_at >= $4)
                    AND ($5::timestamptz IS NULL OR r.created_at < $5)
                    AND ($6::text IS NULL OR r.error->>'kind' = $6)
                    AND ($7::text IS NULL OR EXISTS (
                        -- A step stands for its elements, too.
                        SELECT FROM unnest(failed.step_ids) f (id) WHERE f.id = $7 OR starts_with(f.id, $7 || '[')))
                ORDER BY r.run_id DESC LIMIT $8
            ) p
        ) r
        WHERE r.bytes_before IS NULL OR r.bytes_before < \(maxBytes)
        ORDER BY r.run_id DESC
        """

    package func bind(_ parameters: inout Parameters) {
        let (low, high) = query.runs.idBounds
        parameters.uuid(low?.uuid)
        parameters.uuid(high?.uuid)
        parameters.text(query.runs.workflowName)
        parameters.timestamp(query.runs.createdAfter?.microseconds)
        parameters.timestamp(query.runs.createdBefore?.microseconds)
        parameters.text(query.kind?.rawValue)
        parameters.text(query.stepID)
        parameters.int64(Int64(query.runs.limit))
        parameters.bool(query.showsErrors)
        parameters.text(query.runs.scope.tenants.tenantID)
        parameters.textArrayOrNil(query.runs.scope.workflows.likes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> FailedRunRow {
        let run = try RunHead(&row)
        let isAsked = try row.bool()
        let (ids, attempts, errors) = (try row.textArray(), try row.int16Array(), try row.jsonOrNilArray())
        var steps: [FailedRunRow.FailedStep] = []
        for (index, id) in ids.enumerated() {
            let error = try errors[index].map { bytes throws(PostgresError) in try RowReader.parse(bytes) }
            steps.append(.init(stepID: id, attempts: Int(attempts[index]), error: StoredError(error ?? .null)))
        }
        return FailedRunRow(run: run, steps: steps, isAsked: isAsked, isLast: try row.bool())
    }
}

/// What a list of FAILED runs is filtered by. All given filters must match; newest first.
package struct FailedRunQuery: Sendable, Hashable {
    /// Why a run is FAILED: `error.kind` of the run.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A compensation gave up.
        case compensation
        /// It could not be processed.
        case quarantined
    }

    /// Workflow, time and page; status and correlation id are not looked at.
    package var runs: RunQuery
    /// Only runs in which this step's compensation gave up.
    package var stepID: String?
    package var kind: Kind?
    /// Whether the errors of steps are wanted; without them a page has `limit` runs however long their errors are.
    package var showsErrors = true

    package init(scope: RunScope, limit: Int = 50) { runs = RunQuery(scope: scope, limit: limit) }
}
