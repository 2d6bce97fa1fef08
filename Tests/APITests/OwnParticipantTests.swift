import Core
import Foundation
import Storage
import TestSupport
import Testing

@testable import API

@Suite("Participants of a tenant of its own, over the API")
struct OwnParticipantTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let path = "/v1/admin/participants"
    private static let settings = [
        "AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s", "ALLOW_PLAIN_SECRETS": "true",
    ]
    /// Everything that changes one, with what is sent along.
    private static let changes = [
        ("PUT", "", #"{"url":"https://p.example"}"#), ("DELETE", "", ""), ("POST", "/pause", #"{"reason":"x"}"#),
        ("POST", "/resume", "{}"),
    ]

    /// A key of a tenant, as a header.
    private static func key(_ api: TestAPI, of tenant: String, _ role: String = "admin") async throws -> [String:
        String]
    {
        let body: JSON = ["name": "k", "tenant": .string(tenant), "roles": [.string(role)]]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        return ["Authorization": "Bearer \(try #require(answer.json["key"]?.string))"]
    }

    private static func put(
        _ api: TestAPI, _ name: String, _ who: [String: String], host: String = "p.example", more: String = ""
    ) async throws -> Answer {
        try await api.client.send(
            "PUT", "\(path)/\(name)", body: #"{"url":"https://\#(host)"\#(more)}"#, who)
    }

    /// An answer without what differs between two of the same.
    private static func plain(_ answer: Answer) -> String {
        "\(answer.status) "
            + (answer.json.object?.members.filter { !["instance", "requestId"].contains($0.key) } ?? [])
            .map { "\($0.key)=\($0.value.text)" }.joined(separator: " ")
    }

    @Test("another tenant's is as unknown as one that there is not, whatever is done, and stays as it is")
    func others() async throws {
        try await TestAPI.with(Self.settings) { api in
            let (a, b) = (try await Self.key(api, of: "a"), try await Self.key(api, of: "b"))
            let made = try await Self.put(api, "pay", a, host: "a.example")
            #expect(made.status == 201 && made.json["tenant"] == "a", "\(made.text)")
            for (method, action, body) in Self.changes.dropFirst() + [("GET", "", "")] {
                let body = body.isEmpty ? nil : body
                let theirs = try await api.client.send(method, "\(Self.path)/pay\(action)", body: body, b)
                let none = try await api.client.send(method, "\(Self.path)/none\(action)", body: body, b)
                #expect(theirs.status == 404 && theirs.problem == "unknown-participant", "\(theirs.text)")
                #expect(Self.plain(theirs) == Self.plain(none))
            }
            // Nor by saying whose it is: that is answered the same whether there is one or not.
            for (method, action, body) in Self.changes + [("GET", "", "")] {
                let body = body.isEmpty ? nil : body
                let answers = try await ["pay?tenant=a", "none?tenant=a", "pay?tenant=c", "pay?tenant=*"].asyncMap {
                    let parts = $0.split(separator: "?")
                    return try await api.client.send(
                        method, "\(Self.path)/\(parts[0])\(action)?\(parts[1])", body: body, b)
                }
                #expect(answers.allSatisfy { $0.status == 403 && $0.problem == "missing-permission" }, "\(method)")
                #expect(Set(answers.map(Self.plain)).count == 1)
            }
            #expect(try await api.client.send("GET", "\(Self.path)?tenant=a", b).status == 403)
            #expect(try await Self.put(api, "pay", b, host: "b.example").status == 201, "b's own is another one")
            let rows = try await api.database.query("SELECT tenant_id, url FROM participants ORDER BY 1")
            #expect(rows == [["a", "https://a.example"], ["b", "https://b.example"]])
            let listed = try await api.client.send("GET", Self.path, b).json["participants"]?.array
            #expect(listed?.map { $0["url"] } == ["https://b.example"])
            // What is tried is in no chain but the caller's.
            let tenants = try await api.database.awaitText(
                "SELECT string_agg(DISTINCT tenant_id, ',') FROM audit_trail WHERE actor LIKE 'key:k/%' AND outcome = 'refused' HAVING count(*) > 0"
            )
            #expect(tenants == "b")
        }
    }

    @Test("a shared one is shown to tenants without where it is and what it carries, and is not theirs to change")
    func shared() async throws {
        try await TestAPI.with(Self.settings) { api in
            let a = try await Self.key(api, of: "a")
            let more = #","headers":{"X-Key":"canary"},"maxConcurrent":7,"signWith":["canary"]"#
            #expect(try await Self.put(api, "mail", Self.admin, host: "canary.example", more: more).status == 201)
            _ = try await api.database.query(
                """
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
                SELECT gen_random_uuid(), 'canary', '1', now(), now(), 0, '{"participants": {"mail": {"breaker": "open"}}}'
                """)
            let paused = try await api.client.send(
                "POST", "\(Self.path)/mail/pause", body: #"{"reason":"patch"}"#, Self.admin)
            #expect(paused.json["tenant"] == "*")
            let shown = try await api.client.send("GET", "\(Self.path)/mail", a)
            #expect(shown.json.object?.keys.sorted() == ["name", "paused", "tenant"], "\(shown.text)")
            #expect(shown.json["tenant"] == "*" && shown.json["paused"]?["reason"] == "patch")
            let listed = try await api.client.send("GET", Self.path, a)
            #expect(listed.json["participants"] == [shown.json] && !listed.text.contains("canary"))
            for (method, action, body) in Self.changes.dropFirst() {
                let answer = try await api.client.send(
                    method, "\(Self.path)/mail\(action)", body: body.isEmpty ? nil : body, a)
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(answer.text)")
                #expect(answer.json["detail"]?.string?.contains("shared by all tenants") == true)
            }
            #expect(
                try await api.database.value("SELECT paused_at IS NOT NULL FROM participants WHERE tenant_id = '*'")
                    == "t")
        }
    }

    @Test("its own hides the shared one from a tenant, and is seen and changed by callers of all where they say whose")
    func own() async throws {
        try await TestAPI.with(Self.settings) { api in
            let a = try await Self.key(api, of: "a")
            #expect(try await Self.put(api, "mail", Self.admin, host: "all.example").status == 201)
            #expect(try await Self.put(api, "mail", a, host: "a.example").status == 201)
            func url(_ query: String, _ who: [String: String]) async throws -> [JSON?] {
                let one = try await api.client.send("GET", "\(Self.path)/mail\(query)", who).json
                let all = try await api.client.send("GET", "\(Self.path)\(query)", who).json["participants"]
                #expect(all?.array?.count == 1 && all?[0]?["url"] == one["url"])
                return [one["tenant"], one["url"]]
            }
            #expect(try await url("", a) == ["a", "https://a.example"])
            #expect(try await url("?tenant=a", a) == ["a", "https://a.example"])
            #expect(try await url("", Self.admin) == ["*", "https://all.example"])
            #expect(try await url("?tenant=*", Self.admin) == ["*", "https://all.example"])
            #expect(try await url("?tenant=a", Self.admin) == ["a", "https://a.example"])
            #expect(try await url("?tenant=b", Self.admin) == ["*", "https://all.example"])
            #expect(try await Self.put(api, "mail?tenant=a", Self.admin, host: "new.example").status == 200)
            let pause = #"{"reason":"x"}"#
            #expect(try await api.client.send("POST", "\(Self.path)/mail/pause", body: pause, a).status == 200)
            #expect(try await url("", a) == ["a", "https://new.example"])
            #expect(try await api.client.send("GET", "\(Self.path)/mail", Self.admin).json["paused"] == .null)
            // Of b there is none, so none is paused or taken away: not the shared one either.
            for (method, action, body) in Self.changes.dropFirst() {
                let answer = try await api.client.send(
                    method, "\(Self.path)/mail\(action)?tenant=b", body: body.isEmpty ? nil : body, Self.admin)
                #expect(answer.status == 404, "\(answer.text)")
            }
            #expect(try await api.client.send("DELETE", "\(Self.path)/mail", a).status == 204)
            #expect(try await api.client.send("GET", "\(Self.path)/mail", a).json["tenant"] == "*")
            let chains = try await api.database.value(
                """
                SELECT string_agg(tenant_id || ' ' || action, ',' ORDER BY at, number) FROM audit_trail
                WHERE subject = 'participants/mail' AND outcome = 'done'
                """)
            #expect(
                chains
                    == "* put_participant,a put_participant,a put_participant,a pause_participant,a delete_participant")
            let read = try await api.client.send("GET", "/v1/admin/audit?subject=participants/mail", a)
            #expect(read.json["entries"]?.array?.count == 4, "\(read.text)")
            #expect(try await api.client.send("GET", "\(Self.path)?tenant=", Self.admin).status == 400)
        }
    }

    @Test("who of a tenant may do what, by role")
    func roles() async throws {
        try await TestAPI.with(Self.settings) { api in
            #expect(try await Self.put(api, "pay?tenant=a", Self.admin).status == 201)
            // PUT, pause, GET.
            for (role, statuses) in [
                ("viewer", [403, 403, 403]), ("starter", [403, 403, 403]), ("operator", [403, 200, 200]),
                ("author", [403, 403, 200]), ("admin", [200, 200, 200]),
            ] {
                let who = try await Self.key(api, of: "a", role)
                let answers = [
                    try await Self.put(api, "pay", who),
                    try await api.client.send("POST", "\(Self.path)/pay/pause", body: #"{"reason":"x"}"#, who),
                    try await api.client.send("GET", "\(Self.path)/pay", who),
                ]
                #expect(answers.map(\.status) == statuses, "\(role)")
            }
        }
    }

    @Test("a tenant's participants are held to the address rules, and to a number; engines' hosts are not told")
    func bounds() async throws {
        try await TestAPI.with(Self.settings) { api in
            let (a, b) = (try await Self.key(api, of: "a"), try await Self.key(api, of: "b"))
            for host in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "localhost"] {
                let answer = try await Self.put(api, "pay", a, host: host)
                #expect(answer.status == 422 && answer.problem == "invalid-content", "\(answer.text)")
            }
            for name in [
                #""signWith":["tenants/b/x"]"#, #""tls":{"ca":"../x"}"#, #""headers":{"X":"${secret:tenants/b/x}"}"#,
            ] {
                #expect(try await Self.put(api, "pay", a, more: ",\(name)").status == 422, "\(name)")
            }
            #expect(try await Self.put(api, "pay", a).status == 201)
            _ = try await api.database.query(
                """
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
                SELECT gen_random_uuid(), 'e1', '1', now(), now(), 0, '{"participants": {"pay": {"breaker": "closed"}},
                    "tenantParticipants": {"a": {"pay": {"breaker": "open"}}, "b": {"pay": {"breaker": "halfOpen"}}}}'
                """)
            let own = try await api.client.send("GET", "\(Self.path)/pay", a).json["engines"]
            #expect(own?.array?.count == 1 && own?[0]?["breaker"] == "open" && own?[0]?["host"] == nil)
            let seen = try await api.client.send("GET", "\(Self.path)/pay?tenant=a", Self.admin).json["engines"]
            #expect(seen?[0]?["breaker"] == "open" && seen?[0]?["host"] == "e1")
            _ = try await api.database.query(
                """
                INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                SELECT 'a', 'p-' || n, 'http://p', 'tests' FROM generate_series(2, \(StoredParticipant.mostOfTenant)) n
                """)
            let more = try await Self.put(api, "more", a)
            #expect(more.status == 429 && more.problem == "tenant-limit", "\(more.text)")
            #expect(try await Self.put(api, "pay", a).status == 200)
            #expect(try await Self.put(api, "pay", b).status == 201)
        }
    }

    @Test("what is registered encrypted opens for the tenant's own alone")
    func encrypted() async throws {
        let text = "k:" + Data(repeating: 3, count: 32).base64EncodedString()
        try await TestAPI.with(Self.settings.merging(["SECRET_KEYS": text]) { $1 }) { api in
            let a = try await Self.key(api, of: "a")
            #expect(try await Self.put(api, "pay", a, more: #","headers":{"X-Key":"canary"}"#).status == 201)
            let sealed = try #require(
                try await api.database.value("SELECT headers->'X-Key'->>'sealed' FROM participants"))
            let keys = try SecretKeys(text)
            for owner in [Owner.shared, .tenant("a"), .tenant("b")] {
                let place = SecretPlace.header("X-Key", of: ParticipantID("pay", of: owner))
                let opened = try? keys.open(sealed, with: "k", for: place)
                #expect(opened == (owner == .tenant("a") ? "canary" : nil))
            }
        }
    }

    @Test("definitions are looked at with the participants that all have: a tenant's own is none of these")
    func review() async throws {
        try await TestAPI.with(Self.settings) { api in
            #expect(try await Self.put(api, "p?tenant=a", Self.admin).status == 201)
            let body = #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/a"}}]}"#
            func rules() async throws -> [JSON?] {
                let answer = try await api.client.send("POST", "/v1/admin/workflows/validate", body: body, Self.admin)
                return answer.json["findings"]?.array?.map { $0["rule"] } ?? []
            }
            let before = try await rules()
            #expect(try await Self.put(api, "p", Self.admin).status == 201)
            #expect(try await before.count == rules().count + 1)
        }
    }

    @Test("whose a run is stands in its context as in its row, however it was started: engines go by it")
    func tenants() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let a = try await Self.key(api, of: "a")
            var keyed = a
            keyed["Content-Type"] = "application/x-ndjson"
            for (path, body, who) in [
                ("start", "{}", a), ("start", #"{"context":{"tenantId":"b"}}"#, Self.admin),
                ("start", "{}", Self.admin),
                ("start-batch", "{}\n{\"context\":{\"x\":1}}\n", keyed),
            ] {
                let answer = try await api.client.send("POST", "/v1/workflows/w/\(path)", body: body, who)
                #expect([200, 202].contains(answer.status), "\(answer.text)")
            }
            let rows = try await api.database.query(
                """
                SELECT tenant_id, count(*)::text FROM workflow_runs
                WHERE tenant_id = coalesce(context->>'tenantId', 'default') GROUP BY 1 ORDER BY 1
                """)
            #expect(rows == [["a", "3"], ["b", "1"], ["default", "1"]])
        }
    }
}

extension Sequence where Element: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
