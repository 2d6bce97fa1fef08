import Core
import Crypto
import Foundation
import Logging
import Redis
import TestSupport
import Testing

@testable import API

/// Logging in at an identity provider, as browsers and providers see it.
@Suite(.timeLimit(.minutes(1))) struct ProviderLoginTests {
    /// An API whose console has the login of a provider that a test can change.
    struct System: Sendable {
        let api: TestAPI
        let issuer: FakeIssuer
        let key: IssuerKey

        static let secret = "c4n4ry client secret+/%"

        static func with(
            credential: String = "id-token", settings: [String: String] = [:], logger: Logger = TestAPI.quiet,
            _ body: @Sendable (System) async throws -> Void
        ) async throws {
            let key = IssuerKey.es256("corp")
            try await FakeIssuer.with { issuer in
                issuer.publish([key])
                let folder = FileManager.default.temporaryDirectory.appending(path: "login-\(UUID().uuidString)")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: folder) }
                let file = folder.appending(path: "issuers.yaml")
                let text = """
                    allow: [127.0.0.1]
                    issuers:
                      - name: corp
                        issuer: \(issuer.url)
                        audience: [console, sagaflow]
                        discovery: true
                        clockSkew: 0s
                        tenant: acme
                        roles: { view: viewer }
                        login: { clientId: console, clientSecretFile: secret, scopes: [openid, profile], title: "Corp & Co", credential: \(credential) }
                    """
                try Data(text.utf8).write(to: file)
                try Data((secret + "\n").utf8).write(to: folder.appending(path: "secret"))
                let all = ["AUTH": "required", "JWT_ISSUERS_FILE": file.path].merging(settings) { $1 }
                try await TestDatabase.with { database in
                    try await TestAPI.with(all, on: database, logger: logger) { api in
                        let system = System(api: api, issuer: issuer, key: key)
                        system.publish()
                        try await body(system)
                    }
                }
            }
        }

        func publish(_ change: JSONObject = [:]) {
            var document: JSONObject = [
                "issuer": .string(issuer.url), "jwks_uri": .string("\(issuer.url)/jwks"),
                "authorization_endpoint": .string("\(issuer.url)/authorize?realm=a"),
                "token_endpoint": .string("\(issuer.url)/token"),
            ]
            for (name, value) in change.members { document[name] = value.isNull ? JSON?.none : value }
            issuer.publish(.init(JSON.object(document).text), at: "/.well-known/openid-configuration")
        }

        /// A browser that has been sent to the provider, with what it took there.
        func begun(
            _ query: String = ""
        ) async throws -> (browser: ConsoleTests.Browser, asked: [String: String], answer: Answer) {
            let browser = ConsoleTests.Browser(api)
            let answer = try await browser.get("/console/login/corp\(query)")
            let place = answer.headers["location"] ?? ""
            let parts = URLComponents(string: place)?.queryItems ?? []
            return (browser, Dictionary(parts.map { ($0.name, $0.value ?? "") }) { $1 }, answer)
        }

        func claims(_ asked: [String: String], _ change: JSONObject = [:]) -> JSON {
            let now = Int(Date().timeIntervalSince1970)
            var claims: JSONObject = [
                "iss": .string(issuer.url), "aud": "console", "sub": "ann", "roles": ["view"],
                "exp": JSON(now + 600), "iat": JSON(now), "nonce": .string(asked["nonce"] ?? ""),
            ]
            for (name, value) in change.members { claims[name] = value.isNull ? JSON?.none : value }
            return .object(claims)
        }

        /// The provider gives this for whatever code.
        func give(_ idToken: String?, access: String? = nil) {
            var answer: JSONObject = ["token_type": "Bearer"]
            if let idToken { answer["id_token"] = .string(idToken) }
            if let access { answer["access_token"] = .string(access) }
            issuer.publish(.init(JSON.object(answer).text), at: "/token")
        }

        static func callback(_ members: [(String, String)]) -> String {
            let query = members.map { "\($0)=\(ConsoleTests.Browser.encoded($1))" }.joined(separator: "&")
            return "/console/login/corp/callback?\(query)"
        }

        /// What the browser finds when the provider has sent it back with a code.
        func finish(
            _ browser: ConsoleTests.Browser, _ asked: [String: String], code: String = "the code",
            more: [(String, String)] = []
        ) async throws -> Answer {
            try await browser.get(Self.callback([("code", code), ("state", asked["state"] ?? "")] + more))
        }
    }

    @Test func `The provider is asked for a code that only this browser, and this API, can use`() async throws {
        try await System.with { system in
            let page = try await ConsoleTests.Browser(system.api).get("/console/login?to=/console/runs").text
            #expect(
                page.contains(#"href="/console/login/corp?to=%2Fconsole%2Fruns""#) && page.contains("Corp &amp; Co"))
            let (_, asked, answer) = try await system.begun()
            #expect(answer.status == 303 && answer.headers["cache-control"] == "no-store")
            #expect(answer.headers["location"]?.hasPrefix("\(system.issuer.url)/authorize?realm=a&") == true)
            let expected = [
                "realm": "a", "response_type": "code", "client_id": "console", "scope": "openid profile",
                "redirect_uri": "http://localhost/console/login/corp/callback", "code_challenge_method": "S256",
            ]
            for (name, value) in expected { #expect(asked[name] == value, "\(name): \(asked[name] ?? "")") }
            let random = ["state", "nonce", "code_challenge"].compactMap { asked[$0] }
            #expect(Set(random).count == 3 && random.allSatisfy { $0.utf8.count == 43 })
            let cookie = try #require(answer.headers["set-cookie"])
            #expect(cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"))
            // What the provider sees says nothing of what the browser keeps.
            let kept = try #require(cookie.split(separator: "=").dropFirst().first?.split(separator: ".").first)
            #expect(kept.utf8.count == 43 && !random.contains(String(kept)))
        }
    }

    @Test func `A code becomes a login as whoever the token names, and a page of ours leads on`() async throws {
        try await System.with { system in
            let (browser, asked, _) = try await system.begun("?to=/console/runs%3Fstatus%3DFAILED")
            system.give(try system.key.token(system.claims(asked)))
            let answer = try await system.finish(browser, asked)
            // A redirect would still be the other site's: its request goes without the cookie.
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains(#"http-equiv="refresh" content="0;url=/console/runs?status=FAILED""#))
            let page = try await browser.get("/console/runs")
            #expect(page.status == 200 && page.text.contains("jwt:ann/corp"))
            // The provider was shown the code, the address again, the secret, and what the hash was made of.
            let sent = try #require(system.issuer.requests("/token").first)
            let form = Dictionary(
                URLComponents(string: "?\(sent.body)")?.queryItems?.map { ($0.name, $0.value ?? "") } ?? []
            ) { $1 }
            #expect(sent.method == "POST" && form["grant_type"] == "authorization_code" && form["code"] == "the code")
            #expect(form["redirect_uri"] == asked["redirect_uri"] && form["client_secret"] == nil)
            let verifier = try #require(form["code_verifier"])
            let hash = Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(hash == asked["code_challenge"])
            let basic = Data("console:c4n4ry%20client%20secret%2B%2F%25".utf8).base64EncodedString()
            #expect(sent.headers["authorization"] == "Basic \(basic)")
            // The same address once more is nobody's login.
            let again = try await ConsoleTests.Browser(system.api).get(
                System.callback([("code", "the code"), ("state", asked["state"] ?? "")]))
            #expect(again.status == 403 && again.text.contains("another browser, or is over"))
            let spent = try await system.finish(browser, asked)
            #expect(spent.status == 403 && system.issuer.requests("/token").count == 1)
        }
    }

    @Test func `What was not asked for, or comes from elsewhere, fetches no token`() async throws {
        try await System.with { system in
            let (browser, asked, _) = try await system.begun()
            let (_, other, _) = try await system.begun()
            let own = browser.cookie
            let cases: [([(String, String)], Int)] = [
                ([("code", "c")], 403), ([("code", "c"), ("state", "")], 403),
                ([("code", "c"), ("state", other["state"] ?? "")], 403),
                ([("code", "c"), ("state", asked["nonce"] ?? "")], 403),
                ([("code", "c"), ("state", asked["state"] ?? ""), ("iss", "https://evil.example")], 400),
                ([("state", asked["state"] ?? "")], 403),
            ]
            for (members, status) in cases {
                browser.cookie = own
                let answer = try await browser.get(System.callback(members))
                #expect(answer.status == status, "\(members)")
                #expect(answer.headers["set-cookie"]?.contains("sagaflow-console=") != true, "\(members)")
            }
            browser.cookie = own?.replacing(".corp.", with: ".other.")
            #expect(try await system.finish(browser, asked).status == 403)
            // A cookie that says it is older than ten minutes, or of another time than the state.
            let parts = try #require(own?.split(separator: ".", omittingEmptySubsequences: false))
            let begun = try #require(Int(parts[1]))
            for time in [begun - 700, begun - 1] {
                browser.cookie = "\(parts[0]).\(time).\(parts[2]).\(parts[3])"
                #expect(try await system.finish(browser, asked).status == 403)
            }
            browser.cookie = "\(parts[0]).\(begun).\(parts[2]).\(Data("/console/now".utf8).base64EncodedString())"
            #expect(try await system.finish(browser, asked).status == 403)
            #expect(system.issuer.count("/token") == 0)
            let count = try await system.api.database.value("SELECT count(*) FROM console_sessions")
            #expect(count == "0")
        }
    }

    @Test func `A provider that says whose answers are must say it in each`() async throws {
        try await System.with { system in
            system.publish(["authorization_response_iss_parameter_supported": true])
            let (browser, asked, _) = try await system.begun()
            system.give(try system.key.token(system.claims(asked)))
            let cookie = browser.cookie
            #expect(try await system.finish(browser, asked).status == 400)
            browser.cookie = cookie
            #expect(try await system.finish(browser, asked, more: [("iss", system.issuer.url)]).status == 200)
        }
    }

    @Test func `A token that is not of this login, or does not count here, logs nobody in, and it is said why`()
        async throws
    {
        try await System.with { system in
            let now = Int(Date().timeIntervalSince1970)
            let cases: [(JSONObject, String)] = [
                (["nonce": "x"], "not that of this login"), (["nonce": nil], "not that of this login"),
                (["aud": "sagaflow"], "not meant"), (["aud": ["console", "sagaflow"]], "not that of this login"),
                (["azp": "other"], "not that of this login"), (["iss": "https://evil.example"], "issuer"),
                (["exp": JSON(now - 1)], "expired"), (["sub": nil], "claim sub"), (["roles": 7], "claim roles"),
            ]
            for (change, word) in cases {
                let (browser, asked, _) = try await system.begun()
                system.give(try system.key.token(system.claims(asked, change)))
                let answer = try await system.finish(browser, asked)
                #expect(answer.status == 401 && answer.text.contains(word), "\(change): \(answer.text.suffix(500))")
                #expect(try await browser.get("/console/runs").status == 303)
            }
            let (browser, asked, _) = try await system.begun()
            system.give(try IssuerKey.es256("corp").token(system.claims(asked)))
            #expect(try await system.finish(browser, asked).text.contains("signature"))
            let (second, again, _) = try await system.begun()
            system.give(nil)
            #expect(try await system.finish(second, again).status == 401)
            // Of several audiences one has asked for it, and says so.
            let (third, last, _) = try await system.begun()
            system.give(
                try system.key.token(system.claims(last, ["aud": ["console", "sagaflow"], "azp": "console"])))
            #expect(try await system.finish(third, last).status == 200)
        }
    }

    @Test func `Where access tokens count, they are of the person that the ID token names`() async throws {
        try await System.with(credential: "access-token") { system in
            let access: JSONObject = ["aud": "sagaflow", "nonce": nil, "sub": "ann"]
            let cases: [(id: JSONObject, access: JSONObject, status: Int)] = [
                (["roles": nil], access, 200), (["nonce": "x"], access, 401),
                ([:], ["aud": "sagaflow", "nonce": nil, "sub": "bob"], 401), ([:], ["aud": "else", "nonce": nil], 401),
            ]
            for (id, access, status) in cases {
                let (browser, asked, _) = try await system.begun()
                system.give(
                    try system.key.token(system.claims(asked, id)),
                    access: try system.key.token(system.claims(asked, access)))
                let answer = try await system.finish(browser, asked)
                #expect(answer.status == status, "\(id) \(access): \(answer.text.suffix(300))")
                if status == 200 { #expect(try await browser.get("/console/runs").text.contains("jwt:ann/corp")) }
            }
            let (browser, asked, _) = try await system.begun()
            system.give(try system.key.token(system.claims(asked)), access: "opaque")
            #expect(try await system.finish(browser, asked).status == 401)
        }
    }

    @Test func `A login ends with its token`() async throws {
        try await System.with { system in
            let (browser, asked, _) = try await system.begun()
            let end = Int(Date().timeIntervalSince1970) + 3
            system.give(try system.key.token(system.claims(asked, ["exp": JSON(end)])))
            #expect(try await system.finish(browser, asked).status == 200)
            #expect(try await browser.get("/console/runs").status == 200)
            let until = ContinuousClock.now + .seconds(20)
            // More pages than one reader may load are refused, which is no end.
            while try await browser.get("/console/runs").status != 303 {
                try #require(ContinuousClock.now < until, "the token has ended, and its login goes on")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await system.api.database.value("SELECT count(*) FROM console_sessions") == "0")
        }
    }

    @Test func `A refusal is told in words of ours, whatever the provider's are`() async throws {
        try await System.with { system in
            let evil = #"<script>alert(1)</script> Call +1 555"#
            for (code, word) in [
                ("access_denied", "changed your mind"), ("server_error", "server_error"), (evil, "no reason is given"),
            ] {
                let (browser, asked, _) = try await system.begun()
                let answer = try await browser.get(
                    System.callback([
                        ("error", code), ("error_description", evil), ("state", asked["state"] ?? ""),
                    ]))
                #expect(answer.status == 403 && answer.text.contains(word), "\(answer.text)")
                #expect(!answer.text.contains("555"))
            }
            for (document, status, word) in [
                (FakeIssuer.Document(#"{"error":"invalid_grant"}"#, status: 400), 403, "used already"),
                (.init(#"{"error":"invalid_client"}"#, status: 401), 403, "client id and secret"),
                (.init("<html>", status: 200), 503, "can&#39;t be reached"),
                (.init("", status: 500), 503, "can&#39;t be reached"),
                (.init("", status: 302, headers: [("location", "/jwks")]), 503, "can&#39;t be reached"),
            ] {
                let (browser, asked, _) = try await system.begun()
                system.issuer.publish(document, at: "/token")
                let answer = try await system.finish(browser, asked)
                #expect(answer.status == status && answer.text.contains(word), "\(answer.text)")
            }
            #expect(try await ConsoleTests.Browser(system.api).get("/console/login/nobody").status == 404)
        }
    }

    @Test
    func `Nobody is sent to an address that is not the provider's own, and nothing is fetched within the network`()
        async throws
    {
        let path = "/.well-known/openid-configuration"
        for change: JSONObject in [
            ["issuer": "https://evil.example"], ["authorization_endpoint": "http://evil.example/a"],
            ["authorization_endpoint": "javascript:alert(1)"], ["authorization_endpoint": nil],
            ["token_endpoint": "http://10.0.0.1/token"], ["token_endpoint": nil],
        ] {
            try await System.with { system in
                system.publish(change)
                let (_, _, answer) = try await system.begun()
                #expect(answer.status == 503 && answer.headers["location"] == nil, "\(change)")
                // It is not asked again at once.
                #expect(try await system.begun().answer.status == 503 && system.issuer.count(path) == 1)
            }
        }
        try await System.with { system in
            system.publish(["token_endpoint": "https://169.254.169.254/token"])
            let (browser, asked, _) = try await system.begun()
            let answer = try await system.finish(browser, asked)
            #expect(answer.status == 503, "\(answer.text)")
        }
    }

    @Test func `After a login one is where one wanted to go, and never elsewhere`() async throws {
        try await System.with { system in
            for (to, place) in [
                ("/console/runs", "/console/runs"), ("https://evil.example/", "/console/now"),
                ("//evil.example", "/console/now"), ("/console/..//evil.example", "/console/now"),
                ("/v1/runs", "/console/now"),
            ] {
                let (browser, asked, _) = try await system.begun("?to=\(ConsoleTests.Browser.encoded(to))")
                system.give(try system.key.token(system.claims(asked)))
                let answer = try await system.finish(browser, asked)
                #expect(answer.text.contains("content=\"0;url=\(place)\""), "\(to)")
            }
        }
    }

    @Test func `Whatever host a request names, the provider sends people back to the console's own address`()
        async throws
    {
        try await System.with(settings: ["CONSOLE_URL": "https://sagas.example"]) { system in
            let browser = ConsoleTests.Browser(system.api)
            browser.host = "evil.example"
            let page = try await browser.get("/console/login")
            #expect(page.text.contains(#"href="https://sagas.example/console/login/corp""#))
            let answer = try await browser.get("/console/login/corp")
            let place = answer.headers["location"] ?? ""
            #expect(place.contains("redirect_uri=https%3A%2F%2Fsagas.example%2Fconsole%2Flogin%2Fcorp%2Fcallback&"))
            #expect(answer.headers["set-cookie"]?.hasPrefix("__Host-sagaflow-login=") == true)
            #expect(answer.headers["set-cookie"]?.contains("; Secure; ") == true)
        }
        try await System.with { system in
            let browser = ConsoleTests.Browser(system.api)
            for host in ["evil.example", "localhost:80@evil.example", "localhost.evil.example"] {
                browser.host = host
                let answer = try await browser.get("/console/login/corp")
                #expect(answer.headers["location"] == nil && answer.status >= 400, "\(host): \(answer.status)")
            }
            browser.host = "sagas.example"
            #expect(try await browser.get("/console/login").text.contains("CONSOLE_URL"))
        }
    }

    @Test func `An API that others reach does not start with a login and without its own address`() async throws {
        try await System.with { system in
            let issuers = FileManager.default.temporaryDirectory.appending(path: "login-\(UUID().uuidString).yaml")
            defer { try? FileManager.default.removeItem(at: issuers) }
            let text =
                "issuers: [{ name: corp, issuer: \"https://a.example\", audience: c, discovery: true, roles: { x: viewer }, login: { clientId: c } }]"
            try Data(text.utf8).write(to: issuers)
            func read(_ settings: [String: String]) throws -> String? {
                let all = ["JWT_ISSUERS_FILE": issuers.path].merging(settings) { $1 }
                do {
                    _ = try TestAPI.configuration(all, system.api.database)
                    return nil
                } catch { return "\(error)" }
            }
            #expect(try read(["HOST": "0.0.0.0"])?.contains("CONSOLE_URL") == true)
            #expect(try read(["HOST": "0.0.0.0", "CONSOLE": "off"]) == nil)
            #expect(try read([:]) == nil)
            for url in ["https://sagas.example", "http://localhost:3000", "https://sagas.example:8443"] {
                #expect(try read(["HOST": "0.0.0.0", "CONSOLE_URL": url]) == nil, "\(url)")
            }
            for url in [
                "http://sagas.example", "https://sagas.example/", "https://sagas.example/console", "sagas.example",
                "https://u:p@sagas.example", "https://sagas.example?x", "javascript://x",
            ] {
                #expect(try read(["CONSOLE_URL": url])?.contains("CONSOLE_URL") == true, "\(url)")
            }
        }
    }

    @Test func `Nobody makes an API ask the provider as often as they like`() async throws {
        try await System.with { system in
            let (browser, asked, _) = try await system.begun()
            system.issuer.publish(.init(#"{"error":"invalid_grant"}"#, status: 400), at: "/token")
            let cookie = browser.cookie
            var statuses: Set<Int> = []
            for _ in 0..<ConsoleRoutes.loginRate.burst + 10 {
                browser.cookie = cookie
                statuses.insert(try await system.finish(browser, asked).status)
            }
            #expect(statuses == [403, 429])
            #expect((60..<70).contains(system.issuer.count("/token")))
        }
    }

    @Test func `A link on another site's page leads on with the cookie, and takes no login away`() async throws {
        try await System.with { system in
            let browser = ConsoleTests.Browser(system.api)
            try await browser.logIn(TestAPI.token)
            let cookie = browser.cookie
            let from = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"]
            for path in ["/console/runs?status=FAILED", "/console/login?to=/console/runs"] {
                // The browser leaves the cookie out.
                browser.cookie = nil
                let answer = try await browser.get(path, from)
                #expect(answer.status == 200 && answer.headers["set-cookie"] == nil, "\(path)")
                #expect(answer.text.contains("http-equiv=\"refresh\" content=\"0;url=\(path.prefix { $0 != "?" })"))
                #expect(!answer.text.contains("FAILED</option>"))
            }
            browser.cookie = cookie
            #expect(try await browser.get("/console/runs", ["Sec-Fetch-Site": "same-origin"]).status == 200)
            // What is no page that somebody opens is not led on.
            browser.cookie = nil
            let picture = try await browser.get(
                "/console/runs", ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"])
            #expect(picture.status == 303)
        }
    }

    @Test func `Nothing of a code, a token or a secret is logged or stored as it is, at any level`() async throws {
        let lines = Lines()
        try await System.with(logger: Logger(label: "test") { _ in lines.handler }) { system in
            let (browser, asked, _) = try await system.begun()
            let token = try system.key.token(system.claims(asked))
            system.give(token)
            let pending = browser.cookie ?? ""
            #expect(try await system.finish(browser, asked, code: "c4n4ry-code").status == 200)
            let (second, again, _) = try await system.begun()
            system.issuer.publish(.init(#"{"error":"c4n4ry-answer"}"#, status: 500), at: "/token")
            #expect(try await system.finish(second, again, code: "c4n4ry-code").status == 503)
            let text = lines.all.joined(separator: "\n")
            #expect(text.contains("can't be logged in at"), "\(text.suffix(500))")
            let kept = pending.split(separator: "=").last?.split(separator: ".").first.map(String.init) ?? "c4n4ry"
            for secret in token.split(separator: ".").map(String.init) + ["c4n4ry", kept, asked["state"] ?? "c4n4ry"] {
                #expect(!text.contains(secret), "\(secret.prefix(12))")
            }
            let rows = try await system.api.database.value("SELECT string_agg(s::text, ' ') FROM console_sessions s")
            #expect(rows?.contains(token.split(separator: ".")[1]) == false)
        }
    }
}
