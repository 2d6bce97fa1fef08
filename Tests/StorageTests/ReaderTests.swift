import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A reader's role sees the rows of its tenant alone, whatever it asks for")
struct ReaderTests {
    private static let tenants = ["ant", "bee"]
    private static let ofRun = "run_id IN (SELECT run_id FROM workflow_runs WHERE tenant_id = '$T')"
    /// What a reader may read, and which rows of it are a tenant's.
    private static let shown = [
        "workflow_runs": "tenant_id = '$T'", "idempotency_keys": "tenant_id = '$T'", "tenants": "tenant_id = '$T'",
        "api_keys": "tenant_id = '$T'", "audit_trail": "tenant_id = '$T'", "audit_heads": "tenant_id = '$T'",
        "reader_tenants": "tenant_id = '$T'", "run_journal": ofRun, "run_inbox": ofRun, "outbox": ofRun,
        "held_starts": ofRun, "run_events": ofRun, "run_steps": ofRun, "step_attempts": ofRun,
        // What all share is everybody's.
        "workflow_definitions": "tenant_id IN ('*', '$T')",
    ]
    private static let keyColumns =
        "key_id, key_name, tenant_id, workflows, roles, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by"

    /// Rows of both tenants in every table: of runs that live, wait and are over, and what stands around them.
    private static func fill(_ test: TestDatabase) async throws {
        let definition = try WorkflowDefinition.sampleChain(2, backoff: "1h")
        let engine = TestEngine(test, definition)
        for tenant in tenants {
            try await test.register(try definition.owned(by: tenant))
            for (number, answers) in [[CallResult.yes, .yes], [.yes, .busy], []].enumerated() {
                let run = NewRun.sample(
                    definition, input: ["orderId": .string("MARK-\(tenant)")], tenantID: tenant,
                    idempotency: .init(
                        key: "order-\(number)", requestHash: Array(repeating: 7, count: 32), lifetime: .seconds(3600)))
                try await engine.start([run])
                if answers.isEmpty { continue }
                var held = try #require(try await engine.claim().first { $0.run.id == run.run.id })
                for answer in answers { _ = try await engine.settle(&held, [try held.answered(answer)]) }
            }
            try await test.execute(
                """
                INSERT INTO run_inbox (run_id, kind, sent_by) SELECT run_id, 'cancel', 'x' FROM workflow_runs
                    WHERE tenant_id = '\(tenant)';
                INSERT INTO held_starts (workflow_name, run_id) SELECT workflow_name, run_id FROM workflow_runs
                    WHERE tenant_id = '\(tenant)';
                INSERT INTO tenants (tenant_id, updated_by) VALUES ('\(tenant)', 'x');
                INSERT INTO audit_trail (tenant_id, actor, action) VALUES ('\(tenant)', 'x', 'put_tenant');
                INSERT INTO api_keys (key_id, key_name, tenant_id, secret_hash, roles, created_by)
                    VALUES ('\(tenant)', 'x', '\(tenant)', sha256('x'), '{}', 'x')
                """)
        }
        try await test.execute(
            """
            INSERT INTO audit_trail (tenant_id, actor, action) VALUES ('*', 'x', 'put_participant');
            INSERT INTO participants (participant_name, url, headers, updated_by)
                VALUES ('p', 'http://p', '{"authorization": "x"}', 'x')
            """)
    }

    private static func owned(_ condition: String, by tenant: String) -> String {
        condition.replacing("$T", with: tenant)
    }

    @Test("Of every table and view: all rows of the own tenant, and none of the other's")
    func rows() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            for (tenant, other) in zip(Self.tenants, Self.tenants.reversed()) {
                try await ReaderRole.with(test, tenant: tenant) { (role: ReaderRole) async throws in
                    for (table, condition) in Self.shown {
                        let mine = Self.owned(condition, by: tenant)
                        let all = try await test.value("SELECT count(*) FROM \(table) WHERE \(mine)")
                        #expect(all != "0", "\(table) proves nothing")
                        #expect(try await role.value("SELECT count(*) FROM \(table)") == all, "\(table)")
                        let theirs = Self.owned(condition, by: other).replacing("'*', ", with: "")
                        #expect(
                            try await role.value("SELECT count(*) FROM \(table) WHERE \(theirs)") == "0", "\(table)")
                    }
                    let ids = try await test.query("SELECT run_id FROM workflow_runs WHERE tenant_id = '\(other)'")
                    for id in ids.compactMap({ $0[0] }) {
                        for table in Self.shown.filter({ $0.value == Self.ofRun }).keys {
                            let found = try await role.value("SELECT count(*) FROM \(table) WHERE run_id = '\(id)'")
                            #expect(found == "0", "\(table)")
                        }
                    }
                    let texts = try await role.query("SELECT row_to_json(e)::text FROM run_events e")
                    #expect(!texts.isEmpty && !"\(texts)".contains("MARK-\(other)"))
                }
            }
        }
    }

    @Test("A role for which no tenant is written down sees nothing, and one that is no reader may not even ask")
    func nobody() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            try await ReaderRole.with(test, tenant: "ant") { (_: ReaderRole) async throws in
                try await ReaderRole.with(test, tenant: nil) { (role: ReaderRole) async throws in
                    for table in Self.shown.keys {
                        #expect(try await role.value("SELECT count(*) FROM \(table)") == "0", "\(table)")
                    }
                }
                try await ReaderRole.with(test, tenant: "ant", "") { (role: ReaderRole) async throws in
                    for table in Self.shown.keys {
                        let state = await role.refusal(of: "SELECT count(*) FROM \(table)")
                        #expect(state == ReaderRole.denied, "\(table)")
                    }
                }
            }
        }
    }

    @Test("Nothing can be written, neither the other's rows nor the own ones, nor whose the role is")
    func writes() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                for table in Self.shown.keys {
                    let isView = ["run_events", "run_steps", "step_attempts"].contains(table)
                    for sql in [
                        "DELETE FROM \(table)", "TRUNCATE \(table)", "INSERT INTO \(table) DEFAULT VALUES",
                        "LOCK \(table) IN ACCESS EXCLUSIVE MODE", "SELECT FROM \(table) FOR UPDATE",
                    ] {
                        // Of a view some of these are refused for what it is.
                        let state = await role.refusal(of: "BEGIN; \(sql)")
                        #expect(
                            isView ? state != nil : state == ReaderRole.denied, "\(sql): \(state?.rawValue ?? "done")")
                    }
                }
                for sql in [
                    "UPDATE reader_tenants SET tenant_id = 'bee'", "UPDATE workflow_runs SET tenant_id = 'ant'",
                    "ALTER TABLE workflow_runs DISABLE ROW LEVEL SECURITY", "DROP POLICY reader ON workflow_runs",
                    "CREATE POLICY mine ON workflow_runs USING (true)", "SELECT audit_retain('bee', '0s', 10)",
                    "SELECT secret_hash FROM api_keys", "SELECT * FROM api_keys", "SELECT headers FROM participants",
                    "SELECT secret FROM callback_keys", "SELECT FROM signing_keys", "SELECT FROM engines",
                    "SELECT FROM workflow_pauses", "SET SESSION AUTHORIZATION postgres",
                    "COPY workflow_runs TO PROGRAM 'cat'",
                ] {
                    let state = await role.refusal(of: sql)
                    #expect(state == ReaderRole.denied, "\(sql): \(state?.rawValue ?? "done")")
                }
                let seen = try await role.query("SELECT \(Self.keyColumns) FROM api_keys")
                #expect(seen.count == 1, "what is granted of keys can be read")
            }
        }
    }

    @Test(
        "What a session can change by itself does not change whose rows it sees",
        arguments: [
            "SET sagaflow.tenant = 'bee'; SET ROLE sagaflow_reader",
            "SET search_path = pg_temp, public; CREATE TEMP TABLE reader_tenants AS SELECT session_user AS role_name, 'bee' AS tenant_id",
            "CREATE TEMP TABLE workflow_runs AS SELECT 'bee' AS tenant_id; SET search_path = public, pg_temp",
            """
            SET search_path = pg_temp, public;
            CREATE FUNCTION pg_temp.session_user() RETURNS name LANGUAGE sql AS $$ SELECT 'other'::name $$
            """,
            "SET plan_cache_mode = force_generic_plan; SET enable_indexscan = off; SET enable_hashagg = off",
        ])
    func tricks(session: String) async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            // The other's role is there to be looked like.
            try await ReaderRole.with(test, tenant: "bee") { (_: ReaderRole) async throws in
                try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                    for table in Self.shown.keys where table != "workflow_definitions" {
                        let theirs = Self.owned(
                            try #require(Self.shown[table]).replacing("workflow_runs", with: "public.workflow_runs"),
                            by: "bee")
                        let sql = "\(session); SELECT count(*) FROM public.\(table) WHERE \(theirs)"
                        #expect(try await role.value(sql) == "0", "\(table)")
                        let mine = theirs.replacing("'bee'", with: "'ant'")
                        let own = try await role.value("\(session); SELECT count(*) FROM public.\(table) WHERE \(mine)")
                        #expect(own != "0", "\(table)")
                    }
                }
            }
        }
    }

    @Test("A function of the reader's that tells what it is given is given no row of another tenant")
    func leakyFunction() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                let function = """
                    CREATE FUNCTION pg_temp.tell(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
                    BEGIN IF value LIKE '%MARK-bee%' THEN RAISE EXCEPTION 'seen'; END IF; RETURN true; END $$;
                    """
                for (table, column) in [
                    ("workflow_runs", "input"), ("run_journal", "events"), ("run_events", "data"),
                    ("workflow_runs", "tenant_id || ' MARK-' || tenant_id"),
                ] {
                    let sql = "\(function) SELECT count(*) > 0 FROM \(table) WHERE pg_temp.tell((\(column))::text)"
                    #expect(try await role.value(sql) == "t", "\(table).\(column)")
                }
                let statistics = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'"
                try await test.execute("ANALYZE")
                #expect(try await role.value(statistics) == "0", "the most common values are everybody's")
            }
        }
    }

    @Test(
        "Granted everything by mistake, a role still sees no other's row, by no partition's name either, and writes none"
    )
    func granted() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await Self.fill(test)
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                try await test.execute(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role.name)")
                let tables = try await test.query(
                    """
                    SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                        AND relname NOT IN ('schema_migrations', 'repeatable_migrations')
                    """
                ).compactMap { $0[0] }
                #expect(tables.count > 20)
                for table in tables {
                    let condition = Self.shown[table].map { Self.owned($0, by: "ant") } ?? "false"
                    let mine = try await test.value("SELECT count(*) FROM \(table) WHERE \(condition)")
                    #expect(try await role.value("SELECT count(*) FROM \(table)") == mine, "\(table)")
                    let before = try await test.query(
                        "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \(table) t")
                    _ = await role.refusal(of: "DELETE FROM \(table)")
                    let insert = "INSERT INTO \(table) SELECT * FROM \(table) LIMIT 1"
                    if condition != "false" && mine != "0" {
                        #expect(await role.refusal(of: insert) != nil, "\(table)")
                    }
                    let after = try await test.query(
                        "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM \(table) t")
                    #expect(after == before, "\(table)")
                }
                for (table, column) in [("reader_tenants", "tenant_id"), ("workflow_runs", "tenant_id")] {
                    _ = await role.refusal(of: "UPDATE \(table) SET \(column) = 'bee'")
                    let changed = try await test.value("SELECT count(*) FROM \(table) WHERE \(column) = 'ant'")
                    #expect(changed != "0", "\(table)")
                }
            }
        }
    }

    @Test("Partitions that are made later hide their rows as well")
    func laterPartition() async throws {
        try await TestDatabase.with { (test: TestDatabase) async throws in
            try await ReaderRole.with(test, tenant: "ant") { (role: ReaderRole) async throws in
                let made = try await test.query(
                    """
                    SELECT create_run_partition(t, '2031-01-01', '2031-01-08') FROM unnest(partitioned_tables()) t;
                    INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                        created_at, updated_at, snapshot_seq, snapshot_at)
                    SELECT (left(first_run_id('2031-01-02')::text, 35) || n)::uuid,
                        CASE WHEN n > 1 THEN 'bee' ELSE 'ant' END, 'w', '1.0.0', 'PENDING', '{}', '{}', now(), now(), 1, now()
                    FROM generate_series(1, 3) n;
                    INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
                    SELECT run_id, 1, 1, now(), 0, '[{}]' FROM workflow_runs;
                    SELECT tableoid::regclass FROM workflow_runs UNION SELECT tableoid::regclass FROM run_journal ORDER BY 1
                    """
                ).compactMap { $0[0] }
                #expect(made == ["workflow_runs_p20310101t0000", "run_journal_p20310101t0000"])
                for (table, partition) in zip(["workflow_runs", "run_journal"], made) {
                    #expect(try await role.value("SELECT count(*) FROM \(table)") == "1")
                    #expect(await role.refusal(of: "SELECT FROM \(partition)") == ReaderRole.denied)
                    try await test.execute("GRANT SELECT ON \(partition) TO \(role.name)")
                    #expect(try await role.value("SELECT count(*) FROM \(partition)") == "0")
                }
                try await test.execute("DROP TABLE \(made.joined(separator: ", "))")
            }
        }
    }
}
