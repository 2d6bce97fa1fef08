import Console
import Core
import Testing
import TestSupport

@testable import API

/// The console as a browser finds it, over a whole API.
@Suite(.timeLimit(.minutes(1))) struct ConsoleTests {
    /// A browser: it keeps its cookie, and sends forms as browsers do.
    final class Browser {
        let api: TestAPI
        var cookie: String?
        var host = "localhost"

        init(_ api: TestAPI) { self.api = api }

        private func headers(_ more: [String: String] = [:]) -> [String: String] {
            var headers = more
            if let cookie { headers["Cookie"] = cookie }
            return headers
        }

        @discardableResult
        func get(_ path: String, _ more: [String: String] = [:]) async throws -> Answer {
            let answer = try await api.client.send("GET", path, headers(more), host: host)
            take(answer)
            return answer
        }

        private func take(_ answer: Answer) {
            guard let set = answer.headers["set-cookie"] else { return }
            cookie = set.hasSuffix("Max-Age=0") ? nil : String(set.prefix { $0 != ";" })
        }

        /// - Parameter token: nil for that of the page.
        @discardableResult
        func send(
            _ path: String, _ fields: [(String, String)], from page: String = "/console/login", token: String? = nil,
            _ more: [String: String] = [:]
        ) async throws -> Answer {
            var given = token
            if given == nil { given = Self.token(try await get(page).text) }
            let all = [("token", given ?? "")] + fields
            let body = all.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
            var sent = ["Content-Type": "application/x-www-form-urlencoded", "Origin": "http://\(host)"]
            sent.merge(more) { $1 }
            let answer = try await api.client.send("POST", path, body: body, headers(sent), host: host)
            take(answer)
            return answer
        }

        static func encoded(_ text: String) -> String {
            text.utf8.map { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    ? String(UnicodeScalar(byte))
                    : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }.joined()
        }

        static func token(_ page: String) -> String? {
            page.firstMatch(of: /name="token" value="([^"]+)"/).map { String($0.output.1) }
        }

        func logIn(_ credential: String) async throws {
            let answer = try await send("/console/login", [("credential", credential)])
            #expect(answer.status == 303, "\(answer.text)")
        }
    }

    static func key(_ api: TestAPI, _ roles: [String], tenant: String = "*") async throws -> (id: String, key: String) {
        let body: JSON = ["name": "k", "tenant": .string(tenant), "roles": .array(roles.map { .string($0) })]
        let answer = try await api.client.send(
            "POST", "/v1/admin/api-keys", body: body.text, ["X-Admin-Token": TestAPI.token])
        return (try #require(answer.json["id"]?.string), try #require(answer.json["key"]?.string))
    }

    @Test func `Nobody sees a page before a login, and after it exactly what the key may`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register()
            let own = try await Self.key(api, ["starter"], tenant: "acme")
            let started = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: #"{"input":{"secret":"s-e-c-r-e-t"}}"#, ["X-Api-Key": own.key])
            let run = try #require(started.json["runId"]?.string)
            let browser = Browser(api)
            for path in ["now", "runs", "failed", "runs/\(run)", "runs/\(run)/json", "runs/\(run)/stream"] {
                let answer = try await browser.get("/console/\(path)")
                #expect(
                    answer.status == 303 && answer.headers["location"]?.hasPrefix("/console/login") == true, "\(path)")
                #expect(!answer.text.contains(run))
            }
            let viewer = try await Self.key(api, ["viewer"], tenant: "acme")
            try await browser.logIn(viewer.key)
            let page = try await browser.get("/console/runs/\(run)")
            #expect(page.status == 200 && page.text.contains(run), "\(page.text)")
            // No payload, and nothing to press.
            #expect(!page.text.contains("s-e-c-r-e-t") && page.text.contains("which your key may not see"))
            #expect(!page.text.contains("/actions\""))
            let refused = try await browser.send(
                "/console/runs/\(run)/actions", [("action", "cancel")], from: "/console/runs/\(run)")
            #expect(refused.status == 403 && refused.text.contains("runs:operate"), "\(refused.text)")
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox") == "0")
            // Another tenant's run is as unknown as one that there is not.
            let other = Browser(api)
            try await other.logIn(try await Self.key(api, ["operator", "payloads:read"], tenant: "other").key)
            #expect(try await other.get("/console/runs/\(run)").status == 404)
            #expect(try await !other.get("/console/runs").text.contains(run))
            let whole = Browser(api)
            try await whole.logIn(try await Self.key(api, ["operator", "payloads:read"], tenant: "acme").key)
            #expect(try await whole.get("/console/runs/\(run)").text.contains("s-e-c-r-e-t"))
        }
    }

    @Test func `A login ends with its key, with a logout, and with a logout everywhere`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let (first, second, third) = (Browser(api), Browser(api), Browser(api))
            let key = try await Self.key(api, ["viewer"])
            for browser in [first, second] { try await browser.logIn(key.key) }
            try await third.logIn(TestAPI.token)
            #expect(try await first.get("/console/runs").status == 200)
            // Neither the key nor what finds it is in the database.
            let dump = try await api.database.value("SELECT string_agg(s::text, ' ') FROM console_sessions s") ?? ""
            #expect(!dump.contains(key.key) && !dump.contains(first.cookie!.split(separator: "=")[1]))
            let stolen = first.cookie
            try await first.send("/console/logout", [("where", "here")], from: "/console/runs")
            first.cookie = stolen
            #expect(try await first.get("/console/runs").status == 303)
            #expect(try await second.get("/console/runs").status == 200)
            try await first.logIn(key.key)
            try await second.send("/console/logout", [("where", "everywhere")], from: "/console/runs")
            #expect(try await first.get("/console/runs").status == 303)
            #expect(try await third.get("/console/runs").status == 200)
            try await first.logIn(key.key)
            let revoked = try await api.client.send(
                "DELETE", "/v1/admin/api-keys/\(key.id)", ["X-Admin-Token": TestAPI.token])
            #expect(revoked.status == 200)
            let until = ContinuousClock.now + .seconds(3)
            while try await first.get("/console/runs").status == 200 {
                try #require(ContinuousClock.now < until, "the key is revoked, and its login goes on")
            }
        }
    }

    @Test func `A login of one process counts at every other`() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(["AUTH": "required"], on: database) { one in
                let browser = Browser(one)
                try await browser.logIn(TestAPI.token)
                let cookie = browser.cookie
                try await TestAPI.with(["AUTH": "required"], on: database) { other in
                    let elsewhere = Browser(other)
                    elsewhere.cookie = cookie
                    let answer = try await elsewhere.get("/console/runs")
                    #expect(answer.status == 200)
                }
            }
        }
    }

    @Test func `Forms count from our own pages alone`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register()
            let run = try await api.start("w", ["X-Admin-Token": TestAPI.token])
            let browser = Browser(api)
            try await browser.logIn(TestAPI.token)
            let page = "/console/runs/\(run)"
            let token = try #require(Browser.token(try await browser.get(page).text))
            func cancel(_ token: String, _ headers: [String: String]) async throws -> Int {
                try await browser.send("\(page)/actions", [("action", "cancel")], token: token, headers).status
            }
            #expect(try await cancel(token, ["Origin": "http://evil.example"]) == 403)
            #expect(try await cancel(token, ["Origin": "null"]) == 403)
            #expect(try await cancel(token, ["Sec-Fetch-Site": "cross-site"]) == 403)
            #expect(try await cancel(token, ["Sec-Fetch-Site": "same-site"]) == 403)
            #expect(try await cancel("", [:]) == 403)
            #expect(try await cancel(String(token.reversed()), [:]) == 403)
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox") == "0")
            #expect(try await cancel(token, ["Sec-Fetch-Site": "same-origin"]) == 303)
            #expect(try await api.database.value("SELECT kind || ' ' || sent_by FROM run_inbox") == "cancel tester")
            #expect(
                try await api.database.value("SELECT actor FROM audit_trail WHERE subject = 'runs/\(run)'") == "tester")
        }
    }

    @Test func `A wrong key logs nobody in, is a guess, and is not repeated`() async throws {
        try await TestAPI.with(["AUTH": "required", "ADMIN_RATE": "1/1h", "ADMIN_BURST": "2"]) { api in
            let browser = Browser(api)
            var statuses: [Int] = []
            for _ in 0..<3 {
                let answer = try await browser.send("/console/login", [("credential", "wrong-key-7")])
                statuses.append(answer.status)
                #expect(!answer.text.contains("wrong-key-7"))
            }
            #expect(statuses == [401, 401, 429])
            #expect(try await api.database.value("SELECT count(*) FROM console_sessions") == "0")
        }
    }

    @Test func `After a login one is where one wanted to go, and never elsewhere`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            for (to, place) in [
                ("/console/runs?status=FAILED", "/console/runs?status=FAILED"),
                ("https://evil.example/", "/console/now"),
                ("//evil.example/console/", "/console/now"), ("/console/..//evil.example", "/console/now"),
                ("/console\\evil", "/console/now"), ("/v1/runs", "/console/now"),
            ] {
                let answer = try await Browser(api).send("/console/login", [("credential", TestAPI.token), ("to", to)])
                #expect(answer.headers["location"] == place, "\(to)")
            }
        }
    }

    @Test func `The cookie is of this host alone, over TLS except on this machine`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let near = Browser(api)
            let plain = try await near.send("/console/login", [("credential", TestAPI.token)]).headers["set-cookie"]
            #expect(
                plain?.hasPrefix("sagaflow-console=") == true && plain?.contains("HttpOnly; SameSite=Strict") == true)
            let far = Browser(api)
            far.host = "sagas.example"
            let secure = try await far.send(
                "/console/login", [("credential", TestAPI.token)], ["Origin": "https://sagas.example"]
            ).headers["set-cookie"]
            #expect(secure?.hasPrefix("__Host-sagaflow-console=") == true && secure?.hasSuffix("; Secure") == true)
            #expect(secure?.contains("Path=/; HttpOnly; SameSite=Strict") == true)
        }
    }

    @Test func `Behind a proxy that calls it localhost the cookie, forms and commands go by CONSOLE_URL`() async throws
    {
        try await TestAPI.with(["AUTH": "required", "CONSOLE_URL": "https://sagas.example"]) { api in
            try await api.register()
            let id = try await api.start("w", ["X-Admin-Token": TestAPI.token])
            let browser = Browser(api)
            let login = [("credential", TestAPI.token)]
            #expect(try await browser.send("/console/login", login).status == 403, "a form of this machine")
            let answer = try await browser.send("/console/login", login, ["Origin": "https://sagas.example"])
            let cookie = answer.headers["set-cookie"]
            #expect(cookie?.hasPrefix("__Host-sagaflow-console=") == true && cookie?.hasSuffix("; Secure") == true)
            let page = try await browser.get("/console/runs/\(id)").text
            #expect(page.contains("https://sagas.example/v1/runs/\(id)") && !page.contains("localhost"))
        }
    }

    @Test func `What goes on for long ends with the login it was begun with`() async throws {
        try await TestSupport.TestDatabase.with { test in
            let sessions = ConsoleSessions(database: test.database)
            let (secret, other) = (
                try await sessions.begin(.key("k"), of: "ann"), try await sessions.begin(.key("k"), of: "ann")
            )
            let (watch, patient) = (sessions.watch(secret, every: .zero), sessions.watch(secret, every: .seconds(600)))
            #expect(await watch())
            try await sessions.end(other)
            #expect(await watch())
            try await sessions.end(secret)
            #expect(await !watch())
            #expect(await patient(), "it is not asked all the time")
            #expect(await sessions.watch(nil)(), "nobody in particular has no login that could end")
        }
    }

    @Test func `Every page forbids what is not its own, and has nothing inline`() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register()
            let evil = #"</script><script>alert(1)</script>${x} \u202Eevil"#
            let input: JSON = [
                "input": ["text": .string(evil), "number": .number(try #require(JSONNumber("1234567890123456789.10")))]
            ]
            let run = try await api.start("w", body: input.text, ["X-Correlation-Id": "<b>c</b>"])
            let browser = Browser(api)
            for path in ["now", "runs", "runs?status=FAILED", "failed", "runs/\(run)", "login", "runs/nothing"] {
                let page = try await browser.get("/console/\(path)")
                #expect(page.headers["content-security-policy"] == ConsoleHeaders.contentSecurityPolicy, "\(path)")
                #expect(
                    page.headers["x-content-type-options"] == "nosniff"
                        && page.headers["referrer-policy"] == "no-referrer")
                #expect(page.headers["cache-control"] == "no-store", "\(path)")
                #expect(page.headers["content-type"] == "text/html; charset=utf-8", "\(path) \(page.text)")
                #expect(page.text.utf8.count < 100_000)
                for inline in [" style=", "<style", "javascript:", "<script>alert", "<b>c</b>"] {
                    #expect(!page.text.contains(inline), "\(path): \(inline)")
                }
                #expect(page.text.firstMatch(of: /\son[a-z]+=/) == nil, "\(path)")
                #expect(page.text.matches(of: /<script[^>]*>/).allSatisfy { $0.output.contains("src=") }, "\(path)")
            }
            let page = try await browser.get("/console/runs/\(run)").text
            #expect(page.contains("1234567890123456789.10") && page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
        }
    }

    @Test func `Where it is open no login is needed, and what is an administrator's needs one`() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register()
            let run = try await api.start()
            let browser = Browser(api)
            let page = "/console/runs/\(run)"
            let paused = try await browser.send(
                "\(page)/actions", [("action", "pause"), ("reason", "why")], from: page)
            #expect(paused.status == 303 && paused.headers["location"] == "\(page)?did=pause", "\(paused.text)")
            #expect(try await api.database.value("SELECT kind FROM run_inbox") == "pause")
            let refused = try await browser.send("\(page)/actions", [("action", "retry-all")], from: page)
            #expect(refused.status == 401, "\(refused.text)")
        }
    }

    @Test func `What has not changed is not sent again, and assets are kept for ever`() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register()
            let run = try await api.start()
            let browser = Browser(api)
            try await browser.get("/console/runs")
            let first = try await browser.get("/console/runs/\(run)")
            let tag = try #require(first.headers["etag"])
            let again = try await browser.get("/console/runs/\(run)", ["If-None-Match": tag])
            #expect(again.status == 304 && again.body.isEmpty)
            let asset = try await browser.get("/console/assets/\(Asset.style.fileName)")
            #expect(asset.status == 200 && asset.headers["cache-control"]?.contains("immutable") == true)
            #expect(asset.text == Asset.style.text)
            #expect(try await browser.get("/console/assets/console-0.css").status == 404)
        }
    }

    @Test func `It may be elsewhere, or not be at all, and has a rate of its own`() async throws {
        try await TestAPI.with(["CONSOLE": "off"]) { api in
            let answer = try await api.client.send("GET", "/console/runs")
            #expect(answer.status == 404)
        }
        try await TestAPI.with([
            "CONSOLE_PATH": "/ops/sagas", "AUTH": "open", "CONSOLE_RATE": "1/1h", "CONSOLE_BURST": "1",
        ]) { api in
            let browser = Browser(api)
            var statuses: [Int] = []
            for _ in 0..<12 { statuses.append(try await browser.get("/ops/sagas/runs").status) }
            #expect(statuses.first == 200 && statuses.last == 429)
            // Nobody else has to wait for that.
            #expect(try await api.client.send("GET", "/v1/runs").status == 200)
        }
        try await TestDatabase.with { database in
            for path in ["console", "/", "/v1", "/a//b", "/A", "/a/", "/metrics/x"] {
                #expect(throws: (any Error).self, "\(path)") {
                    _ = try TestAPI.configuration(["CONSOLE_PATH": path], database)
                }
            }
        }
    }

    @Test func `Many runs are asked only once somebody has seen how many, and which`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            try await api.register("other")
            for _ in 0..<3 { _ = try await api.start("w", ["X-Admin-Token": TestAPI.token]) }
            let left = try await api.start("other", ["X-Admin-Token": TestAPI.token])
            let browser = Browser(api)
            try await browser.logIn(TestAPI.token)
            let list = "/console/runs?workflow=w"
            let asked = try await browser.send(
                "/console/runs/bulk", [("workflow", "w"), ("action", "cancel"), ("of", "all")], from: list)
            #expect(asked.status == 200 && asked.text.contains("3</span> runs?"), "\(asked.text)")
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox") == "0")
            let state = try #require(Self.state(asked.text))
            let done = try await browser.send(
                "/console/runs/bulk/go", [("state", state), ("reason", "wrong price")], from: list)
            let place = try #require(done.headers["location"], "\(done.text)")
            let page = try await browser.get(place)
            #expect(page.text.contains("Cancel: done"), "\(page.text)")
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox WHERE run_id = '\(left)'") == "0")
            #expect(
                try await api.database.value("SELECT count(DISTINCT run_id) FROM run_inbox WHERE kind = 'cancel'")
                    == "3")
        }
    }

    static func state(_ page: String) -> String? {
        page.firstMatch(of: /name="state" value="([^"]+)"/).map { String($0.output.1) }
    }
}
