import Core
import Foundation
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("What stands between readers and the rows of others is complete, and in nobody else's way")
struct ReaderRightsTests {
    /// All tables but the migrator's, which say nothing of anybody.
    private static let tables = """
        SELECT c.oid, c.relname, c.relrowsecurity, c.relispartition, c.relforcerowsecurity FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND c.relname NOT IN ('schema_migrations', 'repeatable_migrations')
        """

    @Test("No table is without row security: a new one is shut until somebody says whose its rows are")
    func everyTable() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            #expect(try await test.query("SELECT relname FROM (\(Self.tables)) t WHERE NOT relrowsecurity") == [])
            let forced = "SELECT relname FROM (\(Self.tables)) t WHERE relforcerowsecurity"
            #expect(try await test.query(forced) == [], "engines and APIs are the owner")
            let partitions = "SELECT count(*) FROM (\(Self.tables)) t WHERE relispartition"
            #expect(Int(try await test.value(partitions) ?? "").map { $0 >= 6 } == true, "partitions are looked at")
        }
    }

    @Test(
        "A table of runs or of tenants has a policy, or is known to be nobody's in particular; all policies are for reading"
    )
    func everyPolicy() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            let without = try await test.query(
                """
                SELECT relname FROM (\(Self.tables)) t WHERE NOT relispartition
                    AND EXISTS (SELECT FROM pg_attribute a WHERE attrelid = t.oid
                        AND (attname IN ('tenant_id', 'run_id') OR attname LIKE '%\\_run\\_id'))
                    AND NOT EXISTS (SELECT FROM pg_policy p WHERE polrelid = t.oid)
                ORDER BY relname
                """)
            #expect(without == [["call_shares"], ["participants"], ["workflow_pauses"]])
            let odd = try await test.query(
                """
                SELECT tablename, policyname FROM pg_policies
                WHERE cmd <> 'SELECT' OR permissive <> 'PERMISSIVE' OR with_check IS NOT NULL
                    OR tablename NOT IN ('held_starts', 'workflow_definitions')
                        AND qual !~ '^\\(\\(?(tenant_id = \\(|EXISTS \\(|role_name = SESSION_USER)'
                """)
            #expect(odd == [])
            let twice = "SELECT tablename FROM pg_policies GROUP BY 1 HAVING count(*) > 1"
            #expect(try await test.query(twice) == [], "policies of one table add up")
        }
    }

    @Test("Readers may read what is listed here and nothing else, and no view with its owner's eyes")
    func rights() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                let rights = try await test.query(
                    """
                    SELECT c.relname, p.privilege FROM pg_class c,
                        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (privilege)
                    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                        AND has_table_privilege('\(role.name)', c.oid, p.privilege) ORDER BY 1, 2
                    """)
                #expect(
                    rights.map { "\($0[0] ?? "") \($0[1] ?? "")" }
                        == [
                            "audit_heads", "audit_trail", "held_starts", "idempotency_keys", "outbox", "reader_tenants",
                            "run_events", "run_inbox", "run_journal", "run_minutes", "run_steps", "step_attempts",
                            "tenants",
                            "workflow_definitions", "workflow_runs",
                        ].map { "\($0) SELECT" })
                let columns = try await test.query(
                    """
                    SELECT c.relname, a.attname, p.privilege FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid,
                        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p (privilege)
                    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0
                        AND NOT has_table_privilege('\(role.name)', c.oid, p.privilege)
                        AND has_column_privilege('\(role.name)', c.oid, a.attnum, p.privilege) ORDER BY 1, a.attnum
                    """)
                #expect(
                    columns.map { $0.compactMap { $0 }.joined(separator: " ") }
                        == [
                            "key_id", "key_name", "tenant_id", "workflows", "roles", "created_at", "created_by",
                            "expires_at", "last_used_at", "revoked_at", "revoked_by",
                        ].map { "api_keys \($0) SELECT" })
                let sequences = """
                    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND CASE relkind
                        WHEN 'S' THEN has_sequence_privilege('\(role.name)', oid, 'USAGE, SELECT, UPDATE') ELSE false END
                    """
                #expect(try await test.query(sequences) == [])
                let owners = try await test.query(
                    """
                    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
                        AND NOT COALESCE(reloptions @> '{security_invoker=true}', false)
                    """)
                #expect(owners == [["run_partitions"]], "a view that is the owner's shows all rows")
                let functions = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
                #expect(try await test.query(functions) == [], "a function with its owner's rights is a way around")
            }
        }
    }

    @Test(
        "Views that are made anew are granted anew, and a role that is made after the migration is told of by one call")
    func again() async throws {
        let directory = try MigrationDirectory.find(
            named: nil, from: URL(filePath: #filePath).resolvingSymlinksInPath().path, executable: nil)
        let files = try MigrationDirectory.read(directory)
        try await TestDatabase.with(isMigrated: false) { (test: TestDatabase) async throws in
            _ = try await Migrator(test.configuration, migrations: files).up()
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                #expect(try await role.value("SELECT count(*) FROM step_attempts") == "0")
                try await test.execute("DELETE FROM repeatable_migrations WHERE name = '20_views'")
                let again = try await Migrator(test.configuration, migrations: files).up()
                #expect(again == ["repeatable/20_views"])
                for view in ["run_events", "run_steps", "step_attempts"] {
                    #expect(try await role.value("SELECT count(*) FROM \(view)") == "0", "\(view)")
                }
            }
        }
    }

    @Test(
        "A role that row security hides runs from is told so at once, and one that owns the tables is not, nor where there are none"
    )
    func hidden() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Connection.requireAllRows(test.configuration)
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                try await test.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role.name)")
                await #expect {
                    try await Connection.requireAllRows(role.configuration)
                } throws: { error in
                    guard case PostgresError.configuration(let reason)? = error as? PostgresError else { return false }
                    return reason.contains(role.name) && reason.contains("BYPASSRLS")
                }
            }
        }
        try await TestDatabase.with(isMigrated: false) { (test: TestDatabase) async throws in
            try await ReaderRole.with(test, tenant: nil) { (role: ReaderRole) async throws in
                try await Connection.requireAllRows(role.configuration)
            }
        }
    }

    @Test(
        "The owner, who is no superuser and may make no roles, migrates, works, sees all runs, and plans as if there were no policies"
    )
    func owner() async throws {
        let directory = try MigrationDirectory.find(
            named: nil, from: URL(filePath: #filePath).resolvingSymlinksInPath().path, executable: nil)
        let files = try MigrationDirectory.read(directory)
        let definition = try WorkflowDefinition.sampleChain(2)
        try await TestDatabase.with(isMigrated: false) { (test: TestDatabase) async throws in
            try await ReaderRole.with(test, tenant: nil, "NOSUPERUSER NOCREATEROLE") {
                (role: ReaderRole) async throws in
                try await test.execute("ALTER DATABASE \(test.name) OWNER TO \(role.name)")
                _ = try await role.migrator(files).up()
                let database = role.database()
                try await TestDatabase.register(definition, database)
                for tenant in ["ant", "bee"] {
                    let starter = StartWriter(pool: database.writes, deadline: .seconds(5))
                    for result in await starter.write([.sample(definition, tenantID: tenant)]) {
                        #expect(try result.get() == .started)
                    }
                }
                let leases = LeaseStore(database: database, engine: .sample(), length: .seconds(60))
                #expect(try await leases.claim(limit: 10).count == 2, "of both tenants")
                await database.close()
                for view in ["run_events", "run_steps"] {
                    let runs = "SELECT count(DISTINCT run_id) FROM \(view)"
                    #expect(try await role.value(runs) == "2", "\(view)")
                }
                let plans = try await Self.plans(role)
                #expect(plans.count == Self.hot.count && plans.allSatisfy { $0.value.count > 1 })
                try await test.execute(
                    """
                    DO $$ DECLARE t record; BEGIN
                        FOR t IN \(Self.tables) LOOP
                            EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t.relname);
                        END LOOP;
                    END $$
                    """)
                let bare = try await Self.plans(role)
                for (name, plan) in plans { #expect(plan == bare[name], "\(name)") }
            }
        }
    }

    private static let hot = [
        "StartRuns": StartRuns.sql, "ClaimRuns": ClaimRuns.sql, "ClaimSuspect": ClaimSuspect.sql,
        "CommitDecisions": CommitDecisions.sql,
        "RenewLeases": RenewLeases.sql, "ReleaseLeases": ReleaseLeases.sql, "ListRuns": ListRuns.sql,
        "FindRunOwner": FindRunOwner.sql,
    ]

    /// The generic plans of what is executed most.
    private static func plans(_ role: ReaderRole) async throws -> [String: [String]] {
        var plans: [String: [String]] = [:]
        for (name, sql) in hot {
            let count = sql.matches(of: /\$(\d+)/).compactMap { Int($0.output.1) }.max() ?? 0
            var values = Array(repeating: "NULL", count: count)
            // For no run at all every partition is left out, and there is no plan to compare.
            if name == "FindRunOwner" { values = ["first_run_id(now())"] }
            let list = values.isEmpty ? "" : "(\(values.joined(separator: ", ")))"
            plans[name] = try await role.query(
                """
                SET plan_cache_mode = force_generic_plan; PREPARE planned AS \(sql);
                EXPLAIN (VERBOSE, COSTS OFF) EXECUTE planned \(list)
                """
            ).compactMap { $0[0] }
        }
        return plans
    }
}
