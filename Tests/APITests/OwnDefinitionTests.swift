import Core
import HTTPTypes
import Testing

@testable import API

@Suite("Workflows of a tenant of its own")
struct OwnDefinitionTests {
    static let admin = ["X-Admin-Token": TestAPI.token]
    static let settings = [
        "AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s",
    ]

    private static func key(_ api: TestAPI, of tenant: String, _ roles: [String]) async throws -> [String: String] {
        let body: JSON = [
            "name": .string("k-\(tenant)"), "tenant": .string(tenant), "roles": .array(roles.map { .string($0) }),
        ]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
        return ["Authorization": "Bearer \(try #require(answer.json["key"]?.string))"]
    }

    static func definition(_ name: String, _ version: String = "1.0.0", steps: [String] = ["a"]) -> String {
        let list = steps.map { #"{"id":"\#($0)","action":{"participant":"p","path":"/x"}}"# }.joined(separator: ",")
        return #"{"name":"\#(name)","version":"\#(version)","steps":[\#(list)]}"#
    }

    static func register(
        _ api: TestAPI, _ body: String, query: String = "", _ headers: [String: String] = admin
    ) async throws -> Answer {
        try await api.client.send("POST", "/v1/admin/workflows\(query)", body: body, headers)
    }

    private static func routes(_ api: TestAPI) throws -> [Route] {
        APIProcess(try TestAPI.configuration([:], api.database), logger: TestAPI.quiet).buildRoutes()
    }

    private static func path(_ route: Route, _ workflow: String) -> String {
        route.path.replacing(":name", with: workflow).replacing(":version", with: "1.0.0")
    }

    /// What is enough of a body for each route.
    private static func body(_ route: Route) -> String? {
        if route.method == .get { return nil }
        return route.path.hasSuffix("/pause") ? #"{"reason":"r"}"# : "{}"
    }

    @Test(
        "an author registers, deprecates and restores what is its tenant's own, an operator pauses it; others see nothing of it"
    )
    func life() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register("w", steps: ["a", "b"])
            let ant = try await Self.key(api, of: "ant", ["author", "operator", "starter", "payloads:read"])
            let bee = try await Self.key(api, of: "bee", ["viewer", "starter"])
            let first = try await Self.register(api, Self.definition("w", "2.0.0"), ant)
            #expect(first.status == 201 && first.json["tenant"] == "ant", "\(first.text)")
            #expect(first.headers["location"] == "/v1/workflows/w/2.0.0")
            let hides = first.json["findings"]?.array?.first { $0["rule"] == "hides-shared" }
            #expect(hides?["severity"] == "note" && hides?["pointer"] == "/name", "\(first.text)")
            let again = try await Self.register(api, Self.definition("w", "2.0.0"), ant)
            #expect(again.status == 200 && !again.text.contains("hides-shared"), "\(again.text)")
            let taken = try await Self.register(api, Self.definition("w", "2.0.0", steps: ["z"]), ant)
            #expect(taken.status == 409 && taken.problem == "version-exists")
            // The same version with other content is another tenant's to register, and everybody's.
            #expect(try await Self.register(api, Self.definition("w", "2.0.0", steps: ["q"])).status == 201)

            func get(_ path: String, _ headers: [String: String]) async throws -> Answer {
                try await api.client.send("GET", path, headers)
            }
            let mine = try await get("/v1/workflows/w", ant)
            #expect(mine.json["tenant"] == "ant" && mine.json["versionCount"] == 1 && mine.json["latest"] == "2.0.0")
            let theirs = try await get("/v1/workflows/w", bee)
            #expect(theirs.json["tenant"] == "*" && theirs.json["versionCount"] == 2)
            #expect(try await get("/v1/workflows/w/1.0.0", ant).problem == "unknown-workflow", "its own are all it has")
            #expect(try await get("/v1/workflows/w/2.0.0", ant).json["definition"]?["steps"]?[0]?["id"] == "a")
            #expect(try await get("/v1/workflows/w/2.0.0", bee).json["definition"]?["steps"]?[0]?["id"] == "q")
            #expect(
                try await get("/v1/workflows/w/1.0.0?tenant=*", ant).json["tenant"] == "*", "what is shared is for all")

            func run(_ headers: [String: String], _ body: String = "{}") async throws -> Answer {
                let started = try await api.client.send("POST", "/v1/workflows/w/start", body: body, headers)
                guard let id = started.json["runId"]?.string else { return started }
                return try await get("/v1/runs/\(id)", headers)
            }
            let own = try await run(ant)
            #expect(
                own.json["run"]?["workflowVersion"] == "2.0.0" && own.json["run"]?["workflowTenant"] == "ant",
                "\(own.text)")
            #expect(own.json["steps"]?.array?.compactMap { $0["stepId"]?.string } == ["a"])
            let shared = try await run(bee)
            #expect(shared.status == 200 && shared.json["run"]?["workflowTenant"] == nil)
            #expect(shared.json["steps"]?.array?.compactMap { $0["stepId"]?.string } == ["q"])
            #expect(try await run(ant, #"{"version":"1.0.0"}"#).problem == "unknown-workflow")
            let asAll = try await run(Self.admin, #"{"context":{"tenantId":"ant"}}"#)
            #expect(asAll.json["run"]?["workflowTenant"] == "ant", "whose run it is counts, not who starts it")

            let deprecation = "/v1/admin/workflows/w/2.0.0/deprecation"
            let changed = try await api.client.send("PUT", deprecation, body: "{}", ant)
            #expect(changed.status == 200 && changed.json["tenant"] == "ant", "\(changed.text)")
            #expect(try await run(ant).problem == "only-deprecated-versions")
            #expect(try await run(bee).status == 200)
            #expect(try await api.client.send("DELETE", deprecation, ant).status == 204)
            #expect(try await run(ant).status == 200)
            let paused = try await api.client.send(
                "POST", "/v1/admin/workflows/w/pause", body: #"{"reason":"r","starts":"refuse"}"#, ant)
            #expect(paused.status == 200 && paused.json["tenant"] == "ant", "\(paused.text)")
            #expect(try await run(ant).problem == "workflow-paused")
            #expect(try await run(bee).status == 200)
            #expect(try await get("/v1/workflows/w", bee).json["paused"] == .null)
            #expect(try await api.client.send("POST", "/v1/admin/workflows/w/resume", body: "{}", ant).status == 200)

            let audit = try await api.database.query(
                """
                SELECT tenant_id, action FROM audit_trail WHERE subject LIKE 'workflows/%' AND outcome = 'done'
                ORDER BY tenant_id COLLATE "C", number
                """)
            #expect(
                audit.map { "\($0[0] ?? "") \($0[1] ?? "")" }
                    == ["* register_workflow", "* register_workflow"]
                    + [
                        "register_workflow", "deprecate_workflow", "restore_workflow", "pause_workflow",
                        "resume_workflow",
                    ].map { "ant \($0)" })
        }
    }

    @Test(
        "on every route that names a workflow, whatever the role: another tenant's is as unknown as what there is not")
    func isolation() async throws {
        try await TestAPI.with(Self.settings) { api in
            let other = try await Self.register(api, Self.definition("hidden"), query: "?tenant=bee")
            #expect(other.status == 201 && other.headers["location"] == "/v1/workflows/hidden/1.0.0?tenant=bee")
            let bee = try await Self.key(api, of: "bee", ["starter"])
            let foreign = try #require(
                try await api.client.send("POST", "/v1/workflows/hidden/start", body: "{}", bee).json["runId"]?.string)
            #expect(try await Self.register(api, Self.definition("mine"), query: "?tenant=ant").status == 201)
            let before = try await api.database.value("SELECT count(*) FROM audit_trail WHERE outcome = 'done'")
            var keys = 0
            for role in Role.allCases {
                let ant = try await Self.key(api, of: "ant", [role.rawValue])
                keys += 1
                for route in try Self.routes(api) where route.namesWorkflow {
                    guard let needed = route.needs, role.permissions.contains(needed) else { continue }
                    var headers = ant
                    if route.path.hasSuffix("start-batch") { headers["Content-Type"] = "application/x-ndjson" }
                    func ask(_ workflow: String) async throws -> Answer {
                        try await api.client.send(
                            route.method.rawValue, Self.path(route, workflow), body: Self.body(route), headers)
                    }
                    let name = "\(role) \(route.method) \(route.path)"
                    let (theirs, none) = (try await ask("hidden"), try await ask("nothing"))
                    #expect(theirs.status == 404 && theirs.problem == "unknown-workflow", "\(name): \(theirs.text)")
                    #expect(
                        theirs.text.replacing("hidden", with: "X") == none.text.replacing("nothing", with: "X"),
                        "\(name)")
                }
                guard role.permissions.contains(.readWorkflows) else { continue }
                let list = try await api.client.send("GET", "/v1/workflows", ant)
                #expect(list.json["workflows"]?.array?.compactMap { $0["name"]?.string } == ["mine"], "\(list.text)")
                let runs = try await api.client.send("GET", "/v1/runs?workflow=hidden", ant)
                #expect(runs.json["runs"] == [], "\(runs.text)")
                let run = try await api.client.send("GET", "/v1/runs/\(foreign)", ant)
                #expect(run.problem == "unknown-run")
            }
            let after = try await api.database.value("SELECT count(*) FROM audit_trail WHERE outcome = 'done'")
            #expect(
                Int(after ?? "") == Int(before ?? "").map { $0 + keys }, "but keys: nothing")
            #expect(try await api.database.value("SELECT count(*) FROM workflow_pauses WHERE tenant_id = 'bee'") == "0")
            // To try a definition out tells nothing of another's of the same name, nor of a child that it would start.
            let ant = try await Self.key(api, of: "ant", ["author"])
            for name in ["hidden", "nothing"] {
                let tried = try await api.client.send(
                    "POST", "/v1/admin/workflows/validate",
                    body: #"{"name":"\#(name)","version":"1.0.0","steps":[{"id":"a","run":{"workflow":"\#(name)"}}]}"#,
                    ant)
                #expect(tried.status == 200 && tried.json["registered"] == false, "\(tried.text)")
                #expect(tried.json["findings"]?.array?.contains { $0["rule"] == "version-taken" } == false)
            }
        }
    }

    @Test(
        "what is shared is read by a tenant's key and not changed: the refusal says why; ?tenant= is for whom it may be"
    )
    func shared() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register("w")
            #expect(try await Self.register(api, Self.definition("own"), query: "?tenant=ant").status == 201)
            let ant = try await Self.key(api, of: "ant", ["author", "operator"])
            let changes: [(String, String, String?)] = [
                ("PUT", "w/1.0.0/deprecation", "{}"), ("DELETE", "w/1.0.0/deprecation", nil),
                ("POST", "w/pause", #"{"reason":"r"}"#), ("POST", "w/resume", "{}"),
            ]
            for (method, path, body) in changes {
                let refused = try await api.client.send(method, "/v1/admin/workflows/\(path)", body: body, ant)
                #expect(refused.status == 403 && refused.problem == "missing-permission", "\(path): \(refused.text)")
                #expect(refused.json["detail"]?.string?.contains("shared by all tenants") == true)
                for tenant in ["bee", "*"] {
                    let asOther = try await api.client.send(
                        method, "/v1/admin/workflows/\(path)?tenant=\(tenant)", body: body, ant)
                    #expect(asOther.problem == "missing-permission", "\(asOther.text)")
                }
                // Who is of all tenants changes what is shared, unless another is named.
                let unknown = try await api.client.send(
                    method, "/v1/admin/workflows/\(path)?tenant=ant", body: body, Self.admin)
                #expect(unknown.problem == "unknown-workflow", "\(unknown.text)")
                let wrong = try await api.client.send(
                    method, "/v1/admin/workflows/\(path)?tenant=%20", body: body, Self.admin)
                #expect(wrong.problem == "invalid-parameter", "\(wrong.text)")
            }
            #expect(
                try await api.client.send("PUT", "/v1/admin/workflows/w/9.9.9/deprecation", body: "{}", ant).problem
                    == "unknown-workflow")
            #expect(
                try await api.database.value("SELECT count(*) FROM audit_trail WHERE action LIKE '%cate_workflow'")
                    == "0")
            for (method, path, body) in changes {
                let own = path.replacing("w/", with: "own/")
                let done = try await api.client.send(
                    method, "/v1/admin/workflows/\(own)?tenant=ant", body: body, Self.admin)
                #expect((200...204).contains(done.status), "\(own): \(done.text)")
            }
            let refusals = try await api.database.awaitText(
                "SELECT min(tenant_id) FROM audit_trail WHERE outcome = 'refused' AND reason = 'permission'")
            #expect(refusals == "ant")
            func read(_ path: String, _ headers: [String: String]) async throws -> Answer {
                try await api.client.send("GET", "/v1/workflows\(path)", headers)
            }
            for path in ["", "/w", "/w/1.0.0"] {
                #expect(try await read("\(path)?tenant=bee", ant).problem == "missing-permission", "\(path)")
                #expect(try await read("\(path)?tenant=ant", ant).status == 200)
                #expect(try await read("\(path)?tenant=*", ant).status == 200)
                #expect(try await read("\(path)?tenant=", Self.admin).problem == "invalid-parameter")
            }
            func names(_ query: String) async throws -> [String] {
                try await read(query, Self.admin).json["workflows"]?.array?.compactMap { $0["name"]?.string } ?? []
            }
            #expect(try await names("") == ["w"])
            #expect(try await names("?tenant=ant") == ["own", "w"])
            #expect(try await read("/own", Self.admin).problem == "unknown-workflow")
            #expect(try await read("/own?tenant=ant", Self.admin).json["tenant"] == "ant")
        }
    }
}
