import Checker
import Core
import Foundation
import TestSupport
import Testing

extension NemesisTests {
    /// One of two tenants that share API, engines, participants and workflows.
    private struct Tenant: Sendable {
        /// A word that stands nowhere else.
        let id: String
        /// In every payload of its runs, and in nothing that is not its own.
        let mark: String
        /// The first number of its orders, so that participants know them apart.
        let first: Int
        let credential: [(String, String)]
        var acknowledged: [Acknowledgement] = []

        func with(_ acknowledged: [Acknowledgement]) -> Tenant {
            var tenant = self
            tenant.acknowledged = acknowledged
            return tenant
        }
    }

    private static let orders = 60

    @Test(
        """
        two tenants at once, 30 % failures, engines SIGKILLed in turn: all runs end, the invariants hold, and neither tenant has \
        or is shown anything of the other, in rows, answers, streams, audit and reports; metrics and logs tell nothing of either
        """, .timeLimit(.minutes(4)))
    func twoTenants() async throws {
        let seed = UInt64.random(in: 1...999_999)
        print("TEST_SEED=\(seed)")
        try await Deployment.with { (system: Deployment) async throws in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0.3, seed: seed)
            let logs = ["LOG_LEVEL": "trace", "AUTH": "required"]
            let rates = ["--admin-burst", "1000", "--admin-rate", "1000/1s", "--admin-address-rate", "10000/1s"]
            try await system.startAPI("api", port: port, rates, logs)
            try await system.register(port: port)
            let quokka = try await tenant("quokka", mark: "MARK-A", first: 0, system, port: port)
            let xylem = try await tenant("xylem", mark: "MARK-B", first: 1000, system, port: port)

            let engine = ["--lease", "2s", "--poll", "200ms", "--max-in-flight", "200"]
            var ports: [String: Int] = [:]
            for name in ["engine-1", "engine-2"] { ports[name] = try system.startEngine(name, engine, logs) }
            async let first = start(quokka, system, port: port, seed: seed)
            async let second = start(xylem, system, port: port, seed: seed)
            for name in ["engine-1", "engine-2", "engine-1"] {
                try await Task.sleep(for: .milliseconds(1500))
                #expect(await system.kill(name), "\(name) ended by itself")
                if name == "engine-2" { try await registerOwn(quokka, system, port: port) }
                ports[name] = try system.startEngine(name, engine, logs)
            }
            let both = [quokka.with(try await first), xylem.with(try await second)]
            try await system.untilAllTerminal(.seconds(120))
            try await system.until(.seconds(20), "nothing is left to do") {
                try await system.test.value("SELECT count(*) FROM outbox") == "0"
            }

            let owners = try await system.test.query(
                """
                SELECT DISTINCT tenant_id, definition_owner FROM workflow_runs WHERE workflow_name = 'order-processing'
                ORDER BY 1, 2 NULLS FIRST
                """)
            #expect(owners == [["quokka", nil], ["quokka", "quokka"], ["xylem", nil]])
            for (mine, other) in zip(both, both.reversed()) {
                try await expectRowsApart(mine, other, system)
                try await expectAnswersApart(mine, other, system, port: port)
            }
            try await expectSilence(system, both, ports: [port] + ports.values)
            var options = Checker.Options()
            options.minimums.runs = 2 * Self.orders
            options.minimums.takeovers = 2
            options.minimums.compensated = 5
            options.minimums.retries = 20
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] },
                acknowledged: both.flatMap(\.acknowledged), options: options)
            let isPassed = report.isPassed
            #expect(isPassed, "TEST_SEED=\(seed)\n\(report.text)")
        }
    }

    // MARK: Parts

    private func tenant(
        _ id: String, mark: String, first: Int, _ system: Deployment, port: Int
    ) async throws -> Tenant {
        let body: JSON = [
            "name": .string("k\(first)"), "tenant": .string(id), "roles": ["admin", "payloads:read"],
        ]
        let made = try await system.admin("POST", port: port, "/v1/admin/api-keys", body)
        let key = try #require(made.json["key"]?.string, "\(made.json.text)")
        return Tenant(id: id, mark: mark, first: first, credential: [("Authorization", "Bearer \(key)")])
    }

    /// A tenant's own in the place of the shared workflow, of the same version, while its runs are under way.
    private func registerOwn(_ tenant: Tenant, _ system: Deployment, port: Int) async throws {
        let path = "/v1/workflows/order-processing"
        let latest = try await system.http.send("GET", port: port, path, headers: tenant.credential).json["latest"]?
            .string
        let shared = try await system.http.send(
            "GET", port: port, "\(path)/\(latest ?? "")", headers: tenant.credential)
        var own = try #require(shared.json["definition"], "\(shared.text)")
        own["description"] = .string(tenant.mark)
        let answer = try await system.http.send(
            "POST", port: port, "/v1/admin/workflows", own, headers: tenant.credential)
        #expect(answer.status == 201 && answer.json["tenant"]?.string == tenant.id, "\(answer.text)")
    }

    /// Starts a tenant's orders over some five seconds and cancels a few while they run.
    private func start(
        _ tenant: Tenant, _ system: Deployment, port: Int, seed: UInt64
    ) async throws -> [Acknowledgement] {
        var random = Dice(seed: seed &+ UInt64(tenant.first))
        let orders = (0..<Self.orders).map { Order(tenant.first + $0, named: tenant.mark, using: &random) }
        var acknowledged: [Acknowledgement] = []
        for order in orders {
            let answer = try await order.start(system, port: port, as: tenant.credential)
            acknowledged.append(answer)
            if order.isCancelled {
                let cancel = try await system.http.send(
                    "POST", port: port, "/v1/runs/\(answer.runID)/cancel", [:], headers: tenant.credential)
                #expect(cancel.status == 202 || cancel.status == 409, "\(cancel)")
            }
            try await Task.sleep(for: .milliseconds(80))
        }
        return acknowledged
    }

    /// Whatever has a tenant or a run: the rows of one hold nothing of the other.
    private func expectRowsApart(_ mine: Tenant, _ other: Tenant, _ system: Deployment) async throws {
        let tables = try await system.test.query(
            """
            SELECT c.relname, min(a.attname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
                AND a.attname IN ('run_id', 'tenant_id') AND c.relname NOT IN ('workflow_definitions', 'workflow_pauses')
            GROUP BY 1
            """)
        var marked: Set<String> = []
        for row in tables {
            let table = try #require(row[0])
            let condition =
                row[1] == "run_id"
                ? "t.run_id IN (SELECT run_id FROM workflow_runs WHERE tenant_id = '\(mine.id)')"
                : "t.tenant_id = '\(mine.id)'"
            let texts = try await system.test.query(
                "SELECT row_to_json(t)::text FROM \(table) t WHERE \(condition)"
            ).compactMap { $0[0] }
            if texts.contains(where: { $0.contains(mine.mark) }) { marked.insert(table) }
            let mixed = texts.first { $0.contains(other.mark) || $0.contains(other.id) }
            #expect(mixed == nil, "\(table): \(mixed?.prefix(600) ?? "")")
        }
        #expect(
            marked.isSuperset(of: ["workflow_runs", "run_journal", "idempotency_keys", "run_events", "run_steps"]),
            "only \(marked) prove anything")
        let all = "SELECT count(*) FROM workflow_runs WHERE tenant_id = '\(mine.id)'"
        #expect(try await system.test.value(all) == "\(Self.orders)")
    }

    /// Through a tenant's key: all of its own, and of the other not even that it is there.
    private func expectAnswersApart(_ mine: Tenant, _ other: Tenant, _ system: Deployment, port: Int) async throws {
        func get(_ path: String, _ accept: String = "application/json") async throws -> HTTP.Answer {
            let answer = try await system.http.send(
                "GET", port: port, path, headers: mine.credential + [("Accept", accept)])
            #expect(
                !answer.text.contains(other.mark) && !answer.text.contains(other.id),
                "\(path): \(answer.text.prefix(600))")
            return answer
        }
        var seen: Set<String> = []
        var cursor = ""
        repeat {
            let page = try await get("/v1/runs?limit=50&include=payloads" + cursor)
            #expect(page.status == 200, "\(page.text)")
            seen.formUnion(page.json["runs"]?.array?.compactMap { $0["runId"]?.string } ?? [])
            cursor = page.json["nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == Set(mine.acknowledged.map(\.runID.description)))
        for path in [
            "/v1/runs?status=COMPLETED", "/v1/runs?status=COMPENSATED", "/v1/admin/runs/failed",
            "/v1/admin/audit?limit=500",
            "/v1/admin/api-keys", "/v1/admin/tenants", "/v1/workflows",
        ] {
            #expect(try await get(path).status == 200, "\(path)")
        }
        let audit = try await get("/v1/admin/audit", "application/x-ndjson")
        #expect(audit.text.contains("cancel_run") && audit.text.contains(mine.id), "the audit proves nothing")
        // Asked for by name, the other's tenant may be repeated by no answer but a refusal.
        let asked = try await system.http.send(
            "GET", port: port, "/v1/runs?tenantId=\(other.id)", headers: mine.credential)
        #expect(
            !asked.text.contains(other.mark) && asked.json["runs"]?.array?.isEmpty != false, "\(asked.text.prefix(600))"
        )
        var marked = 0
        for acknowledgement in mine.acknowledged.prefix(10) {
            let run = "/v1/runs/\(acknowledgement.runID)"
            #expect(try await get(run).text.contains(mine.mark))
            let stream = try await get(run + "/events", "text/event-stream").text
            if stream.contains(mine.mark) { marked += 1 }
            #expect(try await get("/v1/admin/reports/runs/\(acknowledgement.runID)").text.contains(mine.mark))
        }
        #expect(marked > 0, "no stream has shown what participants answered")
        for acknowledgement in other.acknowledged {
            let run = "/v1/runs/\(acknowledgement.runID)"
            for path in [run, run + "/events", "/v1/admin/reports/runs/\(acknowledgement.runID)"] {
                #expect(try await get(path).status == 404, "\(path)")
            }
            #expect(try await get(run + "/events", "text/event-stream").status == 404)
            let children = try await get("/v1/runs?parent=\(acknowledgement.runID)")
            #expect(children.json["runs"]?.array?.isEmpty != false)
        }
    }

    /// No metric names a tenant, no line of a log holds a payload or two tenants.
    private func expectSilence(_ system: Deployment, _ tenants: [Tenant], ports: [Int]) async throws {
        for port in ports {
            let text = try await Scrape(system, port: port).text
            for tenant in tenants {
                #expect(!text.contains(tenant.id) && !text.contains(tenant.mark), "a metric names a tenant")
            }
            #expect(!text.contains("tenant=") && !text.contains("tenantId="))
        }
        for name in ["api", "engine-1", "engine-2"] {
            let lines = try system.output(of: name).split(separator: "\n")
            #expect(lines.count > (name == "api" ? 20 : 100), "\(name) has said little")
            for line in lines {
                #expect(!tenants.contains { line.contains($0.mark) }, "\(name): \(line.prefix(600))")
                #expect(!tenants.allSatisfy { line.contains($0.id) }, "\(name): \(line.prefix(600))")
            }
        }
    }
}
