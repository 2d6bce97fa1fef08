// Statements for each way in: by correlation id, by the run that started them, through the outbox (live runs are few among
// many), through its index of what waits, through the index of FAILED runs, and down the primary key, which is newest first. Filters that are not given fold away when the statement is planned for
// its values; the bounds of ids, too: of a range that says nothing Postgres, which has not counted yet what is in a young
// partition, believes that it holds one run in two hundred, and reads and sorts them all for the newest 500.
//
// Where no index has what is asked for, a page is looked for in a window: among so many of the newest runs before its cursor, and not
// further. It may be short, or empty, and go on.

package import Core
package import Postgres

private let filters = """
    ($1::uuid IS NULL OR r.run_id > $1) AND ($2::uuid IS NULL OR r.run_id < $2)
        AND ($3::text IS NULL OR \(RunStatusSQL.shown) = $3)
        AND ($4::text IS NULL OR r.workflow_name = $4) AND ($5::text IS NULL OR r.tenant_id = $5)
        AND ($6::timestamptz IS NULL OR r.created_at >= $6) AND ($7::timestamptz IS NULL OR r.created_at < $7)
        AND \(ScopeSQL.sees("r", "$9"))
        AND ($10::text IS NULL OR r.workflow_version = $10)
        AND ($11::text IS NULL OR r.error->>'kind' = $11 OR ($12::bool AND (
            strpos(lower(r.error->>'message'), lower($11)) > 0
            OR strpos(lower(r.error->'before'->>'message'), lower($11)) > 0)))
        AND (NOT $13::bool OR r.deadline_at < now() AND r.completed_at IS NULL)
        AND ($14::text IS NULL OR \(StepSQL.isAt("$14")))
        AND ($15::int8 IS NULL OR \(StepSQL.hasAttempts("$15")))
    """

/// SQL for where the steps of a run, `r`, stand, as of when it last rested.
private enum StepSQL {
    /// Where it went wrong, or is being done, waits, has failed, or is being undone; a step stands for its elements, too.
    static func isAt(_ step: String) -> String {
        """
        (r.error->>'stepId' = \(step) OR r.error->'before'->>'stepId' = \(step) OR EXISTS (
            SELECT FROM json_array_elements(\(SnapshotSQL.steps)) AS s (step)
            WHERE (s.step->>'id' = \(step) OR starts_with(s.step->>'id', \(step) || '['))
                AND (s.step->>'status' IN ('EXECUTING', 'WAITING', 'FAILED') OR s.step->'nextAttemptAt' IS NOT NULL
                    OR s.step->'nextAttemptIn' IS NOT NULL OR s.step->>'compensation' IN ('COMPENSATING', 'FAILED'))))
        """
    }

    /// A step, or its undo, has been tried so often.
    static func hasAttempts(_ least: String) -> String {
        """
        EXISTS (
            SELECT FROM json_array_elements(\(SnapshotSQL.steps)) AS s (step)
            WHERE greatest((s.step->>'attempts')::int, (s.step->>'compensationAttempts')::int) >= \(least))
        """
    }
}

/// What narrows a list down to an index, where the filters imply it: in the words of the index.
private enum IndexSQL {
    static let unhappy = """
        ($3::text IS NULL OR $3 NOT IN ('COMPENSATED', 'CANCELLED', 'FAILED') OR r.cause IS NOT NULL)
            AND ($3::text IS DISTINCT FROM 'FAILED' OR r.error->>'kind' IN ('compensation', 'quarantined'))
        """
}

/// Runs by their status, workflow, tenant and time.
package struct ListRuns: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM workflow_runs r
        WHERE \(filters) AND \(IndexSQL.unhappy)
        ORDER BY r.run_id DESC LIMIT $8
        """

    package func bind(_ parameters: inout Parameters) { bindQuery(query, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The same among the newest `query.window` runs, so that nobody reads a million runs of others to show one.
package struct ListRunsInWindow: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM (\(newest("*", failing: "$11", "LIMIT $16"))) r
        WHERE \(filters) ORDER BY r.run_id DESC LIMIT $8
        """

    /// The newest runs of the statuses and times that are asked for, as far as that is quickly told.
    ///
    /// - Parameter failing: a parameter that is given where only runs with an error are asked for.
    fileprivate static func newest(_ columns: String, failing: String, _ limit: String) -> String {
        """
        SELECT \(columns) FROM workflow_runs r
            WHERE ($1::uuid IS NULL OR r.run_id > $1) AND ($2::uuid IS NULL OR r.run_id < $2) AND \(IndexSQL.unhappy)
                AND (\(failing)::text IS NULL OR r.cause IS NOT NULL)
            ORDER BY r.run_id DESC \(limit)
        """
    }

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.int64(Int64(query.window))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The last run of the window of `ListRunsInWindow`; none where that holds all there are.
package struct FindWindowEnd: Statement {
    package let query: RunQuery

    package typealias Row = RunID

    package static let sql = ListRunsInWindow.newest("r.run_id", failing: "$4", "OFFSET $5 LIMIT 1")

    package func bind(_ parameters: inout Parameters) {
        bindWindow(query, &parameters)
        parameters.text(query.status?.rawValue)
        parameters.text(query.error?.text)
        parameters.int64(Int64(query.window - 1))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Live runs, those of one status or all: of the newest of them.
package struct ListLiveRuns: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM (\(newest("LIMIT $16"))) o JOIN workflow_runs r ON r.run_id = o.run_id
        WHERE \(filters)
        ORDER BY o.run_id DESC LIMIT $8
        """

    fileprivate static func newest(_ limit: String) -> String {
        """
        SELECT o.run_id FROM outbox o
            WHERE ($1::uuid IS NULL OR o.run_id > $1) AND ($2::uuid IS NULL OR o.run_id < $2)
            ORDER BY o.run_id DESC \(limit)
        """
    }

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.int64(Int64(query.window))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The last run of the window of `ListLiveRuns`.
package struct FindLiveWindowEnd: Statement {
    package let query: RunQuery

    package typealias Row = RunID

    package static let sql = ListLiveRuns.newest("OFFSET $3 LIMIT 1")

    package func bind(_ parameters: inout Parameters) {
        bindWindow(query, &parameters)
        parameters.int64(Int64(query.window - 1))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Live runs that wait for something of a kind, as of when they were given back: of the newest of them.
///
/// What a run waits for is a set of kinds, and the index has it whole: each set with the kind in it is looked at by itself, newest
/// run first. Few of them are there.
package struct ListWaitingRuns: Statement {
    package let query: RunQuery
    package let kind: WaitKinds

    package typealias Row = RunHead

    package init(query: RunQuery, kind: WaitKinds) {
        self.query = query
        self.kind = kind
    }

    package static let sql = """
        SELECT \(RunHead.columns) FROM (\(newest("$17", "$16", "LIMIT $16"))) w JOIN workflow_runs r ON r.run_id = w.run_id
        WHERE \(filters) AND ($18::text IS NULL OR r.correlation_id = $18)
        ORDER BY r.run_id DESC LIMIT $8
        """

    /// - Parameter each: a parameter: so many of each set of kinds are enough.
    fileprivate static func newest(_ kinds: String, _ each: String, _ limit: String) -> String {
        """
        SELECT w.run_id FROM unnest(\(kinds)::int2[]) AS k (kinds) CROSS JOIN LATERAL (
                SELECT o.run_id FROM outbox o
                WHERE o.waits_for = k.kinds AND o.waits_for IS NOT NULL AND o.lease_owner IS NULL
                    AND ($1::uuid IS NULL OR o.run_id > $1) AND ($2::uuid IS NULL OR o.run_id < $2)
                ORDER BY o.run_id DESC LIMIT \(each)
            ) w ORDER BY w.run_id DESC \(limit)
        """
    }

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.int64(Int64(query.window))
        parameters.int16Array(kind.supersets.map(\.rawValue))
        parameters.text(query.correlationID)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The last run of the window of `ListWaitingRuns`.
package struct FindWaitingWindowEnd: Statement {
    package let query: RunQuery
    package let kind: WaitKinds

    package typealias Row = RunID

    package init(query: RunQuery, kind: WaitKinds) {
        self.query = query
        self.kind = kind
    }

    package static let sql = ListWaitingRuns.newest("$3", "$4", "OFFSET $4 - 1 LIMIT 1")

    package func bind(_ parameters: inout Parameters) {
        bindWindow(query, &parameters)
        parameters.int16Array(kind.supersets.map(\.rawValue))
        parameters.int64(Int64(query.window))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// How many live runs wait for each kind.
///
/// Exact up to `limit` runs of each set of kinds; beyond that it is as many.
package struct CountWaitingRuns: Statement {
    package static let limit = 10_000

    /// A set of kinds, and how many runs wait for just that.
    package typealias Row = (kinds: WaitKinds, count: Int)

    package init() {}

    package static let sql = """
        SELECT k.kinds, w.count FROM unnest($1::int2[]) AS k (kinds) CROSS JOIN LATERAL (
            SELECT count(*) FROM (
                SELECT FROM outbox WHERE waits_for = k.kinds AND waits_for IS NOT NULL AND lease_owner IS NULL
                LIMIT \(limit)
            ) found
        ) w WHERE w.count > 0
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int16Array(WaitKinds().supersets.map(\.rawValue))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (WaitKinds(rawValue: try row.int16()), Int(try row.int64()))
    }
}

/// Runs of one correlation id; the run without one that has it as its id is among them, as participants know it by that.
package struct ListCorrelatedRuns: Statement {
    package let query: RunQuery
    package let correlationID: String

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM (
            SELECT * FROM workflow_runs WHERE correlation_id = $16
            UNION ALL
            SELECT * FROM workflow_runs WHERE run_id = $17 AND correlation_id IS NULL
        ) r
        WHERE \(filters)
        ORDER BY r.run_id DESC LIMIT $8
        """

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.text(correlationID)
        parameters.uuid(RunID(correlationID)?.uuid)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The runs that the steps of a run have started, of one correlation id if one is given.
package struct ListChildren: Statement {
    package let query: RunQuery
    package let parent: RunID

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM workflow_runs r
        WHERE r.parent_run_id = $16 AND ($17::text IS NULL OR r.correlation_id = $17) AND \(filters)
        ORDER BY r.run_id DESC LIMIT $8
        """

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.uuid(parent.uuid)
        parameters.text(query.correlationID)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// Where runs stand, in a word.
package struct FindStatuses: Statement {
    package let runIDs: [RunID]

    package typealias Row = (runID: RunID, status: String)

    package static let sql = """
        SELECT r.run_id, \(RunStatusSQL.shown) FROM workflow_runs r WHERE r.run_id = ANY ($1::uuid[])
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try row.runID(), try row.text())
    }
}

private func bindQuery(_ query: RunQuery, _ parameters: inout Parameters) {
    let (low, high) = query.idBounds
    parameters.uuid(low?.uuid)
    parameters.uuid(high?.uuid)
    parameters.text(query.status?.rawValue)
    parameters.text(query.workflowName)
    parameters.text(query.scope.tenants.tenantID ?? query.tenantID)
    parameters.timestamp(query.createdAfter?.microseconds)
    parameters.timestamp(query.createdBefore?.microseconds)
    parameters.int64(Int64(query.limit))
    parameters.textArrayOrNil(query.scope.workflows.likes)
    parameters.text(query.workflowVersion)
    parameters.text(query.error?.text)
    parameters.bool(query.error?.isInMessages ?? false)
    parameters.bool(query.isOverdue)
    parameters.text(query.stepID)
    parameters.int64(query.minAttempts.map { Int64($0) })
}

private func bindWindow(_ query: RunQuery, _ parameters: inout Parameters) {
    let (low, high) = query.idBounds
    parameters.uuid(low?.uuid)
    parameters.uuid(high?.uuid)
}
