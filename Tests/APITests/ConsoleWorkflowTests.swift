import Console
import Core
import Testing

@testable import API

/// The pages of workflows, as a browser finds them over a whole API.
@Suite(.timeLimit(.minutes(1))) struct ConsoleWorkflowTests {
    private static func browser(_ api: TestAPI, _ roles: [String], tenant: String = "*") async throws
        -> ConsoleTests.Browser
    {
        let browser = ConsoleTests.Browser(api)
        try await browser.logIn(try await ConsoleTests.key(api, roles, tenant: tenant).key)
        return browser
    }

    private static func admin(_ api: TestAPI) async throws -> ConsoleTests.Browser {
        let browser = ConsoleTests.Browser(api)
        try await browser.logIn(TestAPI.token)
        return browser
    }

    private static func register(_ api: TestAPI, _ definition: String, tenant: String = "*") async throws {
        let answer = try await api.client.send(
            "POST", "/v1/admin/workflows?tenant=\(tenant)", body: definition, ["X-Admin-Token": TestAPI.token])
        #expect(answer.status == 201, "\(answer.text)")
    }

    private static func field(_ page: String, _ name: String) -> String? {
        page.firstMatch(of: try! Regex(#"name="\#(name)" value="([^"]*)""#)).flatMap {
            $0.output[1].substring.map(String.init)
        }
    }

    @Test func `Every page is there, forbids what is not its own, and says what there is`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            try await api.register("w", version: "1.1.0", steps: ["a", "c"])
            let run = try await api.start("w", ["X-Admin-Token": TestAPI.token])
            #expect(!run.isEmpty)
            let browser = try await Self.admin(api)
            let pages = [
                "": "1.1.0", "/w": "1.0.0", "/w/1.1.0": "What has changed since 1.0.0", "/w/1.0.0": "How it does",
                "/w/compare": "1.0.0 → 1.1.0", "/w/compare?from=1.1.0&to=1.0.0&whole=yes": "1.1.0 → 1.0.0",
                "/w/start": "Start w", "/w/start?version=1.0.0&fill=nothing": "1.0.0",
            ]
            for (path, words) in pages {
                let page = try await browser.get("/console/workflows\(path)")
                #expect(page.status == 200 && page.text.contains(words), "\(path): \(page.text)")
                #expect(page.headers["content-security-policy"] == ConsoleHeaders.contentSecurityPolicy)
                #expect(page.text.utf8.count < 100_000 && !page.text.contains(" style="), "\(path)")
            }
            let figures = try await browser.get("/console/workflows").text
            #expect(figures.contains("started</a>") && figures.contains("status=") == false)
            for path in ["/nothing", "/nothing/1.0.0", "/w/9.9.9", "/w/compare?from=9.9.9", "/nothing/start"] {
                let page = try await browser.get("/console/workflows\(path)")
                #expect(page.status == 404 && page.text.contains("To the workflows"), "\(path): \(page.text)")
            }
            let json = try await browser.get("/console/workflows/w/1.0.0/json")
            #expect(json.json["definition"]?["steps"]?[1]?["id"] == "b", "\(json.text)")
        }
    }

    @Test func `A form starts one run however often it is sent, and another one with a new form`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            let browser = try await Self.browser(api, ["starter"])
            let path = "/console/workflows/w/start"
            let page = try await browser.get(path).text
            let (token, key) = (try #require(ConsoleTests.Browser.token(page)), try #require(Self.field(page, "key")))
            let fields = [
                ("key", key), ("version", ""), ("input", #"{"n": 12345678901234567890.10}"#), ("correlationId", "c-7"),
                ("priority", "7"),
            ]
            let first = try await browser.send(path, fields, token: token)
            let place = try #require(first.headers["location"])
            #expect(
                first.status == 303 && place.hasPrefix("/console/runs/") && place.hasSuffix("?did=start"),
                "\(first.text)")
            let second = try await browser.send(path, fields, token: token)
            #expect(
                second.headers["location"] == place.replacing("did=start", with: "did=started-before"), "\(second.text)"
            )
            #expect(try await browser.get(second.headers["location"] ?? "").text.contains("there is one run"))
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs") == "1")
            #expect(
                try await api.database.value("SELECT input::text FROM workflow_runs")?.contains(
                    "12345678901234567890.10") == true)
            #expect(try await api.database.value("SELECT correlation_id FROM workflow_runs") == "c-7")
            // With something else in it, the old form says so, and has a new key.
            var other = fields
            other[2].1 = "{}"
            let refused = try await browser.send(path, other, token: token)
            #expect(refused.status == 422 && refused.text.contains("has started a run before"), "\(refused.text)")
            let fresh = try #require(Self.field(refused.text, "key"))
            #expect(fresh != key)
            other[0].1 = fresh
            #expect(try await browser.send(path, other, token: token).status == 303)
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs") == "2")
        }
    }

    @Test func `What is refused stands on the page as it was written, with what is wrong and where`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await Self.register(
                api,
                #"{"name":"w","version":"1.0.0","inputSchema":{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer","maximum":9}}},"steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}"#
            )
            let browser = try await Self.browser(api, ["starter"])
            let path = "/console/workflows/w/start"
            // The schema says what there is to be filled in.
            let page = try await browser.get(path).text
            #expect(page.contains("&quot;amount&quot;: 0"), "\(page)")
            let key = try #require(Self.field(page, "key"))
            let input = #"{"amount": 10, "note": "</textarea><script>"}"#
            let refused = try await browser.send(path, [("key", key), ("input", input), ("delay", "soon")], from: path)
            #expect(refused.status == 422 && refused.text.contains("<code>/delay</code>"), "\(refused.text)")
            let broken = try await browser.send(path, [("key", key), ("input", input)], from: path)
            #expect(broken.status == 422 && broken.text.contains("<code>/input/amount</code>"), "\(broken.text)")
            #expect(broken.text.contains("&lt;/textarea&gt;&lt;script&gt;") && Self.field(broken.text, "key") == key)
            let text = try await browser.send(path, [("key", key), ("input", "{\r\n  a")], from: path)
            #expect(
                text.status == 422 && text.text.contains("Line 2, column 3") && text.text.contains("{\n  a</textarea>"),
                "\(text.text)")
            let paused = try await api.client.send(
                "POST", "/v1/admin/workflows/w/pause", body: #"{"reason":"closed","starts":"refuse"}"#,
                ["X-Admin-Token": TestAPI.token])
            #expect(paused.status == 200)
            let closed = try await browser.send(path, [("key", key), ("input", #"{"amount": 1}"#)], from: path)
            #expect(
                closed.status == 409 && closed.text.contains("closed") && closed.text.contains("&quot;amount&quot;: 1"),
                "\(closed.text)")
            #expect(try await api.database.value("SELECT count(*) FROM workflow_runs") == "0")
        }
    }

    @Test func `The last run's input is for whoever sees payloads, and an example comes before it`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            _ = try await api.start("w", body: #"{"input":{"secret":"s-e-c-r-e-t"}}"#, ["X-Admin-Token": TestAPI.token])
            let path = "/console/workflows/w/start"
            let blind = try await Self.browser(api, ["starter"])
            for query in ["", "?fill=last"] {
                let page = try await blind.get(path + query).text
                #expect(!page.contains("s-e-c-r-e-t") && page.contains(">{}</textarea>") && !page.contains("fill=last"))
            }
            let masked = try await Self.browser(api, ["starter", "payloads:read-masked"])
            #expect(try await !masked.get(path + "?fill=last").text.contains("s-e-c-r-e-t"))
            let seeing = try await Self.browser(api, ["starter", "payloads:read"])
            #expect(try await seeing.get(path).text.contains("s-e-c-r-e-t"))
            #expect(try await !seeing.get(path + "?fill=nothing").text.contains("s-e-c-r-e-t"))
            try await Self.register(
                api,
                #"{"name":"w","version":"2.0.0","examples":[{"a":"b"}],"steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}"#
            )
            let page = try await seeing.get(path).text
            #expect(page.contains("&quot;a&quot;: &quot;b&quot;") && !page.contains("s-e-c-r-e-t"), "\(page)")
        }
    }

    @Test
    func `Pausing and deprecating are for those who may, change the one that was on the page, and are in the audit`()
        async throws
    {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            let viewer = try await Self.browser(api, ["viewer"])
            for path in ["w/pause", "w/1.0.0/deprecate", "w/start"] {
                let answer = try await viewer.send(
                    "/console/workflows/\(path)", [("reason", "r"), ("owner", "*"), ("key", "k")], from: "/console/runs"
                )
                #expect(answer.status == 403, "\(path): \(answer.text)")
            }
            #expect(try await !viewer.get("/console/workflows/w").text.contains("<form class=\"action-body\""))
            let author = try await Self.browser(api, ["operator", "author"])
            let page = "/console/workflows/w"
            let paused = try await author.send(
                "\(page)/pause", [("reason", "the shop is closed"), ("starts", "refuse"), ("owner", "*")], from: page)
            #expect(paused.headers["location"] == "\(page)?did=pause-workflow", "\(paused.text)")
            let shown = try await author.get("\(page)?did=pause-workflow").text
            #expect(
                shown.contains("the shop is closed") && shown.contains("Its starts are paused.")
                    && shown.contains("act-resume"))
            #expect(try await author.send("\(page)/resume", [("owner", "*")], from: page).status == 303)
            let unsaid = try await author.send("\(page)/pause", [("owner", "*")], from: page)
            #expect(unsaid.status == 422 && unsaid.text.contains("Back to the workflow"), "\(unsaid.text)")
            let version = "\(page)/1.0.0"
            let deprecated = try await author.send(
                "\(version)/deprecate", [("reason", "old"), ("owner", "*")], from: version)
            #expect(deprecated.headers["location"] == "\(version)?did=deprecate", "\(deprecated.text)")
            #expect(try await author.get(version).text.contains("act-restore"))
            // Somebody registers one of the same name: what was on the page is changed, nothing else.
            try await Self.register(
                api,
                #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}"#,
                tenant: "ant")
            #expect(
                try await author.send("\(version)/restore?tenant=ant", [("owner", "*")], from: version).status == 303)
            let owners =
                "SELECT string_agg(tenant_id || ' ' || (deprecated_at IS NULL), ',' ORDER BY tenant_id) FROM workflow_definitions"
            #expect(try await api.database.value(owners) == "* true,ant true")
            let ant = try await Self.browser(api, ["author", "operator"], tenant: "ant")
            #expect(try await ant.get(page).text.contains("own of"))
            #expect(try await ant.send("\(page)/pause", [("reason", "r"), ("owner", "*")], from: page).status == 303)
            #expect(
                try await api.database.value(
                    "SELECT string_agg(tenant_id, ',') FROM workflow_pauses WHERE resumed_at IS NULL") == "ant")
            let actions = try await api.database.value(
                "SELECT string_agg(action, ',' ORDER BY number) FROM audit_trail WHERE tenant_id = '*' AND outcome = 'done' AND subject LIKE 'workflows/w%'"
            )
            #expect(
                actions == "register_workflow,pause_workflow,resume_workflow,deprecate_workflow,restore_workflow",
                "\(actions ?? "")")
        }
    }

    @Test func `A tenant sees its own in the place of what is shared, and nobody else's`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            try await Self.register(
                api,
                #"{"name":"secret","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}"#,
                tenant: "bee")
            let ant = try await Self.browser(api, ["viewer"], tenant: "ant")
            let list = try await ant.get("/console/workflows").text
            #expect(list.contains("shared by all tenants") && !list.contains("secret") && !list.contains("f-tenant"))
            for path in ["/secret", "/secret/1.0.0", "/secret/start", "/secret/compare"] {
                #expect(try await ant.get("/console/workflows\(path)").status == 404, "\(path)")
            }
            #expect(try await ant.get("/console/workflows?tenant=bee").status == 403)
            let admin = try await Self.admin(api)
            #expect(try await !admin.get("/console/workflows").text.contains("secret"))
            let seen = try await admin.get("/console/workflows?tenant=bee").text
            #expect(seen.contains("/console/workflows/secret?tenant=bee") && seen.contains("own of"), "\(seen)")
            #expect(try await admin.get("/console/workflows/secret/1.0.0?tenant=bee").status == 200)
            // For whom a run of it is started is filled in.
            #expect(
                try await admin.get("/console/workflows/secret/start?tenant=bee").text.contains(
                    #"name="tenantId" value="bee""#))
        }
    }

    @Test func `Where nothing is registered one is led through it`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let page = try await Self.admin(api).get("/console/workflows").text
            for step in FirstStart.steps(origin: "http://localhost") {
                #expect(page.contains(HTML(text: step.commands).markup), "\(step.id)")
            }
            let viewer = try await Self.browser(api, ["viewer"]).get("/console/workflows").text
            #expect(viewer.contains("No workflow is registered yet.") && !viewer.contains("/workflows/new"))
        }
    }
}
