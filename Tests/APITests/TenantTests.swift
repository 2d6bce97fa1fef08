import Core
import Foundation
import Storage
import Testing

@testable import API

@Suite("What each tenant may have")
struct TenantTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let rates = ["ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s"]

    private static func put(_ api: TestAPI, _ id: String, _ body: String) async throws -> Answer {
        try await api.client.send("PUT", "/v1/admin/tenants/\(id)", body: body, admin)
    }

    private static func start(
        _ api: TestAPI, _ tenant: String, _ more: String = "", key: String? = nil
    ) async throws -> Answer {
        try await api.client.send(
            "POST", "/v1/workflows/w/start", body: #"{"context":{"tenantId":"\#(tenant)"}\#(more)}"#,
            key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    @Test("a tenant is made, changed as a whole, shown with what it has, and listed; each change is in the audit")
    func rows() async throws {
        try await TestAPI.with(Self.rates) { api in
            try await api.register()
            #expect(try await api.client.send("GET", "/v1/admin/tenants/acme", Self.admin).status == 404)
            let body = #"{"weight":300,"limits":{"startsPerSecond":50,"startBurst":100,"liveRuns":1000}}"#
            let made = try await Self.put(api, "acme", body)
            #expect(made.status == 201 && made.json["state"] == "active" && made.json["weight"] == 300, "\(made.text)")
            #expect(made.json["limits"] == ["startsPerSecond": 50, "startBurst": 100, "liveRuns": 1000])
            #expect(try await Self.start(api, "acme").status == 202)
            let changed = try await Self.put(api, "acme", #"{"state":"suspended"}"#)
            #expect(changed.status == 200 && changed.json["limits"] == [:] && changed.json["weight"] == 100)
            let shown = try await api.client.send("GET", "/v1/admin/tenants/acme", Self.admin).json
            #expect(shown["usage"]?["liveRuns"] == 1 && shown["usage"]?["sleepingRuns"] == 0, "\(shown.text)")
            #expect(shown["usage"]?["isMore"] == false && shown["usage"]?["storedBytes"] == .null)
            _ = try await Self.put(api, "zeta", "{}")
            let first = try await api.client.send("GET", "/v1/admin/tenants?limit=1", Self.admin).json
            #expect(first["tenants"]?.array?.map { $0["id"] } == ["acme"])
            let cursor = try #require(first["nextCursor"]?.string)
            let next = try await api.client.send("GET", "/v1/admin/tenants?limit=1&cursor=\(cursor)", Self.admin).json
            #expect(next["tenants"]?.array?.map { $0["id"] } == ["zeta"] && next["nextCursor"] == .null)
            let audited = try await api.database.value(
                "SELECT string_agg(action || ' ' || subject, ',' ORDER BY at) FROM audit_trail WHERE action = 'put_tenant'"
            )
            #expect(audited == "put_tenant tenants/acme,put_tenant tenants/acme,put_tenant tenants/zeta")
        }
    }

    @Test(
        "what is no tenant is refused, and nothing is written",
        arguments: [
            (#"{"state":"gone"}"#, "/state"), (#"{"weight":0}"#, "/weight"), (#"{"weight":10001}"#, "/weight"),
            (#"{"limits":[]}"#, "/limits"), (#"{"limits":{"runs":1}}"#, "/limits/runs"),
            (#"{"limits":{"liveRuns":-1}}"#, "/limits/liveRuns"), (#"{"limits":{"liveRuns":"5"}}"#, "/limits/liveRuns"),
            (#"{"limits":{"startsPerSecond":0.5}}"#, "/limits/startsPerSecond"),
            (#"{"limits":{"startBurst":5}}"#, "/limits/startBurst"), (#"{"limit":{}}"#, "/limit"),
        ])
    func refused(body: String, pointer: String) async throws {
        try await TestAPI.with(Self.rates) { api in
            let answer = try await Self.put(api, "acme", body)
            #expect(answer.status == 422 && answer.text.contains("\"\(pointer)\""), "\(answer.text)")
            #expect(try await api.database.value("SELECT count(*) FROM tenants") == "0")
        }
    }

    @Test("the example of docs/security.md is a tenant")
    func example() async throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/security.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let section = try #require(text.split(separator: "### Limits and fairness").last)
        let example = try #require(section.firstMatch(of: /```json\n(.*?)\n```/.dotMatchesNewlines())?.output.1)
        try await TestAPI.with(Self.rates) { api in
            let answer = try await Self.put(api, "acme", String(example))
            #expect(answer.status == 201 && answer.json["weight"] == 200, "\(answer.text)")
        }
    }

    @Test("odd names are refused", arguments: ["*", "%C3%A4%00", "%07", String(repeating: "x", count: 300)])
    func oddNames(id: String) async throws {
        try await TestAPI.with(Self.rates) { api in
            let answer = try await Self.put(api, id, "{}")
            #expect([400, 422].contains(answer.status), "\(answer.text)")
        }
    }

    @Test(
        "of a suspended tenant nothing new begins, a closed one's keys are refused; what was accepted is answered as before"
    )
    func states() async throws {
        var settings = Self.rates
        settings["AUTH"] = "open"
        try await TestAPI.with(settings) { api in
            try await api.register()
            let keyBody = #"{"name":"k","tenant":"acme","roles":["starter","operator"]}"#
            let made = try await api.client.send("POST", "/v1/admin/api-keys", body: keyBody, Self.admin)
            let bearer = ["Authorization": "Bearer \(made.json["key"]?.string ?? "")"]
            let first = try await Self.start(api, "acme", key: "one")
            let run = try #require(first.json["runId"]?.string)
            for (state, problem) in [("suspended", "tenant-suspended"), ("closed", "tenant-closed")] {
                _ = try await Self.put(api, "acme", #"{"state":"\#(state)"}"#)
                let refused = try await Self.start(api, "acme", key: "two")
                #expect(refused.status == 403 && refused.problem == problem, "\(refused.text)")
                #expect(try await Self.start(api, "acme", key: "one").json["runId"]?.string == run)
                let lines = try await api.client.send(
                    "POST", "/v1/workflows/w/start-batch", body: #"{"context":{"tenantId":"acme"}}"# + "\n{}\n",
                    ["Content-Type": "application/x-ndjson"])
                #expect(lines.text.contains(problem) && lines.text.contains("PENDING"), "\(lines.text)")
                let seen = try await api.client.send("GET", "/v1/runs/\(run)", bearer)
                #expect(seen.status == (state == "closed" ? 403 : 200), "\(seen.text)")
                if state == "closed" { #expect(seen.problem == "tenant-closed") }
                let own = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", bearer)
                #expect(own.status == 403 && own.problem == problem, "\(own.text)")
            }
            _ = try await Self.put(api, "acme", #"{"limits":{"liveRuns":0}}"#)
            #expect(try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", bearer).status == 429)
            _ = try await api.database.awaitText(
                """
                SELECT 1 FROM audit_trail WHERE tenant_id = 'acme' AND outcome = 'refused' AND actor LIKE 'key:k/%'
                HAVING array_agg(DISTINCT reason) = '{tenant-limit,tenant-state}'
                """)
            _ = try await Self.put(api, "acme", "{}")
            #expect(try await Self.start(api, "acme").status == 202)
            #expect(try await api.client.send("GET", "/v1/runs/\(run)", bearer).status == 200)
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs WHERE tenant_id = 'acme'") == "2")
        }
    }

    @Test("live and sleeping runs, stored bytes and payloads have limits, which say so; other tenants don't feel them")
    func limits() async throws {
        try await TestAPI.with(Self.rates) { api in
            try await api.register()
            func isRefused(_ limit: String, _ answer: Answer) {
                #expect(answer.status == 429 && answer.problem == "tenant-limit", "\(answer.text)")
                #expect(answer.text.contains(limit), "\(answer.text)")
                #expect(answer.headers["retry-after"] != nil && answer.headers["ratelimit-remaining"] == "0")
            }
            _ = try await Self.put(api, "acme", #"{"limits":{"liveRuns":3}}"#)
            for _ in 0..<3 { #expect(try await Self.start(api, "acme").status == 202) }
            isRefused("liveRuns", try await Self.start(api, "acme"))
            #expect(try await Self.start(api, "other").status == 202)
            _ = try await Self.put(api, "acme", #"{"limits":{"sleepingRuns":0}}"#)
            isRefused("sleepingRuns", try await Self.start(api, "acme"))
            _ = try await Self.put(api, "acme", #"{"limits":{"payloadBytes":40}}"#)
            #expect(try await Self.start(api, "acme").status == 202)
            let large = try await Self.start(api, "acme", #","input":"\#(String(repeating: "x", count: 40))""#)
            #expect(large.status == 413 && large.problem == "body-too-large", "\(large.text)")
            _ = try await Self.put(api, "acme", #"{"limits":{"storedBytes":1000}}"#)
            #expect(try await Self.start(api, "acme").status == 202, "nobody has measured it")
            try await api.database.query("UPDATE tenants SET stored_bytes = 1000, measured_at = now()")
            _ = try await Self.put(api, "acme", #"{"limits":{"storedBytes":1000}}"#)
            isRefused("storedBytes", try await Self.start(api, "acme"))
        }
    }

    @Test(
        "starts beyond a tenant's rate are told when to come again; many at once wait instead",
        arguments: [false, true])
    func rate(hasRedis: Bool) async throws {
        var settings = Self.rates
        if hasRedis { settings["REDIS_URL"] = try TestAPI.redisURL }
        if hasRedis { settings["REDIS_PREFIX"] = "test-\(UInt64.random(in: 0 ... .max)):" }
        try await TestAPI.with(settings) { api in
            try await api.register()
            _ = try await Self.put(api, "acme", #"{"limits":{"startsPerSecond":2,"startBurst":3}}"#)
            var refused: [Answer] = []
            for _ in 0..<8 {
                let answer = try await Self.start(api, "acme")
                if answer.status != 202 { refused.append(answer) }
            }
            #expect((3...5).contains(refused.count))
            for answer in refused {
                #expect(answer.status == 429 && answer.problem == "rate-limited", "\(answer.text)")
                #expect(answer.headers["ratelimit-limit"] == "3" && answer.headers["retry-after"] == "1")
            }
            #expect(try await Self.start(api, "other").status == 202)
            let lines = String(repeating: #"{"context":{"tenantId":"acme"}}"# + "\n", count: 4)
            let many = try await api.client.send(
                "POST", "/v1/workflows/w/start-batch", body: lines, ["Content-Type": "application/x-ndjson"])
            #expect(!many.text.contains("rate-limited") && many.text.split(separator: "\n").count >= 4, "\(many.text)")
        }
    }

    @Test("runs have a lane as soon as somebody makes a tenant or asks for a priority, and not before")
    func lanes() async throws {
        try await TestAPI.with(Self.rates) { api in
            try await api.register()
            func lane(_ answer: Answer) async throws -> String? {
                let id = try #require(answer.json["runId"]?.string, "\(answer.text)")
                let stored = try await api.database.value("SELECT lane FROM outbox WHERE run_id = '\(id)'")
                #expect(try await api.database.value("SELECT lane FROM workflow_runs WHERE run_id = '\(id)'") == stored)
                return stored
            }
            let plain = try await Self.start(api, "acme")
            #expect(try await lane(plain) == nil)
            let id = plain.json["runId"]?.string ?? ""
            #expect(try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["priority"] == nil)
            let first = try await Self.start(api, "acme", #","priority":9"#)
            #expect(try await lane(first) == "0", "tenant 0 is everybody that nobody has made")
            #expect(try await api.database.value("SELECT tenant_id FROM tenants") == "default")
            #expect(try await lane(try await Self.start(api, "acme")) == "4")
            let number = try #require(try await api.database.value("SELECT tenant_number FROM tenants"))
            let ofDefault = try await api.client.send("POST", "/v1/workflows/w/start", body: #"{"priority":0}"#)
            #expect(try await lane(ofDefault) == "\((Int(number) ?? 0) * 16 + 9)")
            let shown = try await api.client.send("GET", "/v1/runs/\(ofDefault.json["runId"]?.string ?? "")").json
            #expect(shown["run"]?["priority"] == 0)
            for wrong in ["10", "-1", "1.5", "\"high\""] {
                let refused = try await Self.start(api, "acme", #","priority":\#(wrong)"#)
                #expect(refused.status == 422 && refused.text.contains("/priority"), "\(refused.text)")
            }
        }
    }

    @Test("a key of one tenant sees what it may have, and nothing of others'")
    func ofTenants() async throws {
        var settings = Self.rates
        settings["AUTH"] = "required"
        try await TestAPI.with(settings) { api in
            for id in ["acme", "other"] { _ = try await Self.put(api, id, "{}") }
            let body = #"{"name":"k","tenant":"acme","roles":["admin"]}"#
            let made = try await api.client.send("POST", "/v1/admin/api-keys", body: body, Self.admin)
            let bearer = ["Authorization": "Bearer \(made.json["key"]?.string ?? "")"]
            let list = try await api.client.send("GET", "/v1/admin/tenants", bearer)
            #expect(list.json["tenants"]?.array?.map { $0["id"] } == ["acme"], "\(list.text)")
            #expect(try await api.client.send("GET", "/v1/admin/tenants/acme", bearer).status == 200)
            let foreign = try await api.client.send("GET", "/v1/admin/tenants/other", bearer)
            let none = try await api.client.send("GET", "/v1/admin/tenants/nobody", bearer)
            #expect(foreign.status == 404 && foreign.json["detail"] == none.json["detail"])
            let put = try await api.client.send("PUT", "/v1/admin/tenants/acme", body: "{}", bearer)
            #expect(put.status == 403 && put.problem == "missing-permission", "\(put.text)")
        }
    }
}
