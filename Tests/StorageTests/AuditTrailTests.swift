import Core
import Postgres
import Storage
import Testing
import TestSupport

@Suite("The audit trail can be trusted")
struct AuditTrailTests {
    private static func verify(
        _ test: TestDatabase, expected: [AuditHead] = [], pageSize: Int = 2
    ) async throws -> AuditVerifier.Report {
        try await AuditVerifier(pool: test.database.reads, pageSize: pageSize).verify(expected: expected)
    }

    /// Rows of the tenants `acme` and `other`.
    private static func fill(_ test: TestDatabase, rows: Int = 5) async throws {
        for index in 0..<rows {
            _ = try await test.database.writes.execute(
                WriteRefusals([
                    .sample(tenant: "acme", actor: "a\(index)"), .sample(tenant: "other", actor: "o\(index)"),
                ]))
        }
    }

    @Test("what SQL hashes Swift hashes alike, whatever stands in a row: bytes beyond ASCII, nothing, and much")
    func hashes() async throws {
        try await TestDatabase.with { test in
            let store = DefinitionStore(pool: test.database.writes)
            try await test.register(try .sampleChain(1))
            let origin = CallOrigin(address: "2001:db8::7", requestID: "käse 1:2,", traceID: "ab")
            _ = try await store.pause(
                "sample-chain", of: .shared, by: "ännchen", reason: String(repeating: "ü\"\\", count: 300),
                starts: .wait,
                origin: origin)
            _ = try await store.resume("sample-chain", of: .shared, by: "b", reason: nil)
            _ = try await test.database.writes.execute(
                CreateAPIKey(
                    keyID: "k", name: "ann", scope: RunScope(tenants: .one("tenant: 1,"), workflows: .all),
                    digest: Array(repeating: 1, count: 32),
                    roles: ["viewer"], expiresAt: .now, by: "tests", origin: origin))
            _ = try await test.database.writes.execute(WriteRefusals([.sample(), .sample(tenant: "*")]))
            try await test.tamper("SET LOCAL TimeZone = 'Asia/Kathmandu'; SELECT 1")
            let report = try await Self.verify(test)
            #expect(report.flaws == [] && report.rowCount == 6, "\(report.flaws)")
            #expect(report.heads.map(\.text).map { $0.prefix(8) }.count == 3)
            let rows = try await test.database.reads.execute(
                ListAuditEntries(AuditQuery(tenants: .one("tenant: 1,")), limit: 10))
            #expect(rows.map(\.action) == ["create_key"] && rows.first?.requestID == "käse 1:2,")
            #expect(rows.first?.clientAddress == "2001:db8::7" && rows.first?.traceID == "ab")
        }
    }

    @Test("a row is its tenant's whose run or key it is, and everybody's where all have it together")
    func tenants() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            try await engine.start([.sample(definition)])
            try await test.execute("UPDATE workflow_runs SET tenant_id = 'acme'")
            let runID = try #require(RunID(try await test.value("SELECT run_id FROM workflow_runs") ?? ""))
            let inbox = RunInbox(database: test.database)
            for kind in [
                InboxRequest.Kind.pause(reason: "wait", holdsDeadline: false), .cancel(reason: "no"),
                .cancel(reason: "no, again"),
            ] {
                #expect(try await inbox.ask(runID, InboxRequest(kind, sentBy: "ann")) == .accepted)
            }
            _ = try await test.database.writes.execute(PauseParticipant("none", by: "ann", reason: "no"))
            _ = try await test.database.writes.execute(
                PutParticipant(
                    "demo", url: "http://x", maxConcurrent: nil, headers: [:], breaker: nil, updatedBy: "ann"))
            // A cancel that waits already changes nothing, nor does a pause of what there is not.
            #expect(
                try await test.query(
                    """
                    SELECT tenant_id, action FROM audit_trail WHERE action <> 'register_workflow'
                    ORDER BY tenant_id DESC, number
                    """)
                    == [["acme", "pause_run"], ["acme", "cancel_run"], ["*", "put_participant"]])
        }
    }

    @Test("payloads are not in the audit: neither what a signal says nor an output that a person gives")
    func payloads() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sample(
                name: "waits", steps: [["id": "go", "await": ["signal": "go"]]])
            let engine = TestEngine(test, definition)
            try await engine.start([.sample(definition)])
            let runID = try #require(RunID(try await test.value("SELECT run_id FROM workflow_runs") ?? ""))
            let inbox = RunInbox(database: test.database)
            let signal = InboxRequest(.signal(name: "go", payload: "canary", key: "k"), sentBy: "ann")
            #expect(try await inbox.ask(runID, signal) == .accepted)
            #expect(try await inbox.ask(runID, signal) == .accepted, "the same again is none")
            let quiet = InboxRequest(.signal(name: "go", payload: "canary", key: "l"), sentBy: "ann")
            #expect(try await inbox.ask(runID, quiet, isAudited: false) == .accepted)
            let settle = InboxRequest(
                .settle(stepID: "go", .complete, output: "canary", reason: "by hand"), sentBy: "ann")
            _ = try await test.database.writes.execute(
                SendToRun(runID: runID, request: settle, action: .settleStep))
            #expect(
                try await test.query("SELECT action, detail::text FROM audit_trail WHERE subject LIKE 'runs/%'")
                    == [
                        ["signal_run", #"{"name":"go"}"#],
                        ["settle_step", #"{"stepId":"go","as":"complete","reason":"by hand"}"#],
                    ])
        }
    }

    @Test(
        "many writers of many tenants in any order: every row has its number, none waits for another for ever",
        .timeLimit(.minutes(2)))
    func crowd() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<40).map { _ in .sample(definition) })
            try await test.execute(
                """
                UPDATE workflow_runs r SET tenant_id = 't' || (n.place % 4)
                FROM (SELECT run_id, row_number() OVER (ORDER BY run_id DESC) AS place FROM workflow_runs) n
                WHERE n.run_id = r.run_id;
                UPDATE workflow_runs SET status = 'FAILED', cause = 'STEP_FAILED',
                    error = '{"kind": "quarantined", "message": "x"}';
                DELETE FROM outbox
                """)
            let runs = try await test.query("SELECT run_id FROM workflow_runs ORDER BY run_id").compactMap { $0[0] }
                .compactMap { RunID($0) }
            // Without the half second after which others give up: whoever waits for ever is the server's to tell.
            let pool = Pool(test.configuration, maximumSize: 12)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<12 {
                    group.addTask {
                        for turn in 0..<10 {
                            let tenants = (0..<4).map { "t\(($0 * (writer % 2 == 0 ? 1 : 3) + turn) % 4)" }
                            switch writer % 3 {
                            case 0:
                                let request = InboxRequest(.retry(stepID: nil), sentBy: "w")
                                _ = try await pool.execute(
                                    SendToEndedRuns(
                                        runIDs: runs.shuffled(), request: request, action: .retryRun, repeats: false))
                            default:
                                _ = try await pool.execute(
                                    WriteRefusals(tenants.map { .sample(tenant: $0, actor: "w\(writer)") }))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            await pool.close()
            let report = try await Self.verify(test, pageSize: 7)
            #expect(report.flaws == [])
            // Each run is asked once: then something is asked of it already.
            let heads = report.heads.filter { $0.tenantID != "*" }
            #expect(heads.count == 4 && heads.map(\.number).reduce(0, +) == 8 * 10 * 4 + 40)
        }
    }

    @Test(
        "whoever changes a row past the triggers is found, with the row",
        arguments: [
            ("UPDATE audit_trail SET actor = 'x' WHERE tenant_id = 'acme' AND number = 3", .changed("acme", number: 3)),
            (
                "UPDATE audit_trail SET detail = '{ }' WHERE number = 1 AND tenant_id = 'acme'",
                .changed("acme", number: 1)
            ),
            (
                "UPDATE audit_trail SET at = at + interval '1 microsecond' WHERE tenant_id = 'acme' AND number = 5",
                .changed("acme", number: 5)
            ),
            (
                """
                UPDATE audit_trail SET actor = 'x' WHERE tenant_id = 'acme' AND number = 3;
                UPDATE audit_trail t SET hash = audit_hash(t) WHERE tenant_id = 'acme' AND number = 3
                """, .misplaced("acme", number: 4)
            ),
            (
                "DELETE FROM audit_trail WHERE tenant_id = 'acme' AND number = 2",
                .missing("acme", number: 2, through: 2)
            ),
            (
                "DELETE FROM audit_trail WHERE tenant_id = 'acme' AND number > 3",
                .missing("acme", number: 4, through: 5)
            ),
            ("DELETE FROM audit_trail WHERE tenant_id = 'acme'", .missing("acme", number: 1, through: 5)),
            (
                """
                INSERT INTO audit_trail SELECT 'acme', 6, at, actor, action, subject, outcome, reason, client_address,
                    request_id, trace_id, detail, previous_hash, hash FROM audit_trail WHERE tenant_id = 'acme' AND number = 5
                """, .outside("acme", number: 6)
            ),
            (
                "UPDATE audit_heads SET anchor_number = 1, anchor_hash = (SELECT hash FROM audit_trail "
                    + "WHERE tenant_id = 'acme' AND number = 1) WHERE tenant_id = 'acme'", .outside("acme", number: 1)
            ),
            (
                "UPDATE audit_heads SET last_hash = anchor_hash WHERE tenant_id = 'acme'",
                .headDiffers("acme", number: 5)
            ),
            ("DELETE FROM audit_heads WHERE tenant_id = 'acme'", .headless("acme")),
        ] as [(String, AuditFlaw)])
    func tampering(_ sql: String, _ flaw: AuditFlaw) async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test)
            #expect(try await Self.verify(test).flaws == [])
            try await test.tamper(sql)
            #expect(try await Self.verify(test).flaws == [flaw])
        }
    }

    @Test("two rows that changed places are found")
    func exchanged() async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test)
            try await test.tamper(
                """
                UPDATE audit_trail SET number = 99 WHERE tenant_id = 'acme' AND number = 2;
                UPDATE audit_trail SET number = 2 WHERE tenant_id = 'acme' AND number = 3;
                UPDATE audit_trail SET number = 3 WHERE tenant_id = 'acme' AND number = 99
                """)
            #expect(
                try await Self.verify(test).flaws
                    == [.changed("acme", number: 2), .changed("acme", number: 3), .misplaced("acme", number: 4)])
        }
    }

    @Test("a chain that was cut with its head, or written anew, is told by a head that was noted elsewhere")
    func noted() async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test)
            let noted = try await AuditVerifier(pool: test.database.reads).heads()
            #expect(noted.map(\.number) == [5, 5])
            try await Self.fill(test, rows: 2)
            #expect(try await Self.verify(test, expected: noted).flaws == [])
            try await test.tamper(
                """
                DELETE FROM audit_trail WHERE number > 3;
                UPDATE audit_heads h SET last_number = 3, last_hash = t.hash FROM audit_trail t
                WHERE t.tenant_id = h.tenant_id AND t.number = 3
                """)
            #expect(try await Self.verify(test).flaws == [])
            #expect(
                try await Self.verify(test, expected: noted).flaws
                    == [.cut("acme", number: 5, last: 3), .cut("other", number: 5, last: 3)])
            try await test.tamper("DELETE FROM audit_trail; DELETE FROM audit_heads")
            #expect(
                try await Self.verify(test, expected: noted).flaws
                    == [.gone("acme", number: 5), .gone("other", number: 5)])
            try await Self.fill(test, rows: 6)
            #expect(try await Self.verify(test).flaws == [])
            #expect(
                try await Self.verify(test, expected: noted).flaws
                    == [.notedDiffers("acme", number: 5), .notedDiffers("other", number: 5)])
        }
    }

    @Test(
        "rows are not changed, removed or emptied, nor are heads moved, as long as nobody turns the triggers off",
        arguments: [
            "UPDATE audit_trail SET actor = 'x'", "UPDATE audit_trail SET actor = 'x' WHERE false",
            "DELETE FROM audit_trail WHERE number = 5", "TRUNCATE audit_trail", "TRUNCATE audit_heads",
            "DELETE FROM audit_heads", "UPDATE audit_heads SET last_number = 2",
            "UPDATE audit_heads SET last_number = 7", "UPDATE audit_heads SET last_hash = anchor_hash",
            "UPDATE audit_heads SET anchor_number = 2",
            "UPDATE audit_heads SET tenant_id = 'x' WHERE tenant_id = 'acme'",
            "INSERT INTO audit_trail (tenant_id, actor, action, outcome) VALUES ('acme', 'x', 'x', 'refused')",
            "INSERT INTO audit_trail (tenant_id, actor, action, outcome) VALUES ('acme', 'x', 'x', 'perhaps')",
        ])
    func appendOnly(_ sql: String) async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test)
            await #expect(throws: PostgresError.self) { try await test.execute(sql) }
            #expect(try await Self.verify(test).flaws == [])
            #expect(try await test.value("SELECT count(*) FROM audit_trail") == "10")
        }
    }

    @Test("a number, a time or a hash that a writer brings along counts for nothing")
    func writersNumbers() async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test, rows: 1)
            try await test.execute(
                """
                INSERT INTO audit_trail (tenant_id, actor, action, number, at, hash, previous_hash)
                VALUES ('acme', 'x', 'x', 77, '2001-01-01', '\\x00', '\\x00')
                """)
            #expect(try await Self.verify(test).flaws == [])
            #expect(
                try await test.query("SELECT max(number), min(at) > now() - interval '1 hour' FROM audit_trail")
                    == [["2", "t"]])
        }
    }

    @Test("retention removes the oldest rows of each chain, piece by piece, and what is left is still verified")
    func retention() async throws {
        try await TestDatabase.with { test in
            try await Self.fill(test)
            let noted = try await AuditVerifier(pool: test.database.reads).heads()
            let retain = RetainAudit(age: .seconds(86_400), limit: 2)
            #expect(try await test.database.writes.execute(retain) == [])
            for tenant in ["acme", "other"] { try await test.age(rows: 3, of: tenant, by: "2 days") }
            #expect(try await Self.verify(test).flaws == [])
            var removed: [Int] = []
            while let more = try await test.database.writes.execute(retain).first { removed.append(more) }
            #expect(removed == [2, 1, 2, 1])
            let report = try await Self.verify(test)
            #expect(report.flaws == [] && report.rowCount == 4)
            #expect(
                try await Self.verify(test, expected: [AuditHead(tenantID: "acme", number: 2, hash: noted[0].hash)])
                    .flaws
                    == [.notedRemoved("acme", number: 2)])
            try await Self.fill(test, rows: 1)
            #expect(try await Self.verify(test).flaws == [])
            #expect(try await test.query("SELECT min(number), max(number) FROM audit_trail") == [["4", "6"]])
        }
    }

    @Test("a row and its change are written together, or neither is")
    func together() async throws {
        try await TestDatabase.with { test in
            try await test.execute("ALTER TABLE audit_trail ADD CONSTRAINT full_up CHECK (actor <> 'nobody')")
            let put = PutParticipant(
                "demo", url: "http://x", maxConcurrent: nil, headers: [:], breaker: nil, updatedBy: "nobody")
            await #expect(throws: PostgresError.self) { try await test.database.writes.execute(put) }
            #expect(try await test.value("SELECT count(*) FROM participants") == "0")
            #expect(try await test.value("SELECT count(*) FROM audit_heads") == "0")
        }
    }
}
