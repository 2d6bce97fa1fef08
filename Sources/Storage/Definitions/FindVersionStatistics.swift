// How a version does, out of what its runs have left anyway: nothing is written for it. There is no index by workflow, which every
// start would have to keep, so its runs are looked for among the newest of all; and of histories, which may be long, no more are
// taken apart than there are bounds for.

package import Core
package import Postgres

/// Which runs of a version its statistics are of.
package struct VersionRuns: Sendable, Hashable {
    /// Whose the definition is matters: a tenant may have a version of its own of a name that others share.
    package let definition: DefinitionID
    /// Of these, those of one tenant; nil for all.
    package let tenantID: String?
    package let bounds: Bounds

    /// How much is looked at.
    package struct Bounds: Sendable, Hashable {
        /// Runs that statistics are made of.
        package var runs: Int
        /// Newest runs of all workflows among which they are looked for.
        package var window: Int
        /// Events of their histories together.
        package var events: Int
        /// Bytes that their histories take in the database, together.
        package var bytes: Int

        package init(runs: Int = 500, window: Int = 10_000, events: Int = 50_000, bytes: Int = 8 << 20) {
            (self.runs, self.window, self.events, self.bytes) = (runs, window, events, bytes)
        }
    }

    package init(of definition: DefinitionID, tenantID: String? = nil, bounds: Bounds = Bounds()) {
        (self.definition, self.tenantID, self.bounds) = (definition, tenantID, bounds)
    }
}

/// What the histories of the newest runs of a version say.
package enum VersionFigure: Sendable, Hashable {
    case runs(Runs)
    case calls(Calls)

    /// All runs that were looked at.
    package struct Runs: Sendable, Hashable {
        package let count: Int
        /// When the oldest of them was started; nil for none.
        package let since: Instant?
        /// There may be others, which were not looked at.
        package let isCut: Bool
        /// How many stand how, by status; names of a later version included.
        package let statuses: [String: Int]
        /// From the start to the end of those that COMPLETED.
        package let times: Times?
    }

    /// The calls of one action of one step, those of all elements of its list together.
    package struct Calls: Sendable, Hashable {
        package let stepID: String
        package let action: String
        /// Runs in which there were any.
        package let runs: Int
        /// Attempts that have ended.
        package let attempts: Int
        /// Of these, those that were not the first one.
        package let retries: Int
        /// Of these, those that came to nothing and were not followed by another one.
        package let gaveUp: Int
        /// Of these, those that came to what, by outcome.
        package let outcomes: [String: Int]
        /// Of calls that were answered, or not: what waits for the end of accepted work is no part of them.
        package let times: Times?
    }

    /// A time that half of them, and one that 99 of a hundred, did not exceed: times that there were, not ones between.
    package struct Times: Sendable, Hashable {
        package let half: Duration
        package let most: Duration
    }
}

/// Figures over the newest runs of a version: one row for the runs, and one for each action of each step that was called.
///
/// Each subquery is fenced: what it is joined to decides what is looked up of the journal, run by run, through its key. Runs are taken
/// newest first, each with its whole history, until that is too much; the newest one in any case.
package struct FindVersionStatistics: Statement {
    package let runs: VersionRuns

    package typealias Row = VersionFigure

    package init(_ runs: VersionRuns) { self.runs = runs }

    package static let sql = """
        WITH window_of_all AS MATERIALIZED (
            SELECT r.run_id, r.tenant_id, r.workflow_name, r.workflow_version, r.definition_owner, r.status, r.snapshot_seq,
                r.created_at, r.completed_at
            FROM workflow_runs r ORDER BY r.run_id DESC LIMIT $5::int8
        ), newest AS MATERIALIZED (
            SELECT r.run_id, \(RunStatusSQL.shown) AS status, r.created_at, r.completed_at FROM window_of_all r
            WHERE r.workflow_name = $1 AND r.workflow_version = $2 AND r.definition_owner IS NOT DISTINCT FROM $3::text
                AND ($4::text IS NULL OR r.tenant_id = $4)
            ORDER BY r.run_id DESC LIMIT $6::int8
        ), sized AS (
            SELECT n.*, row_number() OVER w AS place, sum(s.events) OVER w AS events, sum(s.bytes) OVER w AS bytes
            FROM newest n CROSS JOIN LATERAL (
                SELECT coalesce(sum(j.event_count), 0) AS events, coalesce(sum(pg_column_size(j.events)), 0) AS bytes
                FROM run_journal j WHERE j.run_id = n.run_id
            ) s WINDOW w AS (ORDER BY n.run_id DESC)
        ), taken AS MATERIALIZED (
            SELECT * FROM sized WHERE place = 1 OR (events <= $7::int8 AND bytes <= $8::int8)
        ), ended AS (
            SELECT t.run_id, x.* FROM taken t CROSS JOIN LATERAL (
                SELECT split_part(e."stepId", '[', 1) AS step, coalesce(e.action, 'execute') AS action,
                    e.kind, coalesce(e.attempt, 1) AS attempt, e."durationUs" AS duration, e."retryInUs" AS retry,
                    coalesce(e.outcome, 'succeeded') AS outcome
                FROM run_journal j
                CROSS JOIN LATERAL json_array_elements(j.events) AS a (event)
                CROSS JOIN LATERAL json_to_record(a.event) AS e (kind text, "stepId" text, action text, attempt int4,
                    outcome text, "durationUs" int8, "retryInUs" int8)
                WHERE j.run_id = t.run_id AND e.kind IN ('attempt_succeeded', 'attempt_failed', 'attempt_accepted')
                OFFSET 0
            ) x
        )
        SELECT NULL::text, NULL::text, count(*), 0::int8, 0::int8, 0::int8,
            (SELECT json_object_agg(s.status, s.count) FROM (SELECT status, count(*) FROM taken GROUP BY status) s),
            percentile_disc(0.5) WITHIN GROUP (ORDER BY t.took), percentile_disc(0.99) WITHIN GROUP (ORDER BY t.took),
            min(t.created_at),
            count(*) < (SELECT count(*) FROM newest) OR (SELECT count(*) FROM newest) >= $6::int8
                OR (SELECT count(*) FROM window_of_all) >= $5::int8
        FROM (
            SELECT created_at, CASE WHEN status = 'COMPLETED'
                THEN (extract(epoch FROM completed_at - created_at) * 1000000)::int8 END AS took FROM taken
        ) t
        UNION ALL
        SELECT step, action, count(DISTINCT run_id), sum(count)::int8, sum(retries)::int8, sum(gave_up)::int8,
            json_build_object(\(outcomes)),
            percentile_disc(0.5) WITHIN GROUP (ORDER BY duration), percentile_disc(0.99) WITHIN GROUP (ORDER BY duration),
            NULL, false
        FROM (
            SELECT run_id, step, action, nullif(duration, 0) AS duration, (kind <> 'attempt_accepted')::int4 AS count, outcome,
                (kind <> 'attempt_accepted' AND attempt > 1)::int4 AS retries,
                (kind = 'attempt_failed' AND retry IS NULL)::int4 AS gave_up
            FROM ended
        ) c GROUP BY step, action
        """

    /// Each with its count, so that one look is enough.
    private static let outcomes = Outcome.allCases.map { outcome in
        "'\(outcome.rawValue)', sum(count) FILTER (WHERE outcome = '\(outcome.rawValue)')"
    }.joined(separator: ", ")

    package func bind(_ parameters: inout Parameters) {
        parameters.text(runs.definition.name)
        parameters.text(runs.definition.version)
        parameters.text(runs.definition.owner.tenantID)
        parameters.text(runs.tenantID)
        parameters.int64(Int64(runs.bounds.window))
        parameters.int64(Int64(runs.bounds.runs))
        parameters.int64(Int64(runs.bounds.events))
        parameters.int64(Int64(runs.bounds.bytes))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> VersionFigure {
        let (step, action) = (try row.textOrNil(), try row.textOrNil())
        let (count, attempts, retries) = (Int(try row.int64()), Int(try row.int64()), Int(try row.int64()))
        let gaveUp = Int(try row.int64())
        let counts = (try row.jsonValueOrNil())?.object?.members ?? []
        let byName = Dictionary(counts.map { ($0.key, $0.value.int ?? 0) }) { first, _ in first }
        let (half, most) = (try row.int64OrNil(), try row.int64OrNil())
        let (since, isCut) = (try row.instantOrNil(), try row.bool())
        var times: VersionFigure.Times?
        if let half, let most { times = .init(half: .microseconds(half), most: .microseconds(most)) }
        guard let step, let action else {
            return .runs(.init(count: count, since: since, isCut: isCut, statuses: byName, times: times))
        }
        return .calls(
            .init(
                stepID: step, action: action, runs: count, attempts: attempts, retries: retries, gaveUp: gaveUp,
                outcomes: byName, times: times))
    }
}
