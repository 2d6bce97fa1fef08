import Glibc
import NIOCore
import Postgres

extension MeasuredSystem {
    /// The database `history` with so many finished runs, vacuumed and analyzed. Made without a run in flight, without WAL
    /// where Postgres can do without, on all cores; durable again before anything is measured.
    ///
    /// The history is made by multiplying one run that really went through the system: each row of it is written once per
    /// run, with an id and times of its own. So the history has whatever columns and events runs have.
    func seedHistory(runs: Int) async throws {
        try await up("history")
        try await startEngine()
        try await warmUp(10)
        try await down()
        try await restartPostgres([
            "wal_level": "minimal", "max_wal_senders": "0", "full_page_writes": "off", "max_wal_size": "16GB",
            "checkpoint_timeout": "30min", "maintenance_work_mem": "512MB", "autovacuum": "off",
        ])
        let seed = HistorySeed(runs: runs)
        try await query(seed.template, in: "history")
        try await carryOut(try await jobs(of: seed))
        try await query("DROP SCHEMA seed CASCADE", in: "history")
        try await restartPostgres()
        sync()
    }

    private func jobs(of seed: HistorySeed) async throws -> [[String]] {
        var jobs: [[String]] = []
        for row in try await query(seed.partitions, in: "history") {
            let words = row.compactMap(\.self)
            let columns = try await query(HistorySeed.columns(of: words[0]), in: "history").first?.first.flatMap { $0 }
            guard words.count == 4, let columns else { throw BenchError.invalid("a partition has no columns") }
            jobs.append(
                HistorySeed.fill(words[1], of: words[0], columns: columns, runs: (low: words[2], high: words[3])))
        }
        return jobs
    }

    /// A session for each core, which takes job after job.
    private func carryOut(_ jobs: [[String]]) async throws {
        let url = url(of: "history")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, job) in jobs.enumerated() {
                if number >= System.coreCount { try await group.next() }
                group.addTask {
                    let connection = try await Connection.unlimited(url)
                    for statement in job { try await connection.simpleQuery(statement) }
                    await connection.close()
                }
            }
            try await group.waitForAll()
        }
    }
}

/// The SQL that makes a history of `runs` finished runs.
struct HistorySeed {
    let runs: Int
    /// Days over which they are spread, today the last. Less than what engines keep by default.
    static let days = 28

    /// One finished run, to be multiplied, and the partitions of the weeks its copies belong to.
    var template: String {
        """
        CREATE SCHEMA seed;
        CREATE TABLE seed.workflow_runs AS
            SELECT * FROM workflow_runs WHERE status = 'COMPLETED' ORDER BY run_id DESC LIMIT 1;
        CREATE TABLE seed.run_journal AS
            SELECT * FROM run_journal WHERE run_id = (SELECT run_id FROM seed.workflow_runs) ORDER BY seq;
        CREATE TABLE seed.span AS
            SELECT date_trunc('milliseconds', now()) - interval '\(Self.days) days' AS begin_at,
                \(Self.days) * 86400000.0 / \(runs) AS step_ms;
        SELECT create_run_partition(parent, week, week + interval '7 days')
        FROM unnest(array['workflow_runs', 'run_journal']::regclass[]) parent,
            generate_series(0, \(Self.days) / 7 + 1) n,
            LATERAL (SELECT to_timestamp((floor(extract(epoch FROM now()) / 604800) - n) * 604800) AS week) w
        WHERE week + interval '7 days' > (SELECT begin_at FROM seed.span)
        """
    }

    /// Table, partition, and the first and last number of its runs; the largest first so that cores end together.
    var partitions: String {
        """
        SELECT parent_table, partition_table, low, high
        FROM run_partitions, seed.span,
            LATERAL (SELECT
                greatest(ceil(extract(epoch FROM lower_at - begin_at) * 1000 / step_ms), 1)::int8 AS low,
                least(ceil(extract(epoch FROM upper_at - begin_at) * 1000 / step_ms) - 1, \(runs))::int8 AS high) p
        WHERE low <= high
        ORDER BY (high - low) * CASE parent_table::text WHEN 'run_journal' THEN 5 ELSE 1 END DESC
        """
    }

    /// The select list of a copy: the run's id and times are its own.
    static func columns(of table: String) -> String {
        """
        SELECT string_agg(CASE
            WHEN attname = 'run_id' THEN 'r.id'
            WHEN atttypid = 'timestamptz'::regtype THEN format('t.%I + r.shift', attname)
            ELSE format('t.%I', attname) END, ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = '\(table)'::regclass AND attnum > 0 AND NOT attisdropped
        """
    }

    /// Per cent of a page of `workflow_runs` that runs take which have gone through the system: it is filled to less with their
    /// first versions, and the second ones, which are longer, find their place beside them.
    static let packed = 55

    /// Has what is copied lie as close as if it had gone through the system; afterwards as before.
    static func packing(_ table: String, isOver: Bool = false) -> String {
        guard table == "workflow_runs" else { return "SELECT 1" }
        let option = isOver ? "run_partition_options('workflow_runs'::regclass)" : "'fillfactor = \(packed)'"
        return """
            DO $$ DECLARE leaf regclass; BEGIN
                FOR leaf IN SELECT relid FROM pg_partition_tree('workflow_runs') WHERE isleaf LOOP
                    EXECUTE format('ALTER TABLE %s SET (%s)', leaf, \(option));
                END LOOP;
            END $$
            """
    }

    /// Fills one partition; what must not share a transaction stands by itself. A partition that is emptied and filled in
    /// one needs no WAL (`wal_level = minimal`).
    static func fill(
        _ partition: String, of table: String, columns: String, runs: (low: String, high: String)
    ) -> [String] {
        let copies = """
            SELECT \(columns)
            FROM (
                SELECT (lpad(to_hex(ms), 12, '0') || '70008' || lpad(to_hex(i), 15, '0'))::uuid AS id,
                    to_timestamp(0) + ms * interval '1 millisecond' - created_at AS shift, i * 0 AS zero
                FROM (SELECT i, (extract(epoch FROM begin_at) * 1000 + i * step_ms)::int8 AS ms
                    FROM seed.span, generate_series(\(runs.low)::int8, \(runs.high)::int8) i) n,
                    seed.workflow_runs
                OFFSET 0) r,
                -- Refers to r, so that the rows of a run stay together and in order.
                LATERAL (SELECT * FROM seed.\(table) OFFSET r.zero) t
            """
        return [
            "SET synchronous_commit = off; SET jit = off", packing(table),
            "BEGIN; TRUNCATE \(partition); INSERT INTO \(partition) \(copies); COMMIT",
            "VACUUM (FREEZE, ANALYZE) \(partition)", packing(table, isOver: true),
        ]
    }
}
