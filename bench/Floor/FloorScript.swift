import Core
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

    private let cycle: SagaCycle

    init(_ cycle: SagaCycle, _ connection: Connection) async throws {
        self.cycle = cycle
        let start = try await Self.literals(cycle.start, connection)
        let claim = try await Self.literals(cycle.claim, connection)
        var commits: [Literals<CommitDecisions>.Row] = []
        for commit in cycle.commits { commits.append(try await Self.literals(commit, connection)) }
        guard let commit = commits.first else { throw BenchError.floor("there are no steps") }

        functions = Self.functions(claim: claim.types)
        let starting = RunIDs(cycle.ids, prefix: "new")
        let claimed = RunIDs(cycle.ids, prefix: "claimed")
        let startCall = try Self.execute("start_runs", start.values, starting)
        let commitCalls = try commits.map { try Self.execute("commit_decisions", $0.values, claimed) }
        let claimArguments = claim.values.map { Self.quote($0) }.joined(separator: ", ")
        text = """
            -- One transaction of pgbench: a batch of \(cycle.ids.count) three-step runs from start to COMPLETED.
            \\if :prepared = 0
            PREPARE start_runs (\(start.types.joined(separator: ", "))) AS
            \(StartRuns.sql);
            PREPARE commit_decisions (\(commit.types.joined(separator: ", "))) AS
            \(CommitDecisions.sql);
            \\set prepared 1
            \\endif
            SELECT \(starting.columns(of: "ids")) FROM floor_new_ids(\(cycle.ids.count), :client_id) AS ids \\gset
            \(startCall)
            SELECT \(claimed.columns(of: "ids")) FROM floor_claim(\(claimArguments)) AS ids \\gset
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

    private static func execute(_ name: String, _ values: [String?], _ ids: RunIDs) throws -> String {
        let arguments = try values.map { try ids.variable(for: $0) ?? quote($0) }
        return "EXECUTE \(name) (\(arguments.joined(separator: ", ")));"
    }

    private static func quote(_ value: String?) -> String {
        guard let value else { return "NULL" }
        return "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    private static func functions(claim types: [String]) -> String {
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
        CREATE OR REPLACE FUNCTION floor_claim(\(types.joined(separator: ", "))) RETURNS uuid[] LANGUAGE plpgsql AS $floor$
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
