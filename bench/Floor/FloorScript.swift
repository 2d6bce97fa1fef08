import Core
import Storage

/// A pgbench script that carries batches of runs from start to end with the statements of `Storage`.
///
/// Statements are prepared once per connection. Only run ids differ from batch to batch: those of the start are made by
/// the database, those of the commits are what the claim returned, as clients take each other's runs.
struct FloorScript {
    /// SQL that makes the functions the script calls.
    let functions: String
    /// The script.
    let text: String

    /// - Parameter batch: runs in one statement.
    init(batch: Int) throws {
        let cycle = try SagaCycle(batch: batch)
        // All clients claim for one engine, so that each may commit what another has claimed.
        let engine = RunID(high: 0x7000, low: 0x8000_0000_0000_0001)
        let starting = Arguments(starting: cycle.new)
        let commits = cycle.commits.map { Arguments(committing: $0, engine: engine) }
        let calls = try commits.map { try $0.execute("commit_decisions", sql: CommitDecisions.sql) }
        functions = Self.functions
        text = """
            -- One transaction of pgbench: a batch of \(batch) three-step runs from start to COMPLETED.
            \\if :prepared = 0
            PREPARE start_runs AS
            \(StartRuns.sql);
            PREPARE commit_decisions AS
            \(CommitDecisions.sql);
            \\set prepared 1
            \\endif
            SELECT \(Arguments.columns([starting])) FROM floor_new_ids(\(batch), :client_id) AS ids \\gset
            \(try starting.execute("start_runs", sql: StartRuns.sql))
            SELECT \(Arguments.columns(commits)) FROM floor_claim('\(engine)', \(batch), 60000000) AS ids \\gset
            \(calls.joined(separator: "\n"))
            """
    }

    private static let functions = """
        -- Version 7 ids in ascending order, as the API makes them.
        CREATE OR REPLACE FUNCTION floor_new_ids(batch int, client int) RETURNS uuid[] LANGUAGE sql VOLATILE AS $floor$
            SELECT array_agg((now_hex || '7' || lpad(to_hex(i), 3, '0') || '8' || lpad(to_hex(client), 3, '0')
                || substr(md5(random()::text), 1, 12))::uuid)
            FROM (SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::int8), 12, '0') AS now_hex) t,
                generate_series(1, batch) i
        $floor$;

        -- Every id `times` times in a row.
        CREATE OR REPLACE FUNCTION floor_repeat(ids uuid[], times int) RETURNS uuid[] LANGUAGE sql IMMUTABLE AS $floor$
            SELECT COALESCE(array_agg(id ORDER BY ord), '{}')
            FROM unnest(ids) WITH ORDINALITY u (id, ord), generate_series(1, times)
        $floor$;

        -- The claim statement, word for word. Its rows end here; the ids go on, in the order of commits.
        CREATE OR REPLACE FUNCTION floor_claim(uuid, int8, int8) RETURNS uuid[] LANGUAGE plpgsql AS $floor$
        DECLARE
            floor_row record;
            floor_ids uuid[] := '{}';
        BEGIN
            FOR floor_row IN
                \(ClaimRuns.sql)
            LOOP
                floor_ids := floor_ids || floor_row.run_id;
            END LOOP;
            RETURN ARRAY(SELECT id FROM unnest(floor_ids) id ORDER BY id);
        END
        $floor$;
        """
}
