import Core
import Storage
import Testing

@testable import API

@Suite("Who changed what, and who was refused, as administrators see it")
struct AuditTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let settings = ["AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s"]

    private static func key(_ api: TestAPI, of tenant: String = "*", _ roles: [String]) async throws -> String {
        let body: JSON = [
            "name": .string("ann"), "tenant": .string(tenant), "roles": .array(roles.map { .string($0) }),
        ]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["key"]?.string)
    }

    private static func bearer(_ key: String) -> [String: String] { ["Authorization": "Bearer \(key)"] }

    /// What histories call whoever has this key.
    private static func name(_ key: String) -> String { "key:ann/\(id(key).prefix(8))" }
    private static func id(_ key: String) -> String { String(key.split(separator: "_", maxSplits: 2)[1]) }

    private static func entries(_ api: TestAPI, _ query: String = "", _ headers: [String: String] = admin) async throws
        -> [JSON]
    {
        let answer = try await api.client.send("GET", "/v1/admin/audit?\(query)", headers)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json["entries"]?.array)
    }

    /// Rows of refusals once there are so many.
    private static func refused(_ api: TestAPI, _ count: Int, where condition: String = "true") async throws
        -> [[String?]]
    {
        _ = try await api.database.awaitText(
            "SELECT 'there' FROM audit_trail WHERE outcome = 'refused' AND \(condition) HAVING count(*) >= \(count)")
        return try await api.database.query(
            """
            SELECT tenant_id, actor, action, subject, reason FROM audit_trail WHERE outcome = 'refused' AND \(condition)
            ORDER BY at, number
            """)
    }

    @Test("every change that somebody makes of a run is a row: who, from where, in which request and trace")
    func changes() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: #"{"name":"w","version":"1.0.0","steps":[{"id":"a","await":{"signal":"go"}}]}"#, Self.admin
            ).expect(201)
            let key = try await Self.key(api, of: "acme", ["starter", "operator"])
            var headers = Self.bearer(key)
            let run = try #require(
                try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", headers).json["runId"]?.string)
            headers["X-Request-Id"] = "req-7"
            headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            for (path, body) in [
                ("pause", #"{"reason":"look"}"#), ("resume", "{}"), ("signals/go", #"{"canary":1}"#),
                ("signals/go", "2"), ("cancel", "{}"), ("cancel", "{}"),
            ] {
                let answer = try await api.client.send("POST", "/v1/runs/\(run)/\(path)", body: body, headers)
                // Nobody has paused it as far as the resume can see: its engine is asked first.
                if path == "resume" { continue }
                #expect(answer.status == 202 && answer.headers["x-request-id"] == "req-7", "\(path): \(answer.text)")
            }
            let rows = try await Self.entries(api, "runId=\(run)")
            #expect(
                rows.map { $0["action"]?.string } == ["cancel_run", "signal_run", "signal_run", "pause_run"],
                "a start is its own record, and the second cancel changes nothing")
            for row in rows {
                #expect(row["tenant"] == "acme" && row["actor"]?.string == Self.name(key) && row["outcome"] == "done")
                #expect(row["subject"]?.string == "runs/\(run)" && row["reason"]?.isNull == true)
                #expect(row["clientAddress"] == "127.0.0.1" && row["requestId"] == "req-7", "\(row.text)")
                #expect(row["traceId"] == "0af7651916cd43dd8448eb211c80319c")
                #expect(row["hash"]?.string?.count == 64 && row["previousHash"]?.string?.count == 64)
            }
            #expect(rows.last?["detail"]?["reason"] == "look" && rows.map { $0["number"] } == [5, 4, 3, 2])
            let all = try await api.database.value("SELECT string_agg(a::text, ' ') FROM audit_trail a")
            #expect(all?.contains("canary") == false)
        }
    }

    @Test(
        "a request id is the client's, or one that is made up and told; what can't be one is none",
        arguments: ["", String(repeating: "x", count: 129), "a\u{e9}"])
    func requestID(_ bad: String) async throws {
        try await TestAPI.with { api in
            var headers = Self.admin
            headers["X-Request-Id"] = bad
            let answer = try await api.client.send(
                "PUT", "/v1/admin/participants/p", body: #"{"url":"https://p.example"}"#, headers)
            let told = try #require(answer.headers["x-request-id"])
            #expect(answer.status == 201 && told.count == 32 && told != bad)
            #expect(try await Self.entries(api, "requestId=\(told)").map { $0["action"] } == ["put_participant"])
            let read = try await api.client.send("GET", "/v1/admin/participants/p", Self.admin)
            #expect(read.headers["x-request-id"] == nil, "what only reads has none")
        }
    }

    @Test("signals of nobody in particular are not in the audit, nor, where that is set, anybody's")
    func signals() async throws {
        for (setting, count) in [("on", "1"), ("off", "0")] {
            try await TestAPI.with(["AUTH": "open", "AUDIT_SIGNALS": setting]) { api in
                try await api.client.send(
                    "POST", "/v1/admin/workflows",
                    body: #"{"name":"w","version":"1.0.0","steps":[{"id":"a","await":{"signal":"go"}}]}"#, Self.admin
                ).expect(201)
                let run = try await api.start()
                for headers in [[:], Self.admin] {
                    try await api.client.send("POST", "/v1/runs/\(run)/signals/go", body: "1", headers).expect(202)
                }
                let sql = "SELECT count(*) FROM audit_trail WHERE action = 'signal_run'"
                #expect(try await api.database.value(sql) == count)
            }
        }
    }

    @Test("a key that is known is refused with its reason: another secret, revoked, expired, a permission it lacks")
    func refusals() async throws {
        try await TestAPI.with(Self.settings) { api in
            let key = try await Self.key(api, of: "acme", ["viewer"])
            let (id, name) = (Self.id(key), Self.name(key))
            let wrong = "sf_\(id)_\(String(repeating: "A", count: 43))"
            let run = RunID(high: 1, low: 1).description
            let denied = try await api.client.send("POST", "/v1/runs/\(run)/cancel", body: "{}", Self.bearer(key))
            #expect(denied.status == 403)
            try await api.client.send("GET", "/v1/runs", Self.bearer(wrong)).expect(401)
            try await api.client.send("DELETE", "/v1/admin/api-keys/\(id)", Self.admin).expect(200)
            let begun = ContinuousClock.now
            while try await api.client.send("GET", "/v1/workflows/x/1.0.0", Self.bearer(key)).status != 401 {
                try #require(ContinuousClock.now - begun < .seconds(5))
            }
            try await api.client.send("GET", "/v1/runs", Self.bearer(wrong)).expect(401)
            let other = try await Self.key(api, ["viewer"])
            try await api.database.query(
                "UPDATE api_keys SET expires_at = now() - interval '1 day' WHERE key_id = '\(Self.id(other))'")
            try await api.client.send("PUT", "/v1/admin/participants/p", body: "{}", Self.bearer(other)).expect(401)
            // Nobody is known by these.
            try await api.client.send("GET", "/v1/runs", Self.bearer("sf_0000000000000000_\(wrong.suffix(43))")).expect(
                401)
            try await api.client.send("GET", "/v1/runs", ["X-Admin-Token": "nobody-has-this"]).expect(401)
            try await api.client.send("GET", "/v1/runs").expect(401)
            let rows = try await Self.refused(api, 5)
            // Each tenant's in their order; of one flush the tenants come one after the other.
            #expect(
                rows.filter { $0[0] == "acme" } == [
                    ["acme", name, "POST /v1/runs/{runId}/cancel", "runs/\(run)", "permission"],
                    ["acme", name, "GET /v1/runs", nil, "wrong-secret"],
                    ["acme", name, "GET /v1/workflows/{name}/{version}", "workflows/x/1.0.0", "revoked"],
                    ["acme", name, "GET /v1/runs", nil, "wrong-secret"],
                ])
            #expect(
                rows.filter { $0[0] == "*" }
                    == [["*", Self.name(other), "PUT /v1/admin/participants/{name}", "participants/p", "expired"]])
            let asked = try await Self.entries(
                api, "requestId=\(try #require(denied.headers["x-request-id"]))&outcome=refused")
            #expect(asked.map { $0["reason"] } == ["permission"] && asked.first?["clientAddress"] == "127.0.0.1")
            let metrics = try await api.client.send("GET", "/metrics").text
            for line in [
                #"{reason="wrong-secret"} 2"#, #"{reason="revoked"} 1"#, #"{reason="expired"} 1"#,
                #"{reason="permission"} 1"#, #"{reason="unknown"} 2"#, #"{reason="anonymous"} 1"#,
                #"{reason="rate-limited"} 0"#,
            ] { #expect(metrics.contains("auth_refusals_total" + line), "\(line)") }
        }
    }

    @Test(
        "a run of another tenant is refused in the audit of all, where the caller's tenant does not see that it is there"
    )
    func otherTenant() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let own = try await Self.key(api, of: "acme", ["starter"])
            let theirs = try await Self.key(api, of: "other", ["operator", "audit:read"])
            let run = try #require(
                try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", Self.bearer(own))
                    .json["runId"]?.string)
            let nothing = RunID(high: 1, low: 1).description
            for id in [run, nothing] {
                let answer = try await api.client.send("POST", "/v1/runs/\(id)/cancel", body: "{}", Self.bearer(theirs))
                #expect(answer.status == 404 && answer.headers["x-request-id"] != nil)
            }
            let rows = try await Self.refused(api, 1)
            #expect(
                rows == [["*", Self.name(theirs), "POST /v1/runs/{runId}/cancel", "runs/\(run)", "other-tenant"]])
            #expect(try await Self.entries(api, "outcome=refused", Self.bearer(theirs)) == [])
            let foreign = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: #"{"context":{"tenantId":"other"}}"#, Self.bearer(own))
            #expect(foreign.status == 403)
            let starts = try await Self.refused(api, 1, where: "action LIKE '%start'")
            #expect(
                starts == [["acme", Self.name(own), "POST /v1/workflows/{name}/start", "workflows/w", "permission"]])
            var headers = Self.bearer(own)
            headers["Content-Type"] = "application/x-ndjson"
            let line = #"{"context":{"tenantId":"other"}}"# + "\n"
            try await api.client.send("POST", "/v1/workflows/w/start-batch", body: line + "{}\n" + line, headers)
                .expect(200)
            let lines = try await Self.refused(api, 2, where: "action LIKE '%batch'")
            #expect(
                lines
                    == Array(
                        repeating: [
                            "acme", Self.name(own), "POST /v1/workflows/{name}/start-batch", "workflows/w",
                            "permission",
                        ], count: 2))
        }
    }

    @Test("who calls too often, or guesses too often, is in the audit, and does not fill it")
    func rates() async throws {
        try await TestAPI.with(["AUTH": "required", "ADMIN_RATE": "1/1h", "ADMIN_BURST": "3"]) { api in
            for _ in 0..<20 { _ = try await api.client.send("GET", "/v1/admin/audit", Self.admin) }
            for _ in 0..<20 { _ = try await api.client.send("GET", "/v1/runs", ["X-Api-Key": "sf_guess"]) }
            let rows = try await Self.refused(api, 20)
            let limited = rows.filter { $0[1] == "tester" }
            #expect(limited.count == RefusalWindows.rowsPerWindow)
            #expect(limited.allSatisfy { $0 == ["*", "tester", "GET /v1/admin/audit", nil, "rate-limited"] })
            let guesses = rows.filter { $0[1] == "client" }
            #expect(guesses.count == RefusalWindows.rowsPerWindow)
            #expect(guesses.allSatisfy { $0 == ["*", "client", "GET /v1/runs", nil, "rate-limited"] })
        }
    }

    @Test("refusals that were not written yet are when the API stops, and those of a window together")
    func stop() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(["AUTH": "required"], on: database) { api in
                let key = try await Self.key(api, of: "acme", ["viewer"])
                for _ in 0..<15 {
                    try await api.client.send("GET", "/v1/admin/participants", Self.bearer(key)).expect(403)
                }
            }
            #expect(
                try await database.query(
                    "SELECT count(*), sum((detail->>'calls')::int) FROM audit_trail WHERE outcome = 'refused'")
                    == [["11", "5"]])
        }
    }

    @Test("a tenant's key with audit:read sees its tenant's rows alone, whatever it asks for")
    func tenants() async throws {
        try await TestAPI.with(Self.settings) { api in
            let (a, b) = (
                try await Self.key(api, of: "a", ["audit:read"]), try await Self.key(api, of: "b", ["audit:read"])
            )
            try await api.client.send(
                "PUT", "/v1/admin/participants/p", body: #"{"url":"https://p.example"}"#, Self.admin
            ).expect(201)
            #expect(try await Self.entries(api).count == 3)
            for query in ["", "tenant=a", "from=2020-01-01T00:00:00Z", "actor=tester"] {
                let rows = try await Self.entries(api, query, Self.bearer(a))
                #expect(rows.map { $0["subject"]?.string } == ["keys/\(Self.id(a))"], "\(query)")
            }
            for query in ["tenant=b", "tenant=*", "subject=keys/\(Self.id(b))", "subject=participants/p"] {
                #expect(try await Self.entries(api, query, Self.bearer(a)) == [], "\(query)")
            }
            var headers = Self.bearer(a)
            headers["Accept"] = "application/x-ndjson"
            #expect(try await api.client.send("GET", "/v1/admin/audit", headers).text.split(separator: "\n").count == 1)
            #expect(try await api.client.send("GET", "/v1/admin/audit?tenant=b", headers).text == "")
            try await api.client.send(
                "GET", "/v1/admin/audit", Self.bearer(try await Self.key(api, of: "a", ["operator"]))
            )
            .expect(403)
        }
    }

    @Test("pages hold every row once, latest first; an export holds them oldest first, however many there are")
    func pages() async throws {
        try await TestAPI.with(Self.settings) { api in
            let tenant = "t: " + String(repeating: "x", count: 252)
            try await api.database.query(
                """
                INSERT INTO audit_trail (tenant_id, actor, action, subject)
                SELECT CASE n % 3 WHEN 0 THEN '*' WHEN 1 THEN 'b' ELSE '\(tenant)' END, 'a' || n % 2, 'x', 'runs/' || n
                FROM generate_series(1, 250) n
                """)
            let order = try await api.database.query(
                "SELECT tenant_id || number FROM audit_trail ORDER BY at, tenant_id, number"
            ).compactMap { $0[0] }
            func name(_ row: JSON) -> String { "\(row["tenant"]?.string ?? "")\(row["number"]?.int ?? 0)" }
            var (seen, cursor): ([String], String?) = ([], nil)
            repeat {
                let page = try await api.client.send(
                    "GET", "/v1/admin/audit?limit=60" + (cursor.map { "&cursor=\($0)" } ?? ""), Self.admin
                ).json
                seen += page["entries"]?.array?.map(name) ?? []
                cursor = page["nextCursor"]?.string
            } while cursor != nil
            #expect(seen == order.reversed())
            var headers = Self.admin
            headers["Accept"] = "application/x-ndjson"
            let export = try await api.client.send("GET", "/v1/admin/audit", headers)
            #expect(export.headers["content-type"] == "application/x-ndjson")
            let lines = try export.text.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
            #expect(lines.map(name) == order)
            let half = try await api.client.send("GET", "/v1/admin/audit?actor=a1&tenant=b", headers)
            #expect(half.text.split(separator: "\n").count == 42)
            // What is exported is enough to verify it.
            let chain = lines.filter { $0["tenant"] == "b" }
            for (one, next) in zip(chain, chain.dropFirst()) { #expect(next["previousHash"] == one["hash"]) }
        }
    }

    @Test(
        "bad parameters are refused",
        arguments: [
            "limit=0", "cursor=x", "outcome=perhaps", "from=yesterday", "until=1", "runId=1", "tenant=", "nothing=1",
            "runId=00000000-0000-0001-0000-000000000001&subject=runs/1", "actor=a&actor=b",
        ])
    func badInput(_ query: String) async throws {
        try await TestAPI.with { api in
            for accept in ["application/json", "application/x-ndjson"] {
                var headers = Self.admin
                headers["Accept"] = accept
                let answer = try await api.client.send("GET", "/v1/admin/audit?\(query)", headers)
                #expect(answer.status == 400 && answer.problem == "invalid-parameter", "\(accept): \(answer.text)")
            }
        }
    }
}

extension Answer {
    @discardableResult
    func expect(_ status: Int) -> Answer {
        #expect(self.status == status, "\(text)")
        return self
    }
}
