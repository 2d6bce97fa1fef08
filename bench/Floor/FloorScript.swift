import Postgres
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

    /// - Parameters:
    ///   - batch: runs in one statement.
    ///   - connection: any database of the server, which is asked how it writes the parameters.
    init(batch: Int, _ connection: Connection) async throws {
        let cycle = try SagaCycle(batch: batch)
        let start = try await Self.literals(cycle.start, connection)
        let claim = try await Self.literals(cycle.claim, connection)
        var commits: [Literals<CommitResults>.Row] = []
        for commit in cycle.commits { commits.append(try await Self.literals(commit, connection)) }

        functions = Self.functions(claimTypes: claim.types)
        var new = BatchIDs(cycle.ids, prefix: "new")
        var claimed = BatchIDs(cycle.ids, prefix: "claimed")
        let startCall = try new.execute("start_runs", start.values)
        let commitCalls = try commits.map { try claimed.execute("commit_decisions", $0.values) }
        let claimArguments = claim.values.map { $0.map(SQLText.quoted) ?? "NULL" }
        text = """
            -- One transaction of pgbench: a batch of \(batch) three-step runs from start to COMPLETED.
            \\if :prepared = 0
            PREPARE start_runs (\(start.types.joined(separator: ", "))) AS
            \(StartRuns.sql);
            PREPARE commit_decisions (\(commits[0].types.joined(separator: ", "))) AS
            \(CommitResults.sql);
            \\set prepared 1
            \\endif
            SELECT \(new.columns) FROM floor_new_ids(\(batch), :client_id) AS ids \\gset
            \(startCall)
            SELECT \(claimed.columns) FROM floor_claim(\(claimArguments.joined(separator: ", "))) AS ids \\gset
            \(commitCalls.joined(separator: "\n"))
            """
    }

    private static func literals<S: Statement>(
        _ statement: S, _ connection: Connection
    ) async throws -> Literals<S>.Row {
        guard let row = try await connection.execute(Literals(subject: statement)).first else {
            throw BenchError.floor("no row came of the parameters")
        }
        return row
    }

    private static func functions(claimTypes: [String]) -> String {
        """
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
        CREATE OR REPLACE FUNCTION floor_claim(\(claimTypes.joined(separator: ", "))) RETURNS uuid[]
        LANGUAGE plpgsql AS $floor$
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
}
