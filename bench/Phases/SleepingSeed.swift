/// A database in which a number of runs wait, and the SQL that puts them to sleep and wakes some of them.
///
/// They are made by multiplying one run that really came to rest, in its last step: each row of it is written once per run,
/// with an id of its own. Its times stay what they were, but for the one at which it is due.
struct SleepingSeed {
    let database: String
    /// Runs that wait when a wave begins.
    let runs: Int
    /// Copies made so far, which number their ids.
    var copied = 0

    static let tables = ["workflow_runs", "run_journal", "outbox"]
    /// Hours until the first of those is due that no wave wakes; all measurements must be over by then, and
    /// `BenchDatabase.waitUntilIdle` takes no notice of them.
    static let farHours = 4

    /// How many runs wait of which a claim begins the last step: nobody holds them, and nothing is to be decided first.
    static let resting = """
        SELECT count(*) FROM outbox o JOIN workflow_runs r USING (run_id)
        WHERE o.lease_owner IS NULL AND o.inbox_count = 0 AND o.available_at > now() AND o.last_seq = r.snapshot_seq
            AND r.due IS NOT NULL AND r.due_before IS NULL
        """

    /// The one run that waits, to be multiplied; it and all others are gone then.
    static let template = """
        CREATE SCHEMA seed;
        CREATE TABLE seed.outbox AS SELECT * FROM outbox;
        CREATE TABLE seed.workflow_runs AS SELECT * FROM workflow_runs WHERE run_id = (SELECT run_id FROM seed.outbox);
        CREATE TABLE seed.run_journal AS
            SELECT * FROM run_journal WHERE run_id = (SELECT run_id FROM seed.outbox) ORDER BY seq;
        -- When a copy may begin is said by its outbox row alone.
        UPDATE seed.workflow_runs SET due_at = snapshot_at;
        TRUNCATE \(tables.joined(separator: ", "))
        """

    /// The statement that writes the next copies of a table's rows.
    ///
    /// All are of the millisecond in which the original was started, and so of one partition, and older than whatever runs
    /// beside them. Those that are due one after the other lie anywhere.
    ///
    /// - Parameter columns: as `HistorySeed` selects them.
    func copies(_ count: Int, of table: String, columns: String) -> String {
        let shift =
            table == "outbox"
            ? "now() + interval '\(Self.farHours) hours' + random() * interval '10 minutes' - available_at"
            : "interval '0'"
        return """
            INSERT INTO \(table)
            SELECT \(columns)
            FROM (
                SELECT (left(replace(run_id::text, '-', ''), 12) || '70008' || lpad(to_hex(i), 15, '0'))::uuid AS id,
                    \(shift) AS shift, i * 0 AS zero
                FROM seed.outbox, generate_series(\(copied + 1)::int8, \(copied + count)::int8) i
                OFFSET 0) r,
                -- Refers to r, so that the rows of a run stay together and in order.
                LATERAL (SELECT * FROM seed.\(table) OFFSET r.zero) t
            """
    }

    /// Has `count` of the runs come due from `begin` on, so many a second, in an order of their own; `seed.due` keeps when.
    ///
    /// - Parameter begin: microseconds since 1970.
    static func wave(_ count: Int, from begin: Int64, perSecond: Int) -> String {
        """
        DROP TABLE IF EXISTS seed.due;
        CREATE TABLE seed.due AS
            SELECT run_id, \(BenchDatabase.time(begin)) + row_number() OVER () * interval '1 second' / \(perSecond) AS due_at
            FROM (SELECT run_id FROM outbox ORDER BY random() LIMIT \(count)) o;
        ANALYZE seed.due;
        UPDATE outbox o SET available_at = d.due_at FROM seed.due d WHERE o.run_id = d.run_id
        """
    }

    /// Microseconds from when a run of the wave was due to the claim that began its attempt; one row for each that was.
    static let lateness = """
        SELECT (extract(epoch FROM j.at - d.due_at) * 1000000)::int8
        FROM seed.due d JOIN run_journal j USING (run_id) CROSS JOIN seed.outbox o
        WHERE j.seq = o.last_seq + 1 AND j.epoch = o.epoch + 1 AND j.events->0->>'kind' = 'attempt_started'
        """

    /// How many runs of the wave have ended as they should.
    static let ended =
        "SELECT count(*) FROM seed.due JOIN workflow_runs USING (run_id) WHERE status = 'COMPLETED'"

    /// How many runs are live, waiting or not.
    static let live = "SELECT count(*) FROM outbox"

    /// How many runs wait as they were put to sleep.
    static let untouched = """
        SELECT count(*)
        FROM outbox o JOIN workflow_runs r USING (run_id) CROSS JOIN seed.outbox was CROSS JOIN seed.workflow_runs run_was
        WHERE o.lease_owner IS NULL AND o.epoch = was.epoch AND o.last_seq = was.last_seq AND o.inbox_count = 0
            AND o.available_at > now() AND r.status = run_was.status AND r.snapshot_seq = run_was.snapshot_seq
            AND r.updated_at = run_was.updated_at
            AND NOT EXISTS (SELECT FROM run_journal j WHERE j.run_id = o.run_id AND j.seq > was.last_seq)
        """

    /// Bytes of WAL that were ever written.
    static let wal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::int8"

    /// Bytes that a table has, with indexes and all partitions.
    static func bytes(of table: String) -> String {
        """
        SELECT sum(pg_total_relation_size(relid))::int8
        FROM (SELECT relid FROM pg_partition_tree('\(table)') UNION SELECT '\(table)'::regclass) t
        """
    }
}
