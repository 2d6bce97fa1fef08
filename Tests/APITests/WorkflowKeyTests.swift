import Core
import HTTPTypes
import Testing

@testable import API

@Suite("Which workflows a key is for")
struct WorkflowKeyTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let settings = [
        "AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s",
    ]

    private static func key(
        _ api: TestAPI, _ roles: [String], _ workflows: [String]?, tenant: String = "*"
    ) async throws -> [String: String] {
        var body: JSON = [
            "name": "k", "tenant": .string(tenant), "roles": .array(roles.map { .string($0) }),
        ]
        if let workflows { body["workflows"] = .array(workflows.map { .string($0) }) }
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.json["workflows"] == body["workflows"] ?? .null)
        return ["Authorization": "Bearer \(try #require(answer.json["key"]?.string))"]
    }

    private static func routes(_ api: TestAPI) throws -> [Route] {
        APIProcess(try TestAPI.configuration([:], api.database), logger: TestAPI.quiet).buildRoutes()
    }

    private static func path(_ route: Route, run: String, workflow: String) -> String {
        route.path.split(separator: "/").map { part in
            switch part {
            case ":runId": run
            case ":version": "1.0.0"
            case ":name": route.namesWorkflow ? workflow : "nothing"
            case _ where part.hasPrefix(":"): "nothing"
            default: String(part)
            }
        }.map { "/\($0)" }.joined()
    }

    private static func shape(_ answer: Answer, _ names: String...) -> String {
        names.reduce("\(answer.status) \(answer.text)") { $0.replacing($1, with: "X") }
    }

    @Test(
        "on every route, whatever the role and the tenant: what is of other workflows is as unknown as what there is not",
        arguments: ["*", "default"])
    func everyRoute(tenant: String) async throws {
        try await TestAPI.with(Self.settings) { api in
            for name in ["orders-eu", "refund"] {
                // A key of one tenant changes what is that tenant's.
                let registered = try await api.client.send(
                    "POST", "/v1/admin/workflows?tenant=\(tenant)",
                    body:
                        #"{"name":"\#(name)","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}"#,
                    Self.admin)
                #expect(registered.status == 201, "\(registered.text)")
            }
            let mine = try await api.client.send("POST", "/v1/workflows/orders-eu/start", body: "{}", Self.admin)
            let other = try await api.client.send("POST", "/v1/workflows/refund/start", body: "{}", Self.admin)
            let (own, foreign) = (
                try #require(mine.json["runId"]?.string), try #require(other.json["runId"]?.string)
            )
            let nobodys = RunID(high: 1, low: 1).description
            for route in try Self.routes(api) where route.path.contains(":name") || route.path.contains(":version") {
                let isOfOthers = route.path.contains("/participants/:name") || route.path.contains("/signals/:name")
                #expect(route.namesWorkflow != isOfOthers, "\(route.path): the gate knows whose name that is")
            }
            for role in Role.allCases {
                let key = try await Self.key(api, [role.rawValue], ["orders-*", "nothing-else"], tenant: tenant)
                let scope = RunScope(
                    tenants: TenantScope(name: tenant), workflows: WorkflowScope(stored: ["orders-*", "nothing-else"]))
                for route in try Self.routes(api) {
                    let name = "\(role) \(route.method) \(route.path)"
                    func ask(_ run: String, _ workflow: String) async throws -> Answer {
                        try await api.client.send(
                            route.method.rawValue, Self.path(route, run: run, workflow: workflow),
                            body: route.method == .get ? nil : "{}", key)
                    }
                    guard let needed = route.needs else { continue }
                    guard role.permissions.contains(needed), needed.canBeHad(for: scope) else {
                        let refused = try await ask(own, "orders-eu")
                        #expect(
                            refused.status == 403 && refused.problem == "missing-permission", "\(name): \(refused.text)"
                        )
                        continue
                    }
                    guard route.namesRun || route.namesWorkflow else { continue }
                    let (theirs, none) = (
                        try await ask(foreign, "refund"), try await ask(nobodys, "unheard-of")
                    )
                    let kind = route.namesWorkflow ? "unknown-workflow" : "unknown-run"
                    #expect(theirs.status == 404 && theirs.problem == kind, "\(name): \(theirs.text)")
                    #expect(
                        Self.shape(theirs, foreign, "refund") == Self.shape(none, nobodys, "unheard-of"), "\(name)")
                    let ours = try await ask(own, "orders-eu")
                    #expect(
                        ![401, 403].contains(ours.status)
                            && !["unknown-run", "unknown-workflow"].contains(ours.problem), "\(name): \(ours.text)")
                }
            }
            let inbox = try await api.database.value("SELECT count(*) FROM run_inbox WHERE run_id = '\(foreign)'")
            #expect(inbox == "0")
            let runs = try await api.database.value("SELECT count(*) FROM workflow_runs WHERE workflow_name = 'refund'")
            #expect(runs == "1", "none was started")
        }
    }

    @Test("lists show what matches, whichever way they are asked, and retries of many leave the others out")
    func lists() async throws {
        try await TestAPI.with(Self.settings) { api in
            for name in ["orders-eu", "orders-us", "refund", "w"] { try await api.register(name) }
            let headers = Self.admin.merging(["X-Correlation-Id": "c-1"]) { $1 }
            var ids: [String: String] = [:]
            for name in ["refund", "orders-eu", "w", "orders-us"] {
                ids[name] = try await api.start(name, headers)
            }
            // A child of one that matches, of a workflow that does not; and the calls after the end of one that does.
            let parent = try #require(ids["orders-eu"])
            try await api.database.query(
                "UPDATE workflow_runs SET parent_run_id = '\(parent)', parent_step = 'a' WHERE workflow_name = 'refund'"
            )
            try await api.database.query(
                "UPDATE workflow_runs SET workflow_name = 'orders-us:onEnd' WHERE workflow_name = 'orders-us'")
            let key = try await Self.key(api, ["viewer", "operator"], ["orders-*"])
            func names(_ path: String, _ key: [String: String]) async throws -> [String] {
                let list = try await api.client.send("GET", path, key)
                #expect(list.status == 200 && list.json["nextCursor"] == .null, "\(list.text)")
                return list.json["runs"]?.array?.compactMap { $0["workflowName"]?.string }.sorted() ?? []
            }
            let both = ["orders-eu", "orders-us:onEnd"]
            for query in [
                "", "?include=payloads", "?status=PENDING", "?correlationId=c-1", "?status=PENDING&include=payloads",
                "?createdAfter=2020-01-01T00:00:00Z",
            ] { #expect(try await names("/v1/runs\(query)", key) == both, "\(query)") }
            for query in ["?workflow=refund", "?parent=\(parent)", "?status=COMPLETED", "?waitingFor=signal"] {
                #expect(try await names("/v1/runs\(query)", key) == [], "\(query)")
            }
            #expect(try await names("/v1/runs?parent=\(parent)", Self.admin) == ["refund"])
            let one = try await Self.key(api, ["viewer"], ["*-eu", "w"])
            #expect(try await names("/v1/runs", one) == ["orders-eu", "w"])
            let workflows = try await api.client.send("GET", "/v1/workflows", key).json["workflows"]?.array
            #expect(workflows?.compactMap { $0["name"]?.string } == ["orders-eu", "orders-us"])

            for (_, id) in ids { try await api.database.end(id, status: "FAILED") }
            #expect(try await names("/v1/admin/runs/failed", key) == both)
            #expect(try await names("/v1/runs?status=FAILED", key) == both)
            let retried = try await api.client.send("POST", "/v1/admin/runs/failed/retry", body: "{}", key)
            #expect(retried.json["matched"] == 2 && retried.json["retried"]?.array?.count == 2, "\(retried.text)")
            #expect(
                try await api.database.value("SELECT count(*) FROM run_inbox WHERE run_id = '\(ids["refund"] ?? "")'")
                    == "0")
        }
    }

    @Test("a page is looked for among the newest runs, and says where it goes on, so that every run is found once")
    func window() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register("mine")
            try await api.register("loud")
            let first = try await api.start("mine", Self.admin)
            let sample = try await api.start("loud", Self.admin)
            let columns = try #require(
                try await api.database.value(
                    """
                    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
                    WHERE table_name = 'workflow_runs' AND column_name <> 'run_id'
                    """))
            try await api.database.query(
                """
                INSERT INTO workflow_runs (run_id, \(columns))
                SELECT (left('\(sample)', 24) || lpad(to_hex(n), 12, '0'))::uuid, \(columns)
                FROM workflow_runs, generate_series(1, 21000) n WHERE workflow_name = 'loud'
                """)
            let last = try await api.start("mine", Self.admin)
            let key = try await Self.key(api, ["viewer"], ["mine"])
            var (found, pages, cursor): ([String], Int, String?) = ([], 0, nil)
            repeat {
                let list = try await api.client.send(
                    "GET", "/v1/runs?limit=5" + (cursor.map { "&cursor=\($0)" } ?? ""), key)
                #expect(list.status == 200, "\(list.text)")
                found += list.json["runs"]?.array?.compactMap { $0["runId"]?.string } ?? []
                cursor = list.json["nextCursor"]?.string
                pages += 1
            } while cursor != nil && pages < 10
            #expect(found == [last, first] && pages == 3, "\(found) \(pages)")
            let all = try await api.client.send("GET", "/v1/runs?limit=5&workflow=mine", Self.admin)
            #expect(all.json["runs"]?.array?.count == 2 && all.json["nextCursor"] == .null)
        }
    }

    @Test("a key of some workflows registers those alone, and none that starts runs of others")
    func registers() async throws {
        try await TestAPI.with(Self.settings) { api in
            let key = try await Self.key(api, ["author"], ["orders-*"])
            func register(_ name: String, child: String? = nil, path: String = "") async throws -> Answer {
                let step =
                    child.map { #"{"id":"a","run":{"workflow":"\#($0)"}}"# }
                    ?? #"{"id":"a","action":{"participant":"p","path":"/"}}"#
                return try await api.client.send(
                    "POST", "/v1/admin/workflows\(path)",
                    body: #"{"name":"\#(name)","version":"1.0.0","steps":[\#(step)]}"#, key)
            }
            for path in ["", "/validate"] {
                for refused in [
                    try await register("refund", path: path), try await register("orders", path: path),
                    try await register("orders-a", child: "refund", path: path),
                ] {
                    #expect(refused.status == 403 && refused.problem == "missing-permission", "\(refused.text)")
                }
            }
            #expect(try await api.database.value("SELECT count(*) FROM workflow_definitions") == "0")
            #expect(try await register("orders-a").status == 201)
            #expect(try await register("orders-b", child: "orders-a").status == 201)
        }
    }

    @Test("a key of some workflows makes no keys, pauses nothing and sees no cluster, whatever it was given")
    func others() async throws {
        try await TestAPI.with(Self.settings) { api in
            let key = try await Self.key(api, Permission.allCases.map(\.rawValue), ["*"])
            for route in try Self.routes(api) {
                guard let needed = route.needs, !needed.isOfWorkflows else { continue }
                let answer = try await api.client.send(
                    route.method.rawValue, Self.path(route, run: RunID(high: 1, low: 1).description, workflow: "w"),
                    body: route.method == .get ? nil : "{}", key)
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(route.path): \(answer.text)")
            }
        }
    }

    @Test(
        "bad patterns",
        arguments: [
            (#""orders""#, ["/workflows"]), ("[]", ["/workflows"]), ("[1]", ["/workflows/0"]),
            (#"[""]"#, ["/workflows/0"]),
            (#"["a","A"]"#, ["/workflows/1"]), (#"["a","a"]"#, ["/workflows/1"]), (#"["a%"]"#, ["/workflows/0"]),
            (#"["a:onEnd"]"#, ["/workflows/0"]), ("{}", ["/workflows"]),
        ] as [(String, [String])])
    func bad(_ workflows: String, _ pointers: [String]) async throws {
        try await TestAPI.with { api in
            let body = #"{"name":"a","roles":["viewer"],"workflows":\#(workflows)}"#
            let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body, Self.admin)
            #expect(answer.status == 422 && answer.pointers == pointers, "\(answer.text)")
            #expect(try await api.database.value("SELECT count(*) FROM api_keys") == "0")
        }
    }

    @Test("patterns that can't be read any more let a key see nothing")
    func unreadable() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register("mine")
            let run = try await api.start("mine", Self.admin)
            let key = try await Self.key(api, ["viewer"], ["mine"])
            try await api.database.query("UPDATE api_keys SET workflows = '{mine,A_later_form}'")
            #expect(try await api.client.send("GET", "/v1/runs/\(run)", key).status == 404)
            #expect(try await api.client.send("GET", "/v1/runs", key).json["runs"] == [])
        }
    }
}
