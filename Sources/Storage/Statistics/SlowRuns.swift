package import Core
package import Postgres

/// Which live runs take longer than they should.
///
/// Of each kind the oldest are looked at, at most `window`: those that are slow are old. A look costs the same with a million live runs.
package struct FindSlowRuns: Statement {
    package let scope: RunScope
    /// From this attempt on a step is one that does not work.
    package let minAttempts: Int
    /// Runs of each kind that are named.
    package let limit: Int

    package static let window = 1000
    /// Who waits for its turn for a shorter time just waits for its turn.
    package static let dueFor: Duration = .seconds(10)

    package struct Row: Sendable {
        /// Runs of which a step waits for its attempt after many, those that wait to try again at all, those that are due and that nobody
        /// has taken up, and those that are past their deadline; of each the ones that have been so for longest.
        package let attempts: Found
        package let retrying: Found
        package let due: Found
        package let overdue: Found
    }

    package struct Found: Sendable {
        package let runIDs: [RunID]
        /// Among those that were looked at.
        package let count: Int
        /// There are more than were looked at.
        package let isMore: Bool
    }

    package init(scope: RunScope, minAttempts: Int, limit: Int) {
        (self.scope, self.minAttempts, self.limit) = (scope, minAttempts, limit)
    }

    private static let isSeen = "($1::text IS NULL OR r.tenant_id = $1) AND \(ScopeSQL.sees("r", "$2"))"

    private static func found(_ name: String, _ condition: String, _ order: String) -> String {
        """
        (SELECT coalesce(array_agg(f.run_id ORDER BY f.\(order), f.run_id), '{}') FROM (
            SELECT run_id, \(order == "run_id" ? "run_id AS same" : order) FROM \(name) WHERE \(condition) ORDER BY \(order), run_id LIMIT $5) f),
            (SELECT count(*) FROM \(name) WHERE \(condition))
        """
    }

    package static let sql = """
        WITH waiting AS MATERIALIZED (
            SELECT w.run_id FROM unnest($3::int2[]) AS k (kinds) CROSS JOIN LATERAL (
                SELECT o.run_id FROM outbox o
                WHERE o.waits_for = k.kinds AND o.waits_for IS NOT NULL AND o.lease_owner IS NULL
                ORDER BY o.run_id LIMIT \(window)
            ) w ORDER BY w.run_id LIMIT \(window)
        ), retrying AS MATERIALIZED (
            SELECT r.run_id, (
                SELECT max(greatest((s.step->>'attempts')::int, (s.step->>'compensationAttempts')::int))
                FROM json_array_elements(\(SnapshotSQL.steps)) AS s (step)
                WHERE s.step->'nextAttemptAt' IS NOT NULL OR s.step->'nextAttemptIn' IS NOT NULL
            ) AS attempts
            FROM waiting w JOIN workflow_runs r ON r.run_id = w.run_id WHERE \(isSeen)
        ), due_at_all AS MATERIALIZED (
            SELECT o.run_id, o.available_at, o.lease_owner FROM outbox o
            WHERE o.available_at <= now() - \(dueFor.components.seconds) * interval '1 second'
            ORDER BY o.available_at LIMIT \(window)
        ), due AS MATERIALIZED (
            SELECT r.run_id, d.available_at FROM due_at_all d JOIN workflow_runs r ON r.run_id = d.run_id
            WHERE d.lease_owner IS NULL AND \(isSeen)
        ), oldest AS MATERIALIZED (
            SELECT o.run_id FROM outbox o ORDER BY o.run_id LIMIT \(window)
        ), overdue AS MATERIALIZED (
            SELECT r.run_id, r.deadline_at FROM oldest o JOIN workflow_runs r ON r.run_id = o.run_id
            WHERE r.deadline_at < now() AND \(isSeen)
        )
        SELECT \(found("retrying", "attempts >= $4", "run_id")), \(found("retrying", "true", "run_id")),
            (SELECT count(*) >= \(window) FROM waiting), \(found("due", "true", "available_at")),
            (SELECT count(*) >= \(window) FROM due_at_all), \(found("overdue", "true", "deadline_at")),
            (SELECT count(*) >= \(window) FROM oldest)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(scope.tenants.tenantID)
        parameters.textArrayOrNil(scope.workflows.likes)
        parameters.int16Array(WaitKinds.retry.supersets.map(\.rawValue))
        parameters.int64(Int64(minAttempts))
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        func next() throws(PostgresError) -> ([RunID], Int) {
            (try row.uuidArray().map { RunID($0) }, Int(try row.int64()))
        }
        let (attempts, retrying, isMoreWaiting) = (try next(), try next(), try row.bool())
        let (due, isMoreDue) = (try next(), try row.bool())
        let (overdue, isMoreLive) = (try next(), try row.bool())
        return Row(
            attempts: Found(runIDs: attempts.0, count: attempts.1, isMore: isMoreWaiting),
            retrying: Found(runIDs: retrying.0, count: retrying.1, isMore: isMoreWaiting),
            due: Found(runIDs: due.0, count: due.1, isMore: isMoreDue),
            overdue: Found(runIDs: overdue.0, count: overdue.1, isMore: isMoreLive))
    }
}

/// Runs by their ids, as lists show them; those that there are not are left out.
package struct ListRunHeads: Statement {
    package let runIDs: [RunID]

    package typealias Row = RunHead

    package init(runIDs: [RunID]) { self.runIDs = runIDs }

    package static let sql = "SELECT \(RunHead.columns) FROM workflow_runs r WHERE r.run_id = ANY ($1::uuid[])"

    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// FAILED runs by workflow, the step whose undo gave up, and the message: of the newest `window`.
package struct GroupFailedRuns: Statement {
    package let scope: RunScope
    package let workflowName: String?

    package static let window = 10_000

    package struct Row: Sendable {
        package let workflowName: String
        package let error: StoredError
        package let count: Int
        package let updatedAt: Instant
        /// At most three, the newest first.
        package let runIDs: [RunID]
    }

    package init(scope: RunScope, workflowName: String?) {
        (self.scope, self.workflowName) = (scope, workflowName)
    }

    package static let sql = """
        SELECT f.workflow_name, json_strip_nulls(json_build_object('kind', f.kind, 'message', f.message,
                'httpStatus', f.http_status::int, 'stepId', f.step_id)),
            count(*), max(f.updated_at), (array_agg(f.run_id ORDER BY f.run_id DESC))[1:3]
        FROM (
            SELECT r.run_id, r.workflow_name, r.updated_at, r.error->>'kind' AS kind, r.error->>'stepId' AS step_id,
                left(r.error->>'message', 300) AS message, r.error->>'httpStatus' AS http_status
            FROM workflow_runs r
            WHERE \(FailedSQL.isFailed) AND ($1::text IS NULL OR r.tenant_id = $1) AND \(ScopeSQL.sees("r", "$2"))
                AND ($3::text IS NULL OR r.workflow_name = $3)
            ORDER BY r.run_id DESC LIMIT \(window)
        ) f
        GROUP BY f.workflow_name, f.kind, f.step_id, f.message, f.http_status
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(scope.tenants.tenantID)
        parameters.textArrayOrNil(scope.workflows.likes)
        parameters.text(workflowName)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            workflowName: try row.text(), error: StoredError(try row.jsonValue()), count: Int(try row.int64()),
            updatedAt: try row.instant(), runIDs: try row.uuidArray().map { RunID($0) })
    }
}

/// SQL for FAILED runs, `r`, in the words of the index that has them alone.
enum FailedSQL {
    static let isFailed = "r.error->>'kind' IN ('compensation', 'quarantined') AND r.status = 'FAILED'"
}
