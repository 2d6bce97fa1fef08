import Core
package import Postgres

/// How much of what is stored is each tenant's: an estimate that costs no run anything.
///
/// Some of the pages in which runs stand are read, with the history of each run on them. Of all that is stored, indexes and free
/// space included, a tenant is reckoned the part that its runs have of what was read. With many runs that is a few percent off.
package struct TenantMeasurement: Sendable {
    private let pool: Pool
    /// An estimate is made anew after so long.
    private let age: Duration
    /// Pages of `workflow_runs` that are read, about.
    private let pages: Int

    package init(database: Database, age: Duration = .seconds(300), pages: Int = 1000) {
        pool = database.writes
        self.age = age
        self.pages = pages
    }

    /// Measures, unless it was done a short while ago or there are no tenants.
    ///
    /// - Returns: whether it was done.
    package func run() async throws(StoreError) -> Bool {
        do throws(PostgresError) {
            guard let stored = try await pool.execute(ReadStoredSize(age: age)).first else { return false }
            let percent = stored.pages > 0 ? min(100, 100 * Double(pages) / Double(stored.pages)) : 100
            _ = try await pool.execute(MeasureTenants(percent: percent, total: stored.bytes))
            return true
        } catch { throw StoreError(error) }
    }
}

/// How large the tables of runs are, where it is time to measure: their bytes with everything, and pages of runs.
package struct ReadStoredSize: Statement {
    package let age: Duration

    package typealias Row = (bytes: Int64, pages: Int64)

    package init(age: Duration) { self.age = age }

    package static let sql = """
        SELECT sum(pg_total_relation_size(inhrelid))::int8,
            (sum(pg_relation_size(inhrelid)) FILTER (WHERE inhparent = 'workflow_runs'::regclass) / 8192)::int8
        FROM pg_inherits
        WHERE inhparent IN ('workflow_runs'::regclass, 'run_journal'::regclass)
            AND EXISTS (SELECT FROM tenants WHERE measured_at IS NULL OR measured_at < now() - $1 * interval '1 microsecond')
        HAVING count(*) > 0
        """

    package func bind(_ parameters: inout Parameters) { parameters.int64(age.microseconds) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try row.int64(), try row.int64())
    }
}

/// Notes for each tenant its part of so many bytes, by a sample of so many percent of the pages.
package struct MeasureTenants: Statement {
    package let percent: Double
    package let total: Int64

    package typealias Row = Bool

    package init(percent: Double, total: Int64) {
        self.percent = percent
        self.total = total
    }

    // pg_column_size tells what a value takes as it is stored, without reading it: large ones stand elsewhere. What a row
    // takes besides is reckoned.
    package static let sql = """
        WITH sample AS MATERIALIZED (
            SELECT r.tenant_id, sum(300 + coalesce(pg_column_size(r.input), 0) + coalesce(pg_column_size(r.context), 0)
                + coalesce(pg_column_size(r.output), 0) + coalesce(pg_column_size(r.error), 0)
                + coalesce(pg_column_size(r.snapshot), 0) + coalesce(j.bytes, 0)) AS bytes
            FROM workflow_runs r TABLESAMPLE SYSTEM ($1::text::float4), LATERAL (
                SELECT sum(80 + pg_column_size(events)) AS bytes FROM run_journal WHERE run_id = r.run_id
            ) j
            GROUP BY r.tenant_id
        )
        UPDATE tenants t SET measured_at = now(), stored_bytes = COALESCE((
            SELECT $2::int8 * s.bytes / (SELECT sum(bytes) FROM sample) FROM sample s WHERE s.tenant_id = t.tenant_id
        ), 0)
        RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(String(percent))
        parameters.int64(total)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
