package import Core
package import Postgres

/// Adds what a process has counted.
package struct AddMinuteCounts: Statement {
    package let counts: [(key: MinuteKey, tally: MinuteTally)]

    package typealias Row = Never

    /// - Parameter counts: in the order of their keys, each once, so that of two writers one waits for the other.
    package init(_ counts: [(key: MinuteKey, tally: MinuteTally)]) { self.counts = counts }

    package static let sql = """
        INSERT INTO run_minutes AS m (minute_at, tenant_id, workflow_name, started, completed, compensated, cancelled, failed)
        SELECT to_timestamp(0) + n.minute * interval '1 minute', n.tenant_id, n.workflow_name,
            n.started, n.completed, n.compensated, n.cancelled, n.failed
        FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[])
            WITH ORDINALITY AS n (minute, tenant_id, workflow_name, started, completed, compensated, cancelled, failed, ord)
        ORDER BY n.ord
        ON CONFLICT (minute_at, tenant_id, workflow_name) DO UPDATE SET started = m.started + EXCLUDED.started,
            completed = m.completed + EXCLUDED.completed, compensated = m.compensated + EXCLUDED.compensated,
            cancelled = m.cancelled + EXCLUDED.cancelled, failed = m.failed + EXCLUDED.failed
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int64Array(counts.map(\.key.minute))
        parameters.textArray(counts.map(\.key.tenantID))
        parameters.textArray(counts.map(\.key.workflowName))
        for tally in RunTally.allCases { parameters.int64Array(counts.map { $0.tally[tally] }) }
    }
}

/// How many runs began and ended, minute by minute, oldest first; minutes in which none did are left out.
package struct ReadMinutes: Statement {
    package let scope: RunScope
    package let since: Instant
    package let tenantID: String?
    package let workflowName: String?

    package struct Row: Sendable {
        package let minute: Instant
        package let tally: MinuteTally
        /// There are counts of nobody in particular, some of which may be of what is asked for.
        package let hasOthers: Bool
    }

    package init(scope: RunScope, since: Instant, tenantID: String? = nil, workflowName: String? = nil) {
        (self.scope, self.since, self.tenantID, self.workflowName) = (scope, since, tenantID, workflowName)
    }

    package static let sql = """
        SELECT m.minute_at, \(RunTally.allCases.map { "coalesce(sum(m.\($0)) FILTER (WHERE m.is_meant), 0)::int8" }.joined(separator: ", ")),
            bool_or(NOT m.is_meant)
        FROM (
            SELECT m.*, ($2::text IS NULL OR m.tenant_id = $2) AND ($3::text IS NULL OR m.workflow_name = $3)
                AND \(ScopeSQL.sees("m", "$4")) AS is_meant
            FROM run_minutes m WHERE m.minute_at >= $1
        ) m
        WHERE m.is_meant OR m.tenant_id = '\(Owner.sharedName)'
        GROUP BY m.minute_at ORDER BY m.minute_at
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.timestamp(since.microseconds)
        parameters.text(scope.tenants.tenantID ?? tenantID)
        parameters.text(workflowName)
        parameters.textArrayOrNil(scope.workflows.likes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let minute = try row.instant()
        var tally = MinuteTally()
        for each in RunTally.allCases { tally[each] = try row.int64() }
        return Row(minute: minute, tally: tally, hasOthers: try row.bool())
    }
}

/// Removes counts of minutes that nobody may ask for any more.
package struct DeleteOldMinutes: Statement {
    /// For so long they are kept, at the least.
    package static let kept: Duration = .seconds(24 * 3600)

    package typealias Row = Never

    package init() {}

    package static let sql = "DELETE FROM run_minutes WHERE minute_at < now() - interval '25 hours'"
}
