import Console
import Core
import Testing

@testable import API

/// Definitions are written in the console as they are registered by any other client, and no text is lost.
@Suite(.timeLimit(.minutes(1))) struct ConsoleEditorTests {
    typealias Browser = ConsoleTests.Browser

    private static let new = "/console/workflows/new"

    private static func definition(_ version: String = "1.0.0", path: String = "/x", name: String = "w") -> String {
        """
        # Written by hand.
        name: \(name)
        version: \(version)
        steps:
          - id: a
            compensation: none
            action: { participant: p, path: \(path) }

        """
    }

    private static func author(_ api: TestAPI, _ roles: [String] = ["author"], tenant: String = "*") async throws
        -> Browser
    {
        let browser = Browser(api)
        try await browser.logIn(try await ConsoleTests.key(api, roles, tenant: tenant).key)
        return browser
    }

    private static func check(_ browser: Browser, _ text: String, _ more: [(String, String)] = []) async throws
        -> Answer
    {
        try await browser.send("/console/definitions/check", [("text", text)] + more, from: new)
    }

    private static func register(_ browser: Browser, _ text: String, at page: String = new) async throws -> Answer {
        try await browser.send(page, [("text", text), ("action", "register")], from: page)
    }

    @Test func `What one begins with is valid, and its participants are the demo's`() async throws {
        try await TestAPI.with(["AUTH": "required", "PARTICIPANT_ALLOW": "127.0.0.0/8"]) { api in
            for name in ["payments", "inventory", "notifications"] {
                let answer = try await api.client.send(
                    "PUT", "/v1/admin/participants/\(name)", body: #"{"url":"http://127.0.0.1:1"}"#,
                    ["X-Admin-Token": TestAPI.token])
                try #require(answer.status == 201, "\(answer.text)")
            }
            let browser = try await Self.author(api)
            let page = try await browser.get(Self.new)
            #expect(page.status == 200 && page.text.contains("my-order"), "\(page.text)")
            #expect(page.text.contains(#"Valid: <span class="number">3</span> steps</span></p>"#), "\(page.text)")
            #expect(!page.text.contains("<h2>Findings</h2>") && page.text.contains("<svg class=\"graph\""))
            let done = try await Self.register(browser, DefinitionTemplate.text)
            #expect(done.headers["location"] == "/console/workflows/my-order/1.0.0?did=registered", "\(done.text)")
        }
    }

    @Test func `A text is registered as it was written, and the audit names who did it`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = try await Self.author(api)
            // As browsers send lines.
            let done = try await Self.register(browser, Self.definition().replacing("\n", with: "\r\n"))
            #expect(done.status == 303, "\(done.text)")
            #expect(done.headers["location"] == "/console/workflows/w/1.0.0?did=registered")
            let stored = try await api.client.send("GET", "/v1/workflows/w/1.0.0", ["X-Admin-Token": TestAPI.token])
            #expect(
                stored.json["definition"]?["steps"]?[0]?["id"] == "a"
                    && stored.json["createdBy"]?.string?.hasPrefix("key:k/") == true)
            let actor = try await api.database.value("SELECT actor FROM audit_trail WHERE subject LIKE 'workflows/w%'")
            #expect(actor?.hasPrefix("key:k/") == true)
            // The same again is the same.
            #expect(try await Self.register(browser, Self.definition()).status == 303)
            #expect(try await Self.check(browser, Self.definition()).text.contains("registered with this very content"))
        }
    }

    @Test func `What is refused says why and where, and the text is there again`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = try await Self.author(api)
            #expect(try await Self.register(browser, Self.definition()).status == 303)
            let other = Self.definition(path: "/other")
            let taken = try await Self.register(browser, other)
            #expect(taken.status == 409 && taken.text.contains("path: /other"), "\(taken.text)")
            #expect(taken.text.contains("Make it 1.0.1") && taken.text.contains(#"data-unsaved="yes""#))
            let bumped = try await browser.send(
                Self.new, [("text", other.replacing("\n", with: "\r\n")), ("action", "bump")], from: Self.new)
            #expect(bumped.status == 200 && bumped.text.contains("# Written by hand.\nname: w\nversion: 1.0.1\n"))
            #expect(bumped.text.contains("Registers <b>w 1.0.1</b>"))
            let broken = Self.definition().replacing("compensation: none", with: "compensation: never")
            let refused = try await Self.register(browser, broken)
            #expect(refused.status == 422 && refused.text.contains("compensation: never"), "\(refused.text)")
            #expect(refused.text.contains(#"data-line="6""#) && refused.text.contains("/steps/0/compensation"))
            let none = try await Self.register(browser, "name: [")
            #expect(
                none.status == 400 && none.text.contains("Not YAML yet") && none.text.contains(#"data-line="2""#),
                "\(none.text)")
            #expect(try await Self.register(browser, "").status == 400)
            #expect(try await api.database.value("SELECT count(*) FROM workflow_definitions") == "1")
        }
    }

    @Test(arguments: [
        ("{\n \"name\": \"w\",\n \"version\": 1,\n\t\"steps\": []}", "/version", 3),
        (
            "{\n \"name\": \"w\",\n \"version\": \"1.0.0\", \"description\": \"\\ud83d\\ude00 \\\\ud83d\",\n\n\"steps\": 7}",
            "/steps", 5
        ),
        ("name: w\nversion: 1.0.0\nsteps:\n- id: a\n  action: {participant: p, path: x}\n", "/steps/0/action/path", 5),
        ("{\"name\": \"w\",\n\"version\" \"1.0.0\"}", "", 2), ("name: w\nsteps: [&a 1, *a]", "/steps/0", 2),
        ("name: w\nname: v", "/name", 2), ("{\"a\": 1,\n\"a\": 2}", "", 2), ("7", "", 1),
    ])
    func `A finding has the line of what it is about`(text: String, pointer: String, line: Int) async throws {
        let written = WrittenDefinition(text, owner: .shared)
        let found = try #require(written.errors.first { $0.pointer == pointer || pointer.isEmpty }, "\(written.errors)")
        #expect(found.line == line, "\(written.errors)")
        #expect(written.definition == nil && !found.detail.isEmpty)
    }

    @Test(arguments: [
        (
            "{\"name\": \"w\", \"version\": \"1.0.0\", \"steps\": []}",
            "{\"name\": \"w\", \"version\": \"2.0.0\", \"steps\": []}"
        ),
        (
            "description: \"version: 1.0.0\"\nversion: '1.0.0' # 1.0.0\n",
            "description: \"version: 1.0.0\"\nversion: '2.0.0' # 1.0.0\n"
        ),
        ("{\"ä😀\": 1, \"version\":\n  \"1.0.0\"}", "{\"ä😀\": 1, \"version\":\n  \"2.0.0\"}"),
        ("version: \"1.\\x30.0\"\n", nil), ("name: w", nil), ("version: 1", nil), ("[", nil),
    ])
    func `Only the version changes in a text`(text: String, changed: String?) {
        #expect(WrittenDefinition(text, owner: .shared).text(withVersion: "2.0.0") == changed)
    }

    @Test func `Bombs and what is too large are told, and large texts are read in time`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = try await Self.author(api)
            let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
            for (text, says) in [
                (bomb, "Anchors are not taken"),
                (String(repeating: "[", count: 100_000), "nested deeper than 64 levels"),
                (String(repeating: "{\"a\":", count: 5000), "nested deeper than 64 levels"),
                ("{\"a\": \"\u{1}\"}", "Control characters"),
                (String(repeating: "- \n", count: 90_000), "must be an object"),
                (String(repeating: "a", count: (1 << 20) + 1), "at most 1048576 bytes"),
            ] {
                let start = ContinuousClock.now
                let answer = try await Self.check(browser, text)
                #expect(answer.status == 200 && answer.text.contains(says), "\(answer.text.prefix(3000))")
                #expect(answer.text.utf8.count < 20_000)
                #expect(ContinuousClock.now - start < .seconds(10), "\(says)")
            }
            // As large as is taken: read, drawn, registered.
            let head = Self.definition() + "description: \""
            let steps = "\"\nexamples:\n" + String(repeating: "- {a: \"<&>\"}\n", count: 20)
            let filler = String(repeating: "# <&> filler\n", count: 79_000)
            let large = filler + head + "x" + steps
            try #require(large.utf8.count > 1_000_000 && large.utf8.count < 1 << 20)
            let page = try await browser.send(Self.new, [("text", large), ("action", "check")], from: Self.new)
            #expect(page.status == 200 && page.text.contains("Valid: ") && page.text.contains("data-steps=\"a:79005\""))
            #expect(try await Self.register(browser, large).status == 303)
            // A form that no definition needs is not read.
            let huge = try await Self.check(browser, String(repeating: "<", count: 1_100_000))
            #expect(huge.status == 413, "\(huge.text.prefix(300))")
        }
    }

    @Test func `Whoever may not register sees what the rules say, and registers nothing`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let author = try await Self.author(api)
            #expect(try await Self.register(author, Self.definition()).status == 303)
            let viewer = try await Self.author(api, ["viewer"])
            let page = try await viewer.get("/console/workflows/w/1.0.0/edit")
            #expect(page.status == 200 && !page.text.contains(#"value="register""#), "\(page.text)")
            let checked = try await Self.check(viewer, Self.definition(path: "x"))
            #expect(checked.text.contains("/steps/0/action/path") && checked.text.contains(#"data-line="7""#))
            let valid = try await Self.check(viewer, Self.definition("1.0.0", path: "/other"))
            // What is registered is told to those who may try out alone.
            #expect(valid.text.contains("Valid: ") && !valid.text.contains("other content"))
            let refused = try await Self.register(viewer, Self.definition("2.0.0"))
            #expect(
                refused.status == 403 && refused.text.contains("workflows:write")
                    && refused.text.contains("version: 2.0.0"))
            #expect(try await api.database.value("SELECT count(*) FROM workflow_definitions") == "1")
            // Writing is no refused call: only the one that was sent is in the audit.
            let count = try await Self.refusals(api)
            for n in 0..<5 { _ = try await Self.check(viewer, Self.definition("3.0.\(n)")) }
            #expect(try await Self.refusals(api) == count)
        }
    }

    private static func refusals(_ api: TestAPI) async throws -> Int {
        let metrics = try await api.client.send("GET", "/metrics").text
        return metrics.split(separator: "\n").filter { $0.hasPrefix("auth_refusals_total{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) { $0 + Int($1) }
    }

    @Test func `Where it is open anybody may write, and nobody registers without saying who they are`() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            let browser = Browser(api)
            let page = try await browser.get(Self.new)
            #expect(page.status == 200 && !page.text.contains(#"value="register""#))
            #expect(try await Self.register(browser, Self.definition()).status == 401)
        }
    }

    @Test func `A key for some workflows writes those alone, and is told so without a refused call`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let body = #"{"name":"k","tenant":"*","roles":["author"],"workflows":["order*"]}"#
            let key = try await api.client.send(
                "POST", "/v1/admin/api-keys", body: body, ["X-Admin-Token": TestAPI.token])
            let browser = Browser(api)
            try await browser.logIn(try #require(key.json["key"]?.string, "\(key.text)"))
            let count = try await Self.refusals(api)
            #expect(try await Self.check(browser, Self.definition()).text.contains("not for all the workflows"))
            #expect(
                try await Self.check(browser, Self.definition(name: "order-1")).text.contains("Registers <b>order-1"))
            #expect(try await Self.refusals(api) == count)
            #expect(try await Self.register(browser, Self.definition()).status == 403)
            #expect(try await Self.register(browser, Self.definition(name: "order-1")).status == 303)
        }
    }

    @Test func `A tenant's author writes its own, and who is of all says whose it is`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let own = try await Self.author(api, tenant: "acme")
            #expect(try await !own.get(Self.new).text.contains(#"id="tenant""#))
            #expect(try await Self.register(own, Self.definition()).status == 303)
            let all = try await Self.author(api)
            #expect(try await all.get(Self.new).text.contains(#"id="tenant""#))
            let page = "/console/workflows/w/1.0.0/edit?tenant=acme"
            #expect(try await all.get("/console/workflows/w/1.0.0/edit").status == 404)
            #expect(try await all.get(page).text.contains(#"value="acme""#))
            let done = try await all.send(
                page, [("text", Self.definition("1.1.0")), ("action", "register"), ("tenant", "acme")], from: page)
            #expect(done.headers["location"] == "/console/workflows/w/1.1.0?tenant=acme&did=registered", "\(done.text)")
            #expect(
                try await api.database.value("SELECT count(*) FROM workflow_definitions WHERE tenant_id = 'acme'")
                    == "2")
        }
    }

    @Test func `A version is edited as the next one, and compared with what it was`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = try await Self.author(api)
            for version in ["1.0.0", "1.0.1", "2.0.0"] {
                _ = try await Self.register(browser, Self.definition(version))
            }
            let page = try await browser.get("/console/workflows/w/1.0.0/edit")
            #expect(page.text.contains("&quot;version&quot;: &quot;1.0.2&quot;"), "\(page.text)")
            let more = Self.definition("1.0.2") + "  - id: b\n    wait: {for: 1s}\n"
            let from = [("fromName", "w"), ("fromVersion", "1.0.0")]
            let whole = try await Self.check(browser, more, from)
            #expect(!whole.text.contains("What changes"))
            let compared = try await Self.check(browser, more, from + [("compare", "yes")])
            #expect(
                compared.text.contains("What changes against 1.0.0") && compared.text.contains("step added"),
                "\(compared.text)")
            #expect(try await browser.get("/console/workflows/w/7.0.0/edit").status == 404)
        }
    }

    @Test func `Its forms count from its own pages alone`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = try await Self.author(api)
            for path in [Self.new, "/console/definitions/check"] {
                let fields = [("text", Self.definition()), ("action", "register")]
                let token = Browser.token(try await browser.get(Self.new).text)
                #expect(try await browser.send(path, fields, token: "x").status == 403)
                #expect(
                    try await browser.send(path, fields, token: token, ["Sec-Fetch-Site": "cross-site"]).status == 403)
            }
            #expect(try await api.database.value("SELECT count(*) FROM workflow_definitions") == "0")
            let nobody = try await Browser(api).get(Self.new)
            #expect(nobody.headers["location"]?.hasPrefix("/console/login") == true)
        }
    }
}
