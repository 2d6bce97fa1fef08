import Core
import Foundation
import HTTPTypes
import Settings
import Storage
import Testing

@testable import API

@Suite("Who may do what")
struct AccessTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    /// A key with these roles.
    private static func key(_ api: TestAPI, _ roles: [String], name: String = "k") async throws -> String {
        let body: JSON = ["name": .string(name), "roles": .array(roles.map { .string($0) })]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["key"]?.string)
    }

    private static func bearer(_ key: String) -> [String: String] { ["Authorization": "Bearer \(key)"] }

    /// A path with something in the place of its variables.
    private static func path(_ route: Route) -> String {
        route.path.split(separator: "/").map { part in
            switch part {
            case ":runId": RunID(high: 1, low: 1).description
            case ":version": "1.0.0"
            case _ where part.hasPrefix(":"): "nothing"
            default: String(part)
            }
        }.map { "/\($0)" }.joined()
    }

    private static func routes(_ api: TestAPI) throws -> [Route] {
        APIProcess(try TestAPI.configuration([:], api.database), logger: TestAPI.quiet).buildRoutes()
    }

    @Test("every role on every route: what it has a permission for, and nothing else")
    func table() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let routes = try Self.routes(api)
            #expect(routes.count > 40)
            for role in Role.allCases {
                let key = try await Self.key(api, [role.rawValue], name: role.rawValue)
                for route in routes where route.path != "/v1/admin/api-keys/:keyId" {
                    let answer = try await api.client.send(
                        route.method.rawValue, Self.path(route), body: route.method == .get ? nil : "{}",
                        Self.bearer(key))
                    let name = "\(role) \(route.method) \(route.path): \(answer.text)"
                    if let needed = route.needs, !role.permissions.contains(needed) {
                        #expect(answer.status == 403 && answer.problem == "missing-permission", "\(name)")
                        #expect(answer.json["detail"]?.string?.contains(needed.rawValue) ?? false, "\(name)")
                    } else {
                        #expect(![401, 403].contains(answer.status), "\(name)")
                    }
                }
            }
        }
    }

    @Test(
        "nobody in particular: where it is required nothing but what says it all by itself, where it is open what is not an administrator's"
    )
    func anonymous() async throws {
        for setting in ["required", "open"] {
            try await TestAPI.with(["AUTH": setting]) { api in
                for route in try Self.routes(api) {
                    let answer = try await api.client.send(
                        route.method.rawValue, Self.path(route), body: route.method == .get ? nil : "{}")
                    let isLetIn =
                        route.needs.map { setting == "open" && $0.isOpen && route.counted == nil } ?? true
                    #expect(
                        (answer.status != 401) == isLetIn, "\(setting) \(route.method) \(route.path): \(answer.text)")
                    if !isLetIn {
                        #expect(answer.problem == "unauthorized" && answer.headers["www-authenticate"] == "Bearer")
                    }
                }
            }
        }
    }

    @Test("the table of docs/security.md is that of the routes")
    func document() async throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/security.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        try await TestAPI.with { api in
            for permission in Permission.allCases {
                let routes = try Self.routes(api).filter { $0.needs == permission }
                    .map { "`\($0.method) \($0.path.replacing(/:(\w+)/) { "{\($0.output.1)}" })`" }.sorted()
                let roles = Role.allCases.filter { $0.permissions.contains(permission) }.map(\.rawValue)
                let row =
                    "| `\(permission.rawValue)` | \(roles.joined(separator: ", ")) | \(routes.joined(separator: ", ")) |"
                #expect(text.contains(row), "\(row)")
            }
        }
    }

    /// A key that sees one tenant's runs.
    private static func key(_ api: TestAPI, of tenant: String, _ roles: [String]) async throws -> String {
        let body: JSON = [
            "name": .string("k-\(tenant)"), "tenant": .string(tenant), "roles": .array(roles.map { .string($0) }),
        ]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201 && answer.json["tenant"]?.string == tenant, "\(answer.text)")
        return try #require(answer.json["key"]?.string)
    }

    /// An answer without what differs between two of the same: the id that was asked for.
    private static func shape(_ answer: Answer, _ id: String) -> String {
        "\(answer.status) \(answer.text.replacing(id, with: "ID"))"
    }

    @Test("what is another tenant's is as unknown as what there is not, on every route, whatever the role")
    func tenants() async throws {
        try await TestAPI.with(["AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s"]) {
            api in
            try await api.register()
            let own = try await Self.key(api, of: "acme", ["starter", "operator"])
            let started = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", Self.bearer(own))
            let run = try #require(started.json["runId"]?.string)
            #expect(try await api.database.value("SELECT tenant_id FROM workflow_runs") == "acme")
            #expect(try await api.database.value("SELECT context->>'tenantId' FROM workflow_runs") == "acme")
            let before = try await api.database.value("SELECT count(*) FROM run_inbox")
            for role in Role.allCases {
                let (theirs, ours) = (
                    try await Self.key(api, of: "other", [role.rawValue]),
                    try await Self.key(api, of: "acme", [role.rawValue])
                )
                for route in try Self.routes(api) where route.path.contains(":runId") {
                    guard let needed = route.needs, role.permissions.contains(needed) else { continue }
                    func ask(_ key: String, _ id: String) async throws -> Answer {
                        try await api.client.send(
                            route.method.rawValue,
                            Self.path(route).replacing(RunID(high: 1, low: 1).description, with: id),
                            body: route.method == .get ? nil : "{}", Self.bearer(key))
                    }
                    let name = "\(role) \(route.method) \(route.path)"
                    let nobodys = RunID(high: 1, low: 1).description
                    let (foreign, none) = (try await ask(theirs, run), try await ask(theirs, nobodys))
                    #expect(foreign.status == 404 && foreign.problem == "unknown-run", "\(name): \(foreign.text)")
                    #expect(Self.shape(foreign, run) == Self.shape(none, nobodys), "\(name)")
                    let mine = try await ask(ours, run)
                    #expect(
                        ![401, 403].contains(mine.status) && mine.problem != "unknown-run", "\(name): \(mine.text)")
                }
                if role.permissions.contains(.readRuns) {
                    for path in [
                        "/v1/runs", "/v1/runs?tenantId=acme", "/v1/runs?status=PENDING", "/v1/runs?include=payloads",
                        "/v1/runs?parent=\(run)", "/v1/runs?correlationId=\(run)", "/v1/admin/runs/failed",
                    ] {
                        let list = try await api.client.send("GET", path, Self.bearer(theirs))
                        #expect(list.status == 200 && list.json["runs"] == [], "\(role) \(path): \(list.text)")
                    }
                    let list = try await api.client.send("GET", "/v1/runs?tenantId=acme", Self.bearer(ours))
                    #expect(list.json["runs"]?.array?.count == 1)
                }
            }
            #expect(
                try await api.database.value("SELECT count(*) FROM run_inbox WHERE sent_by LIKE 'key:k-other%'") == "0")
            #expect(before == "0")
        }
    }

    @Test("a key of one tenant starts its runs alone, under idempotency keys of its own, one by one and many at once")
    func tenantStarts() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register()
            let (a, b) = (try await Self.key(api, of: "a", ["starter"]), try await Self.key(api, of: "b", ["starter"]))
            func start(_ key: String, _ body: String) async throws -> Answer {
                var headers = Self.bearer(key)
                headers["Idempotency-Key"] = "same"
                return try await api.client.send("POST", "/v1/workflows/w/start", body: body, headers)
            }
            let (one, two) = (try await start(a, "{}"), try await start(b, "{}"))
            #expect(one.status == 202 && two.status == 202 && one.json["runId"] != two.json["runId"])
            #expect(try await start(a, "{}").json["runId"] == one.json["runId"])
            let foreign = try await start(a, #"{"context":{"tenantId":"b"}}"#)
            #expect(foreign.status == 403 && foreign.problem == "missing-permission", "\(foreign.text)")
            var headers = Self.bearer(a)
            headers["Content-Type"] = "application/x-ndjson"
            let many = try await api.client.send(
                "POST", "/v1/workflows/w/start-batch", body: "{}\n" + #"{"context":{"tenantId":"b"}}"# + "\n", headers)
            #expect(many.status == 200 && many.text.contains("missing-permission"), "\(many.text)")
            #expect(
                try await api.database.value("SELECT string_agg(DISTINCT tenant_id, ',') FROM workflow_runs") == "a,b")
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs WHERE tenant_id = 'b'") == "1")
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs WHERE tenant_id = 'a'") == "2")
        }
    }

    @Test(
        "a key of one tenant has no permission that is of all of them, and makes, sees and revokes keys of its own alone"
    )
    func tenantKeys() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let admin = try await Self.key(api, of: "acme", ["admin"])
            for route in try Self.routes(api) {
                guard let needed = route.needs, !needed.isOfTenants else { continue }
                let answer = try await api.client.send(
                    route.method.rawValue, Self.path(route), body: route.method == .get ? nil : "{}",
                    Self.bearer(admin))
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(route.path): \(answer.text)")
            }
            func make(_ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/api-keys", body: body, Self.bearer(admin))
            }
            #expect(try await make(#"{"name":"x","roles":["viewer"]}"#).json["tenant"] == "acme")
            for tenant in ["other", "*"] {
                let refused = try await make(#"{"name":"x","roles":["viewer"],"tenant":"\#(tenant)"}"#)
                #expect(refused.status == 403 && refused.problem == "missing-permission", "\(refused.text)")
            }
            let foreign = try await Self.key(api, of: "other", ["viewer"])
            let listed = try await api.client.send("GET", "/v1/admin/api-keys", Self.bearer(admin))
            #expect(listed.json["keys"]?.array?.map { $0["tenant"]?.string } == ["acme", "acme"])
            let id = foreign.split(separator: "_", maxSplits: 2)[1]
            #expect(try await api.client.send("DELETE", "/v1/admin/api-keys/\(id)", Self.bearer(admin)).status == 404)
            #expect(try await api.client.send("GET", "/v1/runs", Self.bearer(foreign)).status == 200)
        }
    }

    @Test("a key is shown once, works as Bearer and as X-Api-Key, and is revoked within a second at every API")
    func life() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await TestAPI.with(["AUTH": "required"], on: api.database) { other in
                let key = try await Self.key(api, ["viewer"], name: "dashboard")
                let parts = key.split(separator: "_", maxSplits: 2)
                #expect(parts.count == 3 && parts[0] == "sf" && parts[1].count == 16 && parts[2].count == 43)
                for headers in [Self.bearer(key), ["X-Api-Key": key], ["Authorization": "bearer \(key)"]] {
                    #expect(try await other.client.send("GET", "/v1/runs", headers).status == 200)
                }
                let stored = try await api.database.value("SELECT encode(secret_hash, 'hex') FROM api_keys")
                #expect(stored == APIKey(key)?.digest.map { String(format: "%02x", $0) }.joined())
                let listed = try await api.client.send("GET", "/v1/admin/api-keys", Self.admin)
                let shown = try #require(listed.json["keys"]?[0])
                #expect(shown["id"]?.string == String(parts[1]) && shown["name"] == "dashboard")
                #expect(shown["roles"] == ["viewer"] && shown["valid"] == true && shown["createdBy"] == "tester")
                #expect(shown["lastUsedAt"]?.string != nil && !listed.text.contains(String(parts[2])))
                let revoked = try await api.client.send("DELETE", "/v1/admin/api-keys/\(parts[1])", Self.admin)
                #expect(revoked.status == 200 && revoked.json["valid"] == false)
                let begun = ContinuousClock.now
                while try await other.client.send("GET", "/v1/runs", Self.bearer(key)).status == 200 {
                    try #require(ContinuousClock.now - begun < .seconds(5))
                }
                #expect(ContinuousClock.now - begun < .seconds(2))
                let again = try await api.client.send("DELETE", "/v1/admin/api-keys/\(parts[1])", Self.admin)
                #expect(again.json["revokedAt"] == revoked.json["revokedAt"])
                #expect(try await api.client.send("DELETE", "/v1/admin/api-keys/none", Self.admin).status == 404)
                let actions = try await api.client.send("GET", "/v1/admin/audit?outcome=done", Self.admin)
                    .json["entries"]?.array
                #expect(actions?.map { $0["action"]?.string } == ["revoke_key", "create_key"])
                #expect(actions?.allSatisfy { $0["subject"]?.string == "keys/\(parts[1])" } ?? false)
            }
        }
    }

    @Test("many who begin at once with one key wait for one look at it")
    func together() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let key = try await Self.key(api, ["viewer"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 {
                    group.addTask { try await api.client.send("GET", "/v1/runs", Self.bearer(key)).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses) == [200])
        }
    }

    @Test("a stream of events ends within seconds when its key is revoked", .timeLimit(.minutes(1)))
    func stream() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let key = try await Self.key(api, ["starter"])
            try await api.register()
            let started = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", Self.bearer(key))
            let run = try #require(started.json["runId"]?.string)
            async let ended = api.client.send(
                "GET", "/v1/runs/\(run)/events", ["Authorization": "Bearer \(key)", "Accept": "text/event-stream"],
                within: .seconds(30))
            let id = key.split(separator: "_", maxSplits: 2)[1]
            let revoked = try await api.client.send("DELETE", "/v1/admin/api-keys/\(id)", Self.admin)
            #expect(revoked.status == 200)
            let answer = try await ended
            #expect([200, 401].contains(answer.status), "it may have been revoked before it began: \(answer.text)")
        }
    }

    @Test("a key that has expired is none, and who did something is told by the key's name")
    func expired() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let key = try await Self.key(api, ["operator", "runs:start"], name: "ann")
            try await api.register()
            let started = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", Self.bearer(key))
            #expect(started.status == 202, "\(started.text)")
            let run = try #require(started.json["runId"]?.string)
            let asked = try await api.client.send(
                "POST", "/v1/runs/\(run)/pause", body: #"{"reason":"r"}"#, Self.bearer(key))
            #expect(asked.status == 202, "\(asked.text)")
            let sentBy = try await api.database.value("SELECT sent_by FROM run_inbox")
            #expect(sentBy?.hasPrefix("key:ann/") == true)
            try await api.database.query("UPDATE api_keys SET expires_at = now() - interval '1 second'")
            let begun = ContinuousClock.now
            while try await api.client.send("GET", "/v1/runs", Self.bearer(key)).status == 200 {
                try #require(ContinuousClock.now - begun < .seconds(5))
            }
        }
    }

    @Test("nobody gives more than they have, and single permissions are no more than they say")
    func narrow() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register()
            let maker = try await Self.key(api, ["keys:manage", "runs:read"], name: "maker")
            func make(_ roles: String) async throws -> Answer {
                try await api.client.send(
                    "POST", "/v1/admin/api-keys", body: #"{"name":"x","roles":\#(roles)}"#, Self.bearer(maker))
            }
            for roles in [#"["admin"]"#, #"["viewer"]"#, #"["runs:read","runs:start"]"#] {
                let answer = try await make(roles)
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(answer.text)")
            }
            #expect(try await make(#"["runs:read","keys:manage"]"#).status == 201)
            let starter = try await Self.key(api, ["runs:start"], name: "starter")
            let started = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: "{}",
                ["Authorization": "Bearer \(starter)", "Prefer": "wait=5"], within: .seconds(3))
            #expect(started.status == 202 && started.json["run"] == nil, "\(started.text)")
            let run = try #require(started.json["runId"]?.string)
            let hand = try await Self.key(api, ["operator"], name: "hand")
            for body in [#"{"reason":"r","input":{}}"#, #"{"reason":"r","version":"1.0.0"}"#] {
                let answer = try await api.client.send("POST", "/v1/runs/\(run)/restart", body: body, Self.bearer(hand))
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(answer.text)")
            }
            let own = try await api.client.send(
                "POST", "/v1/runs/\(run)/restart", body: #"{"reason":"r"}"#, Self.bearer(hand))
            #expect(own.status == 409, "it lives: \(own.text)")
        }
    }

    @Test("what is no credential, or several, is refused, and guesses are slow")
    func refused() async throws {
        try await TestAPI.with(["ADMIN_BURST": "30", "ADMIN_RATE": "1/1h", "ADMIN_ADDRESS_RATE": "10000/1s"]) { api in
            let key = try await Self.key(api, ["viewer"])
            let id = key.split(separator: "_", maxSplits: 2)[1]
            let other = String(repeating: "A", count: 43)
            let bad: [[String: String]] = [
                ["Authorization": "Bearer sf_\(id)_\(other)"], ["Authorization": "Bearer sf_0000000000000000_\(other)"],
                ["Authorization": "Bearer \(key)x"], ["Authorization": "Bearer \(key.dropLast())"],
                ["Authorization": "Bearer \(key.uppercased())"], ["Authorization": "Basic \(key)"],
                ["Authorization": key], ["Authorization": ""], ["Authorization": "Bearer  \(key)"],
                ["Authorization": "Bearer \(String(repeating: "x", count: 6000))"], ["X-Api-Key": "sf_"],
                ["X-Api-Key": "sf_\(id)'; DROP TABLE api_keys; --\(String(repeating: "A", count: 16))"],
                ["X-Admin-Token": key],
            ]
            for headers in bad {
                let answer = try await api.client.send("GET", "/v1/runs", headers)
                #expect(answer.status == 401 && answer.problem == "unauthorized", "\(headers): \(answer.text)")
            }
            for headers in [
                ["Authorization": "Bearer \(key)", "X-Api-Key": key],
                ["X-Admin-Token": TestAPI.token, "X-Api-Key": key],
            ] {
                let answer = try await api.client.send("GET", "/v1/runs", headers)
                #expect(answer.status == 400 && answer.problem == "invalid-parameter", "\(answer.text)")
            }
            let metrics = try await api.client.send("GET", "/metrics").text
            // The first names a key that there is.
            #expect(metrics.contains(#"auth_refusals_total{reason="unknown"} \#(bad.count - 1)"#), "\(metrics)")
            #expect(metrics.contains(#"auth_refusals_total{reason="wrong-secret"} 1"#))
            #expect(metrics.contains(#"auth_refusals_total{reason="permission"} 0"#))
            var answers: [Int] = []
            for _ in 0..<30 { answers.append(try await api.client.send("GET", "/v1/runs", bad[0]).status) }
            #expect(answers.last == 429)
            // Who has a key is not kept out by that.
            #expect(try await api.client.send("GET", "/v1/runs", Self.bearer(key)).status == 200)
        }
    }

    @Test(
        "bad input for a key",
        arguments: [
            (#"{}"#, ["/name", "/roles"]),
            (#"{"name":"a","roles":[]}"#, ["/roles"]),
            (#"{"name":"a b","roles":["viewer"]}"#, ["/name"]),
            (#"{"name":"","roles":["viewer"]}"#, ["/name"]),
            (#"{"name":7,"roles":["viewer"]}"#, ["/name"]),
            (#"{"name":"a","roles":"viewer"}"#, ["/roles"]),
            (#"{"name":"a","roles":["boss"]}"#, ["/roles/0"]),
            (#"{"name":"a","roles":["viewer","viewer"]}"#, ["/roles/1"]),
            (#"{"name":"a","roles":[1]}"#, ["/roles/0"]),
            (#"{"name":"a","roles":["viewer"],"x":1}"#, ["/x"]),
            (#"{"name":"a","roles":["viewer"],"tenant":""}"#, ["/tenant"]),
            (#"{"name":"a","roles":["viewer"],"tenant":" a"}"#, ["/tenant"]),
            (#"{"name":"a","roles":["viewer"],"tenant":7}"#, ["/tenant"]),
            (#"{"name":"a","roles":["viewer"],"expiresAt":"soon"}"#, ["/expiresAt"]),
            (#"{"name":"a","roles":["viewer"],"expiresAt":"2001-01-01T00:00:00Z"}"#, ["/expiresAt"]),
            (#"{"name":"a","roles":["viewer"],"expiresAt":"2999-01-01T00:00:00Z"}"#, ["/expiresAt"]),
        ] as [(String, [String])])
    func badInput(_ body: String, _ pointers: [String]) async throws {
        try await TestAPI.with { api in
            let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body, Self.admin)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.json["errors"]?.array?.compactMap { $0["pointer"]?.string } == pointers, "\(answer.text)")
            #expect(try await api.database.value("SELECT count(*) FROM api_keys") == "0")
        }
    }

    @Test("an API that others can reach asks who calls unless it is told not to")
    func setting() throws {
        func isOpen(_ settings: [String: String]) throws -> Bool {
            var environment = ["DATABASE_URL": "postgres://localhost/x"]
            environment.merge(settings) { $1 }
            var reader = Settings(
                program: "sagaflow-api", about: "", arguments: ["sagaflow-api"], environment: environment)
            return try APIConfiguration(&reader).isOpen
        }
        for host in ["127.0.0.1", "127.9.9.9", "localhost", "::1", "::ffff:127.0.0.1"] {
            #expect(try isOpen(["HOST": host]))
        }
        for host in [
            "0.0.0.0", "::", "10.0.0.1", "api.example.org", "128.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::5",
            "64:ff9b::7f00:1",
        ] {
            #expect(try !isOpen(["HOST": host]), "\(host)")
            #expect(try isOpen(["HOST": host, "AUTH": "open"]))
        }
        #expect(try !isOpen(["AUTH": "required"]))
        #expect(throws: SettingsError.self) { try isOpen(["AUTH": "maybe"]) }
    }
}
