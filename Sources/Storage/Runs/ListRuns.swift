// Six statements, because six ways in: by correlation id, by the run that started them, through the outbox (live runs are few among
// many), through its index of what waits, and down the primary key, which is newest first, in a window or not. Filters that are not given fold away when the statement is planned for
// its values; the bounds of ids, too: of a range that says nothing Postgres, which has not counted yet what is in a young
// partition, believes that it holds one run in two hundred, and reads and sorts them all for the newest 500.

package import Core
package import Postgres

private let filters = """
    ($1::uuid IS NULL OR r.run_id > $1) AND ($2::uuid IS NULL OR r.run_id < $2)
        AND ($3::text IS NULL OR \(RunStatusSQL.shown) = $3)
        AND ($4::text IS NULL OR r.workflow_name = $4) AND ($5::text IS NULL OR r.tenant_id = $5)
        AND ($6::timestamptz IS NULL OR r.created_at >= $6) AND ($7::timestamptz IS NULL OR r.created_at < $7)
        AND \(ScopeSQL.sees("r", "$9"))
    """

/// Runs by their status, workflow, tenant and time.
package struct ListRuns: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    // The second condition repeats what the first implies, in the words of the partial index.
    package static let sql = """
        SELECT \(RunHead.columns) FROM workflow_runs r
        WHERE \(filters)
            AND ($3::text IS NULL OR $3 NOT IN ('COMPENSATED', 'CANCELLED', 'FAILED') OR r.cause IS NOT NULL)
        ORDER BY r.run_id DESC LIMIT $8
        """

    package func bind(_ parameters: inout Parameters) { bindQuery(query, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The same for whoever sees some workflows alone: of the newest `window` runs, so that nobody reads a million runs of others to show
/// one.
package struct ListRunsInWindow: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    /// Runs that a page is looked for among.
    package static let window = 10_000

    package static let sql = """
        SELECT \(RunHead.columns) FROM (\(newest("*", "LIMIT \(window)"))) r
        WHERE \(filters) ORDER BY r.run_id DESC LIMIT $8
        """

    /// The newest runs of the statuses and times that are asked for, as far as that is quickly told.
    fileprivate static func newest(_ columns: String, _ limit: String) -> String {
        """
        SELECT \(columns) FROM workflow_runs r
            WHERE ($1::uuid IS NULL OR r.run_id > $1) AND ($2::uuid IS NULL OR r.run_id < $2)
                AND ($3::text IS NULL OR $3 NOT IN ('COMPENSATED', 'CANCELLED', 'FAILED') OR r.cause IS NOT NULL)
            ORDER BY r.run_id DESC \(limit)
        """
    }

    package func bind(_ parameters: inout Parameters) { bindQuery(query, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The last run of the window of `ListRunsInWindow`; none where that holds all there are.
package struct FindWindowEnd: Statement {
    package let query: RunQuery

    package typealias Row = RunID

    package static let sql = ListRunsInWindow.newest("r.run_id", "OFFSET \(ListRunsInWindow.window - 1) LIMIT 1")

    package func bind(_ parameters: inout Parameters) {
        let (low, high) = query.idBounds
        parameters.uuid(low?.uuid)
        parameters.uuid(high?.uuid)
        parameters.text(query.status?.rawValue)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunID { try row.runID() }
}

/// Runs in a live status.
package struct ListLiveRuns: Statement {
    package let query: RunQuery

    package typealias Row = RunHead

    package static let sql = """
        SELECT \(RunHead.columns) FROM outbox o JOIN workflow_runs r ON r.run_id = o.run_id
        WHERE ($1::uuid IS NULL OR o.run_id > $1) AND ($2::uuid IS NULL OR o.run_id < $2) AND \(filters)
        ORDER BY o.run_id DESC LIMIT $8
        """

    package func bind(_ parameters: inout Parameters) { bindQuery(query, &parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// Live runs that wait for something of a kind, as of when they were given back.
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
        SELECT \(RunHead.columns) FROM (
            SELECT w.run_id FROM unnest($10::int2[]) AS k (kinds) CROSS JOIN LATERAL (
                SELECT o.run_id FROM outbox o JOIN workflow_runs r ON r.run_id = o.run_id
                WHERE o.waits_for = k.kinds AND o.waits_for IS NOT NULL AND o.lease_owner IS NULL
                    AND ($1::uuid IS NULL OR o.run_id > $1) AND ($2::uuid IS NULL OR o.run_id < $2)
                    AND ($11::text IS NULL OR r.correlation_id = $11) AND \(filters)
                ORDER BY o.run_id DESC LIMIT $8
            ) w ORDER BY w.run_id DESC LIMIT $8
        ) w JOIN workflow_runs r ON r.run_id = w.run_id
        ORDER BY r.run_id DESC
        """

    package func bind(_ parameters: inout Parameters) {
        bindQuery(query, &parameters)
        parameters.int16Array(kind.supersets.map(\.rawValue))
        parameters.text(query.correlationID)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
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
            SELECT * FROM workflow_runs WHERE correlation_id = $10
            UNION ALL
            SELECT * FROM workflow_runs WHERE run_id = $11 AND correlation_id IS NULL
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
        WHERE r.parent_run_id = $10 AND ($11::text IS NULL OR r.correlation_id = $11) AND \(filters)
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
}

/// What a list of runs is filtered by. All given filters must match; newest first.
package struct RunQuery: Sendable, Hashable {
    /// Which runs whoever asks may see.
    package let scope: RunScope
    package var status: RunStatus?
    /// Only live runs that nobody holds, and that wait for this.
    package var waitingFor: WaitKinds?
    package var workflowName: String?
    package var correlationID: String?
    /// Of these, those of one tenant.
    package var tenantID: String?
    /// Only runs that steps of this one have started.
    package var parent: RunID?
    /// Inclusive, so that windows from one time to the next adjoin: each run is in one of them.
    package var createdAfter: Instant?
    /// Exclusive.
    package var createdBefore: Instant?
    /// Only runs before this one in the list: the last of the page before.
    package var before: RunID?
    /// 1…500.
    package var limit: Int

    package init(scope: RunScope, limit: Int = 50) {
        self.scope = scope
        self.limit = limit
    }

    /// Nobody's runs are asked for: those of a tenant that is not seen.
    var isVain: Bool { tenantID.map { !scope.tenants.sees($0) } ?? false }

    /// It is answered from a window of the newest runs. All other ways in are to few runs.
    package var isWindowed: Bool {
        guard scope.workflows != .all, !isVain, waitingFor == nil, parent == nil, correlationID == nil else {
            return false
        }
        return switch status {
        case .pending, .running, .compensating: false
        case nil, .completed, .compensated, .cancelled, .failed: true
        }
    }

    /// Ids carry the time of the API's clock that made them; no sane clock is a day off, so a day's slack around the
    /// asked-for times bounds the scan, and `created_at` decides.
    ///
    /// Nil is no bound.
    var idBounds: (low: RunID?, high: RunID?) {
        let day: Int64 = 86_400_000
        func id(_ time: Instant, _ slack: Int64) -> RunID {
            RunID(high: UInt64(max(0, time.microseconds / 1000 + slack)) << 16, low: 0)
        }
        let newest = createdBefore.map { id($0, day) }
        let high = before.map { before in newest.map { min(before, $0) } ?? before } ?? newest
        return (createdAfter.map { id($0, -day) }, high)
    }
}
