import Console
import Core
import Testing

@testable import API

/// Participants, engines, tenants, keys and the audit in the console, over a whole API.
@Suite(.timeLimit(.minutes(1))) struct ConsoleAdministrationTests {
    typealias Browser = ConsoleTests.Browser

    private static let settings = ["AUTH": "required", "ALLOW_PLAIN_SECRETS": "true"]
    private static let pages = ["participants", "engines", "tenants", "keys", "audit"]
    private static let admin = ["X-Admin-Token": TestAPI.token]

    private static func browser(_ api: TestAPI, _ credential: String = TestAPI.token) async throws -> Browser {
        let browser = Browser(api)
        try await browser.logIn(credential)
        return browser
    }

    private static func put(_ api: TestAPI, _ path: String, _ body: JSON) async throws {
        let answer = try await api.client.send("PUT", "/v1/admin/\(path)", body: body.text, admin)
        #expect([200, 201].contains(answer.status), "\(answer.text)")
    }

    @Test(arguments: [
        (["viewer"], ["engines"]), (["operator"], ["participants", "engines", "tenants"]),
        (["author"], ["participants", "engines"]), (["audit:read"], ["audit"]), (["keys:manage"], ["keys"]),
        (["admin"], ["participants", "engines", "tenants", "keys", "audit"]),
    ])
    func `A page, and the way to it, is for whoever may read what is on it`(
        roles: [String], allowed: [String]
    ) async throws {
        try await TestAPI.with(Self.settings) { api in
            let browser = try await Self.browser(api, try await ConsoleTests.key(api, roles).key)
            let home = try await browser.get("/console/runs").text + browser.get("/console/engines").text
            for page in Self.pages {
                let answer = try await browser.get("/console/\(page)")
                #expect(answer.status == (allowed.contains(page) ? 200 : 403), "\(page)")
                #expect(home.contains("href=\"/console/\(page)\"") == allowed.contains(page), "\(page)")
            }
        }
    }

    @Test func `Whoever may only look finds nothing to change, and can't by sending a form either`() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.put(api, "participants/pay", ["url": "https://pay.example"])
            try await Self.put(api, "tenants/acme", ["weight": 7])
            let key = try await ConsoleTests.key(api, ["participants:read", "tenants:read", "audit:read"])
            let browser = try await Self.browser(api, key.key)
            for path in ["participants", "participants/pay", "tenants", "tenants/acme", "audit"] {
                let page = try await browser.get("/console/\(path)")
                #expect(page.status == 200)
                let forms = page.text.matches(of: /<form[^>]*method="post"[^>]*action="([^"]*)"/).map(\.output.1)
                #expect(forms == ["/console/logout"], "\(path): \(forms)")
            }
            let before = try await api.database.value("SELECT count(*) FROM audit_trail WHERE outcome = 'done'")
            for (path, fields) in [
                ("participants", [("name", "x"), ("url", "https://x.example")]),
                ("participants/pay/pause", [("reason", "x")]), ("participants/pay/delete", []),
                ("tenants", [("id", "x")]), ("tenants/acme", [("weight", "9")]),
                ("keys", [("name", "x"), ("roles", "viewer")]),
                ("keys/revoke", [("keyId", key.id), ("sure", "yes")]),
            ] as [(String, [(String, String)])] {
                let answer = try await browser.send("/console/\(path)", fields, from: "/console/participants")
                #expect(answer.status == 403, "\(path) \(answer.status)")
            }
            #expect(try await api.database.value("SELECT count(*) FROM audit_trail WHERE outcome = 'done'") == before)
        }
    }

    @Test func `Of another tenant nobody sees anything`() async throws {
        try await TestAPI.with(Self.settings) { api in
            let other = "other-tenant-canary"
            try await Self.put(api, "participants/theirs-canary?tenant=\(other)", ["url": "https://canary.example"])
            try await Self.put(api, "participants/shared", ["url": "https://shared-canary.example"])
            try await Self.put(api, "participants/mine?tenant=acme", ["url": "https://mine.example"])
            for id in [other, "acme"] { try await Self.put(api, "tenants/\(id)", ["weight": 7]) }
            let theirs = try await ConsoleTests.key(api, ["admin"], tenant: other)
            let browser = try await Self.browser(api, try await ConsoleTests.key(api, ["admin"], tenant: "acme").key)
            for path in Self.pages.filter({ $0 != "engines" }) + [
                "participants/mine", "participants/shared", "tenants/acme",
            ] {
                let page = try await browser.get("/console/\(path)")
                #expect(page.status == 200, "\(path): \(page.text)")
                #expect(!page.text.contains("canary") && !page.text.contains(theirs.id), "\(path)")
            }
            for path in [
                "participants/theirs-canary", "participants/theirs-canary?tenant=\(other)", "tenants/\(other)",
                "participants?tenant=\(other)", "engines",
            ] {
                let page = try await browser.get("/console/\(path)")
                #expect([403, 404].contains(page.status), "\(path)")
                #expect(!page.text.contains("canary.example"))
            }
            let revoke = try await browser.send(
                "/console/keys/revoke", [("keyId", theirs.id), ("sure", "yes")], from: "/console/keys")
            #expect(revoke.status == 404)
            let shared = try await browser.send(
                "/console/participants/shared/pause", [("reason", "x")], from: "/console/participants")
            #expect(shared.status == 403)
            #expect(
                try await api.database.value("SELECT count(*) FROM participants WHERE paused_at IS NOT NULL") == "0")
        }
    }

    @Test func `A participant is registered, changed with its secrets kept, paused, resumed and deleted`() async throws
    {
        try await TestAPI.with(Self.settings) { api in
            let browser = try await Self.browser(api)
            let (list, one) = ("/console/participants", "/console/participants/pay")
            let made = try await browser.send(
                list,
                [
                    ("name", "pay"), ("url", "https://pay.example"), ("maxConcurrent", "3"), ("perSecond", "2.5"),
                    ("breaker", "on"), ("openFor", "20s"), ("newHeaders", "X-Key: canary-1\r\nX-Client: saga\r\n"),
                    ("tokenUrl", "https://id.example/t"), ("clientId", "c"), ("clientSecret", "canary-2"),
                ], from: list)
            #expect(made.headers["location"] == "\(one)?did=participant-saved", "\(made.text)")
            let page = try await browser.get("\(one)?did=participant-saved")
            #expect(page.text.contains("It is saved") && page.text.contains("2.5 a second"))
            let updated = try #require(page.text.firstMatch(of: /name="updatedAt" value="([^"]+)"/)?.output.1)
            func save(_ more: [(String, String)], since: String = String(updated)) async throws -> Answer {
                try await browser.send(
                    one,
                    [
                        ("updatedAt", since), ("headerName-0", "X-Key"), ("headerName-1", "X-Client"),
                        ("breaker", "on"),
                        ("tokenUrl", "https://id.example/t"), ("clientId", "c"), ("perSecond", "4"),
                    ] + more, from: one)
            }
            // Elsewhere the secrets do not go, and what was written stays, but no secret.
            let elsewhere = try await save([
                ("url", "https://evil.example"), ("newHeaders", "X-New-Token: canary-3\nX-More: 7"),
            ])
            #expect(elsewhere.status == 422 && elsewhere.text.contains("give it anew"))
            #expect(elsewhere.text.contains(#"id="participant-header-0-fault""#))
            #expect(elsewhere.text.contains(#"value="https://evil.example""#) && elsewhere.text.contains("X-More: 7"))
            #expect(elsewhere.text.contains("X-New-Token: \n") && !elsewhere.text.contains("canary"))
            let stale = try await save([("url", "https://pay.example")], since: "2026-01-31T12:00:00Z")
            #expect(stale.status == 422 && stale.text.contains("Somebody has changed it"))
            #expect(try await api.database.value("SELECT rate->>'perSecond' FROM participants") == "2.5")
            let saved = try await save([("url", "https://pay.example"), ("dropHeader", "X-Client")])
            #expect(saved.status == 303, "\(saved.text)")
            let stored = try await api.database.value(
                "SELECT headers::text || auth::text || rate::text FROM participants")
            #expect(stored?.contains("canary-1") == true && stored?.contains("canary-2") == true)
            #expect(stored?.contains("X-Client") == false)
            #expect(try await api.database.value("SELECT rate->>'perSecond' FROM participants") == "4")
            for path in [list, one, "/console/audit", "/console/now"] {
                #expect(try await !browser.get(path).text.contains("canary"), "\(path)")
            }
            try await browser.send("\(one)/pause", [("reason", "patch day")], from: one)
            #expect(try await browser.get(one).text.contains("patch day"))
            #expect(try await browser.get(list).text.contains("patch day"))
            try await browser.send("\(one)/resume", [], from: one)
            #expect(try await !browser.get(one).text.contains("patch day"))
            let gone = try await browser.send("\(one)/delete", [], from: one)
            #expect(gone.headers["location"] == "\(list)?did=participant-deleted")
            #expect(try await browser.get(one).status == 404)
            let audit = try await browser.get("/console/audit").text
            for word in ["put participant", "pause participant", "resume participant", "delete participant", "tester"] {
                #expect(audit.contains(word), "\(word)")
            }
        }
    }

    @Test func `What a form gets wrong is said at its field, and nothing is written`() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.put(api, "participants/pay", ["url": "https://pay.example"])
            try await Self.put(api, "tenants/acme", ["weight": 7])
            let browser = try await Self.browser(api)
            let before = try await api.database.value("SELECT count(*) FROM audit_trail")
            for (path, fields, faults) in [
                ("participants", [("url", "https://x.example")], ["participant-name-fault"]),
                ("participants", [("name", "pay"), ("url", "https://x.example")], ["participant-name-fault"]),
                ("participants", [("name", "x"), ("url", "ftp://x")], ["participant-url-fault"]),
                (
                    "participants",
                    [
                        ("name", "x"), ("url", "https://x.example"), ("maxConcurrent", "many"), ("burst", "0"),
                        ("newHeaders", "no colon"),
                    ],
                    ["participant-newHeaders-fault"]
                ),
                (
                    "participants",
                    [
                        ("name", "x"), ("url", "https://x.example"), ("maxConcurrent", "many"), ("burst", "4"),
                        ("breaker", "on"), ("openFor", "1y"), ("newHeaders", "Host: x"), ("clientId", "c"),
                    ],
                    [
                        "participant-maxConcurrent-fault", "participant-perSecond-fault", "participant-openFor-fault",
                        "participant-newHeaders-fault", "participant-tokenUrl-fault", "participant-clientSecret-fault",
                    ]
                ),
                ("tenants", [("id", "acme"), ("weight", "1")], ["tenant-id-fault"]),
                (
                    "tenants", [("id", "x"), ("weight", "much"), ("liveRuns", "-1")],
                    ["tenant-weight-fault", "tenant-liveRuns-fault"]
                ),
                (
                    "tenants/acme", [("weight", "0"), ("startBurst", "3")],
                    ["tenant-weight-fault", "tenant-startBurst-fault"]
                ),
                ("keys", [("name", "a b"), ("workflows", "A*")], ["key-name-fault", "key-workflows-fault"]),
                (
                    "keys", [("name", "x"), ("roles", "viewer"), ("expires", "at"), ("expiresAt", "soon")],
                    ["key-expiresAt-fault"]
                ),
            ] as [(String, [(String, String)], [String])] {
                let page = try await browser.send("/console/\(path)", fields, from: "/console/participants")
                #expect(page.status == 422, "\(path) \(fields) \(page.status)")
                for fault in faults { #expect(page.text.contains("id=\"\(fault)\""), "\(path) \(fields): \(fault)") }
                for (_, value) in fields
                where value != "no colon" && !value.contains("*") && value != "on" && value != "at" {
                    #expect(page.text.contains(value), "\(path): \(value) is gone")
                }
            }
            #expect(try await api.database.value("SELECT count(*) FROM audit_trail") == before)
        }
    }

    @Test func `A key is shown once, in one answer and nowhere else, and its revocation ends its logins`() async throws
    {
        try await TestAPI.with(Self.settings) { api in
            let browser = try await Self.browser(api)
            let made = try await browser.send(
                "/console/keys",
                [
                    ("name", "ann"), ("roles", "viewer"), ("roles", "audit:read"), ("workflows", "orders-*\r\nrefund"),
                    ("tenant", "acme"), ("expires", "30"),
                ], from: "/console/keys")
            #expect(made.status == 201 && made.headers["cache-control"] == "no-store", "\(made.text)")
            #expect(made.headers["etag"] == nil && made.headers["location"] == nil)
            let key = try #require(made.text.firstMatch(of: /id="new-key-text"[^>]*>(sf_[^<]+)</)?.output.1)
            #expect(made.text.ranges(of: key).count == 1)
            for path in ["keys", "audit", "now", "keys?did=key-made"] {
                #expect(try await !browser.get("/console/\(path)").text.contains(key), "\(path)")
            }
            let rows = try await api.database.value(
                """
                SELECT (SELECT string_agg(k::text, '') FROM api_keys k) || (SELECT string_agg(s::text, '') FROM console_sessions s)
                    || (SELECT string_agg(a::text, '') FROM audit_trail a)
                """)
            #expect(rows?.contains(key) == false)
            let list = try await browser.get("/console/keys").text
            for word in ["ann", "viewer, audit:read", "orders-*", "<b>acme</b>", "Valid"] {
                #expect(list.contains(word), "\(word)")
            }
            let theirs = try await Self.browser(api, String(key))
            #expect(try await theirs.get("/console/runs").status == 200)
            let id = try #require(
                try await api.database.value("SELECT key_id FROM api_keys WHERE key_name = 'ann'"))
            let asked = try await browser.send(
                "/console/keys/revoke", [("keyId", id), ("name", "ann")], from: "/console/keys")
            #expect(asked.status == 200 && asked.text.contains("Revoke the key ann?"))
            #expect(try await api.database.value("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL") == "0")
            let revoked = try await browser.send(
                "/console/keys/revoke", [("keyId", id), ("sure", "yes")], from: "/console/keys")
            #expect(revoked.headers["location"] == "/console/keys?did=key-revoked")
            #expect(try await browser.get("/console/keys").text.contains("Revoked"))
            let until = ContinuousClock.now + .seconds(3)
            while try await theirs.get("/console/runs").status == 200 {
                try #require(ContinuousClock.now < until, "the key is revoked, and its login goes on")
            }
        }
    }

    @Test func `Nobody is offered to give what they have not, nor gives it by another form`() async throws {
        try await TestAPI.with(Self.settings) { api in
            let own = try await ConsoleTests.key(api, ["keys:manage", "runs:read", "workflows:read"], tenant: "acme")
            let browser = try await Self.browser(api, own.key)
            let page = try await browser.get("/console/keys").text
            let offered = page.matches(of: /name="roles" value="([^"]+)"/).map { String($0.output.1) }
            #expect(offered == ["viewer", "runs:read", "workflows:read", "keys:manage"], "\(offered)")
            #expect(!page.contains(#"name="tenant""#))
            for fields in [[("roles", "admin")], [("roles", "viewer"), ("tenant", "other")]] {
                let answer = try await browser.send("/console/keys", [("name", "x")] + fields, from: "/console/keys")
                #expect(answer.status == 422 && answer.text.contains("can&#39;t be given"), "\(answer.text)")
            }
            #expect(try await api.database.value("SELECT count(*) FROM api_keys") == "1")
            let given = try await browser.send(
                "/console/keys", [("name", "x"), ("roles", "viewer")], from: "/console/keys")
            #expect(given.status == 201)
            #expect(try await api.database.value("SELECT tenant_id FROM api_keys WHERE key_name = 'x'") == "acme")
        }
    }

    @Test func `A tenant is made and changed, and shows what it has of what it may have`() async throws {
        try await TestAPI.with(Self.settings) { api in
            let browser = try await Self.browser(api)
            let made = try await browser.send(
                "/console/tenants", [("id", "acme/eu 1"), ("weight", "250"), ("liveRuns", "10"), ("state", "active")],
                from: "/console/tenants")
            let place = try #require(made.headers["location"], "\(made.text)")
            #expect(place == "/console/tenants/acme%2Feu%201?did=tenant-saved")
            let page = try await browser.get(place).text
            #expect(page.contains("of <span class=\"number\">10</span>") && page.contains("It is saved"), "\(page)")
            let closed = try await browser.send(
                "/console/tenants/acme%2Feu%201", [("weight", "100"), ("state", "closed")], from: "/console/tenants")
            #expect(closed.status == 303)
            #expect(try await browser.get("/console/tenants").text.contains("Closed"))
            let row = try await api.database.value("SELECT state || ' ' || weight || ' ' || limits FROM tenants")
            #expect(row == "closed 100 {}", "\(row ?? "")")
            #expect(try await browser.get("/console/tenants/nobody").status == 404)
        }
    }

    @Test func `The audit is filtered by its address, page by page, and a run's report can be kept`() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let run = try await api.start("w", Self.admin)
            _ = try await api.client.send("POST", "/v1/runs/\(run)/cancel", body: "{}", Self.admin)
            for number in 0..<60 { try await Self.put(api, "participants/p\(number)", ["url": "https://p.example"]) }
            let browser = try await Self.browser(api)
            let first = try await browser.get("/console/audit?action=put_participant").text
            #expect(first.matches(of: /data-key=/).count == 50 && first.contains("participants/p59"))
            let next = try #require(first.firstMatch(of: /rel="next" href="([^"]+)"/)?.output.1)
            let second = try await browser.get(String(next).replacing("&amp;", with: "&")).text
            #expect(second.matches(of: /data-key=/).count == 10 && second.contains("participants/p0"))
            #expect(!second.contains("cancel run"))
            let about = try await browser.get("/console/audit?runId=\(run)").text
            #expect(about.contains("cancel run") && about.contains("href=\"/console/runs/\(run)\""))
            let place = "/console/audit/runs/\(run)/report"
            #expect(about.contains("href=\"\(place)\""))
            let report = try await browser.get(place)
            #expect(report.status == 200 && report.headers["content-disposition"]?.contains("run-\(run).json") == true)
            #expect(report.json["complete"] == true && report.json["report"]?["run"]?["runId"]?.string == run)
            let wrong = try await browser.get("/console/audit?from=soon&actor=ann")
            #expect(
                wrong.status == 400 && wrong.text.contains(#"value="soon""#) && wrong.text.contains(#"value="ann""#))
            let viewer = try await Self.browser(api, try await ConsoleTests.key(api, ["viewer"]).key)
            #expect(try await viewer.get(place).status == 403)
        }
    }

    @Test func `What engines tell of their calls stands on the participant's page, and on their own`() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.put(api, "participants/pay", ["url": "https://pay.example"])
            let browser = try await Self.browser(api)
            #expect(try await browser.get("/console/engines").text.contains("No engine is alive"))
            for (host, lease) in [("one", "a"), ("two", "b")] {
                _ = try await api.database.query(
                    """
                    INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
                    SELECT gen_random_uuid(), 'host-\(host)', '9.9', now(), now(), 5, '{"settings": {"LEASE": "\(lease)"},
                        "clock": {"offsetMs": 2500}, "participants": {"pay": {"breaker": "open", "lastError": "It hangs."}},
                        "traffic": {"pay": {"inFlight": 4, "perSecond": 1.25, "p50Ms": 7, "p99Ms": 90}},
                        "tenantTraffic": {"acme": {"pay": {"inFlight": 99}}}}'
                    """)
            }
            let one = try await browser.get("/console/participants/pay").text
            for word in ["host-one", "host-two", "It hangs.", "90 ms", "Breaker open"] {
                #expect(one.contains(word), "\(word)")
            }
            #expect(!one.contains("99</span>"))
            let list = try await browser.get("/console/participants").text
            #expect(list.contains("<span class=\"number\">8</span>") && list.contains("2.5"))
            let engines = try await browser.get("/console/engines").text
            for word in ["host-one", "9.9", "2.5 s ahead", "<code>LEASE</code>", "several"] where word != "several" {
                #expect(engines.contains(word), "\(word)")
            }
            let traffic = try await api.client.send("GET", "/v1/admin/participants/pay", Self.admin).json["traffic"]
            #expect(traffic?.array?.count == 2 && traffic?[0]?["perSecond"]?.text == "1.25", "\(traffic?.text ?? "")")
        }
    }
}
