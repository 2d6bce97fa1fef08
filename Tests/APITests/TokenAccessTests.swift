import Core
import Foundation
import Logging
import Loops
import Settings
import TestSupport
import Testing
import Tokens

@testable import API

@Suite("Who comes with a token of another issuer")
struct TokenAccessTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    private static func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

    @Test("a token gives what its roles give, to its tenant, under its owner's name")
    func life() async throws {
        try await TokenAPI.with { system in
            let api = system.api
            try await api.register()
            let token = try system.token(["realm_access": ["roles": ["ops"]]])
            let started = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", Self.bearer(token))
            #expect(started.status == 202, "\(started.text)")
            let run = try #require(started.json["runId"]?.string)
            #expect(try await api.database.value("SELECT tenant_id FROM workflow_runs") == "acme")
            let paused = try await api.client.send(
                "POST", "/v1/runs/\(run)/pause", body: #"{"reason":"r"}"#, Self.bearer(token))
            #expect(paused.status == 202, "\(paused.text)")
            #expect(try await api.database.value("SELECT sent_by FROM run_inbox") == "jwt:ann/corp")
            #expect(try await system.runs(token, "/v1/runs/\(run)").status == 200)
            let foreign = try system.token(["tenant": "other"])
            #expect(try await system.runs(foreign, "/v1/runs/\(run)").problem == "unknown-run")
            #expect(try await system.runs(foreign).json["runs"] == [])
            let elsewhere = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: #"{"context":{"tenantId":"b"}}"#, Self.bearer(token))
            #expect(elsewhere.status == 403 && elsewhere.problem == "missing-permission", "\(elsewhere.text)")
        }
    }

    @Test("values that are not in the issuer's table give nothing, whatever they are called")
    func roles() async throws {
        try await TokenAPI.with { system in
            let kelvin = "\u{212A}asse"
            #expect(kelvin == "Kasse", "they are the same to strings of Swift, and not to issuers")
            let without: [JSON] = [
                [.string(kelvin)],
                ["admin"], ["VIEW"], ["view "], ["view,boss"], ["runs:read"], ["viewer"], [], "admin", "", ["*"],
            ]
            for roles in without {
                let answer = try await system.runs(try system.token(["realm_access": ["roles": roles]]))
                #expect(answer.status == 403 && answer.problem == "missing-permission", "\(roles): \(answer.text)")
                #expect(answer.text.contains("jwt:ann/corp"))
            }
            #expect(try await system.runs(try system.token(["realm_access": nil])).status == 403)
            #expect(try await system.runs(try system.token(["realm_access": ["view"]])).status == 403)
            // A member of the whole name comes before the path.
            let named = try system.token(["realm_access": nil, "realm_access.roles": "x view"])
            #expect(try await system.runs(named).status == 200)
            // An administrator of one tenant is none of all.
            let boss = try system.token(["realm_access": ["roles": ["boss"]]])
            #expect(try await system.runs(boss, "/health/cluster").problem == "missing-permission")
            #expect(try await system.runs(boss, "/v1/admin/api-keys").status == 200)
            let all = try system.token(["iss": .string(system.name + "/all"), "tenant": "*", "roles": ["boss"]])
            #expect(try await system.runs(all, "/health/cluster").status == 200)
            let one = try system.token(["iss": .string(system.name + "/all"), "tenant": "acme", "roles": ["boss"]])
            #expect(try await system.runs(one, "/health/cluster").problem == "missing-permission")
        }
    }

    @Test("nobody makes a key of more than their token gives, and who made it is told by the token's owner")
    func keys() async throws {
        try await TokenAPI.with { system in
            let boss = try system.token(["realm_access": ["roles": ["boss"]]])
            func make(_ body: String) async throws -> Answer {
                try await system.api.client.send("POST", "/v1/admin/api-keys", body: body, Self.bearer(boss))
            }
            let made = try await make(#"{"name":"x","roles":["runs:read"]}"#)
            #expect(
                made.status == 201 && made.json["tenant"] == "acme" && made.json["createdBy"] == "jwt:ann/corp",
                "\(made.text)")
            #expect(try await make(#"{"name":"x","roles":["runs:read"],"tenant":"other"}"#).status == 403)
            #expect(try await make(#"{"name":"x","roles":["audit:read"],"tenant":"*"}"#).status == 403)
            let audit = try await system.api.client.send("GET", "/v1/admin/audit?action=create_key", Self.admin)
            #expect(audit.json["entries"]?[0]?["actor"] == "jwt:ann/corp", "\(audit.text)")
        }
    }

    @Test("an issuer that is found by its own configuration, a tenant that is fixed, and a name by another claim")
    func discovery() async throws {
        let key = try IssuerKey.rsa("r")
        try await TokenAPI.with(key: key) { system in
            let name = system.name + "/strict"
            let change: JSONObject = [
                "iss": .string(name), "tenant": "other", "preferred_username": "bob@example.org",
                "scope": "openid saga.start",
            ]
            let path = "/strict/.well-known/openid-configuration"
            system.issuer.publish(
                .init((["issuer": .string(name), "jwks_uri": .string(system.issuer.url + "/jwks")] as JSON).text),
                at: path)
            try await system.api.register()
            let token = try system.token(change)
            let started = try await system.api.client.send(
                "POST", "/v1/workflows/w/start", body: "{}", Self.bearer(token))
            #expect(started.status == 202, "\(started.text)")
            #expect(try await system.api.database.value("SELECT tenant_id FROM workflow_runs") == "acme")
            #expect(system.issuer.count(path) == 1 && system.issuer.count() == 1)
        }
    }

    @Test("a stream of events ends within seconds when its token does", .timeLimit(.minutes(1)))
    func stream() async throws {
        try await TokenAPI.with { system in
            try await system.api.register()
            let run = try await {
                let token = try system.token(["realm_access": ["roles": ["ops"]]])
                let answer = try await system.api.client.send(
                    "POST", "/v1/workflows/w/start", body: "{}", Self.bearer(token))
                return try #require(answer.json["runId"]?.string)
            }()
            let name = system.name + "/strict"
            system.issuer.publish(
                .init((["issuer": .string(name), "jwks_uri": .string(system.issuer.url + "/jwks")] as JSON).text),
                at: "/strict/.well-known/openid-configuration")
            let short = try system.token([
                "iss": .string(name), "preferred_username": "bob", "scope": "saga.start", "exp": JSON(TokenAPI.now + 5),
            ])
            let begun = ContinuousClock.now
            var headers = Self.bearer(short)
            headers["Accept"] = "text/event-stream"
            let answer = try await system.api.client.send(
                "GET", "/v1/runs/\(run)/events", headers, within: .seconds(30))
            #expect(answer.status == 200 && answer.text.contains(run), "\(answer.text)")
            #expect(ContinuousClock.now - begun < .seconds(15))
            #expect(try await system.runs(short).status == 401)
        }
    }

    @Test(
        "keys that an issuer has made since are found at once, keys that it took away are forgotten, and made-up ones ask nobody"
    )
    func rotation() async throws {
        try await TokenAPI.with { system in
            let old = try system.token()
            #expect(try await system.runs(old).status == 200)
            #expect(system.issuer.count() == 1)
            let next = IssuerKey.edDSA("next")
            system.issuer.publish([next])
            #expect(try await system.runs(try system.token(key: next)).status == 200)
            #expect(system.issuer.count() == 2)
            #expect(try await system.runs(try system.token(["sub": "bob"])).status == 401, "its key was taken away")
            for number in 0..<20 {
                let answer = try await system.runs(try system.token(header: ["kid": .string("made-up-\(number)")]))
                #expect(answer.status == 401)
            }
            #expect(system.issuer.count() == 2, "the issuer was asked for made-up keys")
            // What was verified a moment ago goes on for a minute.
            #expect(try await system.runs(old).status == 200)
        }
    }

    @Test("two keys of one id are both tried, and a key without an id counts for tokens without one")
    func duplicates() async throws {
        let (one, two, nameless) = (IssuerKey.es256("same"), IssuerKey.es256("same"), IssuerKey.edDSA(nil))
        try await TokenAPI.with(key: one) { system in
            system.issuer.publish([one, two, nameless])
            for key in [one, two, nameless] { #expect(try await system.runs(try system.token(key: key)).status == 200) }
            let named = try nameless.token(system.claims(), header: ["kid": "same"])
            #expect(try await system.runs(named).status == 401)
        }
    }

    @Test(
        "while an issuer's keys can't be had its tokens are answered 503, those of others go on, and it is asked once in a while"
    )
    func unreachable() async throws {
        try await TokenAPI.with { system in
            system.issuer.publish(.init("broken", status: 500), at: "/jwks")
            for _ in 0..<20 {
                let answer = try await system.runs(try system.token())
                #expect(answer.status == 503 && answer.problem == "issuer-unavailable", "\(answer.text)")
                #expect(answer.headers["retry-after"] == "10")
            }
            #expect(system.issuer.count() == 1)
            let other = try system.token(["iss": "urn:file", "roles": ["view"]], key: TokenAPI.fileKey)
            #expect(try await system.runs(other).status == 200)
            #expect(try await system.runs(try system.token(["exp": JSON(TokenAPI.now - 100)])).status == 401)
            #expect(try await system.api.client.send("GET", "/v1/runs", Self.admin).status == 200)
            let metrics = try await system.api.client.send("GET", "/metrics").text
            #expect(metrics.contains(#"auth_refusals_total{reason="unavailable"} 20"#), "\(metrics)")
            #expect(metrics.contains(#"jwt_key_fetches_total{issuer="corp",result="failed"} 1"#), "\(metrics)")
            #expect(metrics.contains(#"jwt_key_fetches_total{issuer="corp",result="succeeded"} 0"#))
        }
    }

    @Test("nothing of a token or a secret is logged, at any level")
    func logs() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines.handler }
        try await TokenAPI.with(logger: logger) { system in
            let tokens = [
                try system.token(), try system.token(["aud": "x"]), try IssuerKey.es256("corp").token(system.claims()),
                try system.token(["iss": "urn:secret", "roles": "view"], key: .hs256(TokenAPI.secret)),
            ]
            for token in tokens { _ = try await system.runs(token) }
            system.issuer.publish(.init("c4n4ry", status: 500), at: "/jwks")
            _ = try await system.runs(try system.token(["iss": .string(system.name + "/all")]))
            let text = lines.all.joined(separator: "\n")
            #expect(text.contains("can't be had"), "\(text.suffix(500))")
            for secret in tokens.flatMap({ $0.split(separator: ".").map(String.init) }) + [TokenAPI.secret, "c4n4ry"] {
                #expect(!text.contains(secret))
            }
        }
    }

    @Test("an API does not start with issuers that can't be used, and says why")
    func settings() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        func read(_ text: String?) throws -> APIConfiguration {
            if let text { try Data(text.utf8).write(to: file) }
            var reader = Settings(
                program: "sagaflow-api", about: "", arguments: ["sagaflow-api"],
                environment: ["DATABASE_URL": "postgres://localhost/x", "JWT_ISSUERS_FILE": file.path])
            return try APIConfiguration(&reader)
        }
        let entry = "issuers: [{ name: a, issuer: \"https://a\", jwksURL: \"https://a/j\", roles: { x: viewer }"
        for text in [
            nil, entry + "}]", entry + ", audience: b, tenant: \"*\" }]", entry + ", audience: b, algorithms: none }]",
        ] {
            let error = #expect(throws: SettingsError.self) { try read(text) }
            #expect(error?.description.contains("JWT_ISSUERS_FILE") ?? false, "\(error?.description ?? "")")
        }
        #expect(try read(entry + ", audience: b }]").issuers != nil)
        let wrong = #expect(throws: SettingsError.self) {
            try read(entry.replacing("viewer", with: "chief") + ", audience: b }]")
        }
        #expect(wrong?.description.contains("/issuers/0/roles/x") ?? false, "\(wrong?.description ?? "")")
    }

    @Test("the examples of docs/security.md are read as they stand there")
    func document() throws {
        let path = URL(filePath: #filePath).appending(path: "../../../docs/security.md").standardized
        let text = String(decoding: try Data(contentsOf: path), as: UTF8.self)
        let blocks = text.matches(of: /```yaml\n(issuers:[\s\S]*?|allow:[\s\S]*?)```/).map { String($0.output.1) }
        #expect(blocks.count >= 2)
        for block in blocks {
            let file = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString).yaml")
            defer { try? FileManager.default.removeItem(at: file) }
            // What they name lies on a machine of its own.
            try Data(block.replacing(/caFile: .*\n/, with: "").utf8).write(to: file)
            #expect(try IssuersFile(path: file.path, isRole: TokenPrincipals.isRole).issuers.count >= 1)
        }
    }

    @Test("what a token costs: the first time a signature, then a hash")
    func cost() async throws {
        try await TokenAPI.with { system in
            let token = try system.token()
            let principals = TokenPrincipals(
                try IssuersFile(path: system.file, isRole: TokenPrincipals.isRole),
                eventLoops: LoopExecutors.shared.group, logger: TestAPI.quiet)
            _ = try await principals.principal(of: token)
            let tokens = try (0..<300).map { try system.token(["sub": .string("s\($0)")]) }
            let begun = ContinuousClock.now
            for token in tokens { _ = try await principals.principal(of: token) }
            let verified = ContinuousClock.now
            for _ in 0..<3000 { _ = try await principals.principal(of: token) }
            let ended = ContinuousClock.now
            print("a token: \((verified - begun) / 300) verified (ES256), \((ended - verified) / 3000) remembered")
        }
    }
}
