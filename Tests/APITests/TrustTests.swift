import Basics
import Core
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import API

@Suite("What participants are trusted with")
struct TrustTests {
    private static let path = "/v1/admin/participants/payments"
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let key = "2026-11:\(Base64.encode(Array(repeating: 11, count: 32)))"

    private static func put(_ api: TestAPI, _ more: JSONObject, name: String = "payments") async throws -> Answer {
        var body: JSONObject = ["url": "https://pay.example"]
        for (key, value) in more.members { body[key] = value }
        return try await api.client.send(
            "PUT", "/v1/admin/participants/\(name)", body: JSON.object(body).text, admin)
    }

    @Test("a credential itself is refused in one sentence that does not repeat it, and nothing is written")
    func plain() async throws {
        try await TestAPI.with { api in
            for (headers, pointer) in [
                (["Authorization": "Bearer canary"], "/headers/Authorization"),
                (["X-Api-Key": "canary"], "/headers/X-Api-Key"),
                (["Cookie": "a=canary"], "/headers/Cookie"), (["X-Tenant": "Bearer canary"], "/headers/X-Tenant"),
                (["X-Vault-Token": "canary"], "/headers/X-Vault-Token"),
                (["Authorization": "${secret:Canary}"], "/headers/Authorization"),
                (["X-Tenant": "${secret:"], "/headers/X-Tenant"),
            ] as [(JSONObject, String)] {
                let answer = try await Self.put(api, ["headers": .object(headers)])
                #expect(answer.status == 422 && answer.problem == "invalid-content", "\(answer.text)")
                #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
                #expect(answer.json["detail"]?.string?.contains("${secret:payments-token}") == true, "\(answer.text)")
                #expect(!answer.text.contains("canary"))
            }
            #expect(try await api.database.value("SELECT count(*) FROM participants") == "0")
            let named = try await Self.put(
                api, ["headers": ["Authorization": "Bearer ${secret:payments}", "X-Tenant": "acme"]])
            #expect(named.status == 201, "\(named.text)")
            #expect(named.json["headerNames"] == ["Authorization", "X-Tenant"] && named.json["secretsKey"] == .null)
            #expect(!named.text.contains("secret:payments"))
            #expect(
                try await api.database.value("SELECT headers->>'Authorization' FROM participants")
                    == "Bearer ${secret:payments}")
        }
    }

    @Test("with keys everything is stored encrypted, for its participant and header alone, and shown nowhere")
    func encrypted() async throws {
        try await TestAPI.with(["SECRET_KEYS": Self.key]) { api in
            let answer = try await Self.put(
                api,
                [
                    "headers": ["X-Api-Key": "canary", "X-Tenant": "canary"],
                    "auth": [
                        "oauth2": ["tokenUrl": "https://id.example/token", "clientId": "c", "clientSecret": "canary"]
                    ],
                ])
            #expect(answer.status == 201, "\(answer.text)")
            #expect(answer.json["secretsKey"] == "2026-11")
            let client = answer.json["auth"]?["oauth2"]
            #expect(client?["clientId"] == "c" && client?["clientSecret"] == .null)
            let shown = try await api.client.send("GET", Self.path, Self.admin)
            let actions = try await api.client.send("GET", "/v1/admin/audit", Self.admin)
            #expect(actions.json["entries"]?[0]?["detail"]?["secretsKey"] == "2026-11", "\(actions.text)")
            let dump = try await api.database.value(
                "SELECT (SELECT string_agg(p::text, '') FROM participants p) || (SELECT string_agg(a::text, '') FROM audit_trail a)"
            )
            for text in [answer.text, shown.text, actions.text, dump ?? ""] { #expect(!text.contains("canary")) }
            let keys = try SecretKeys(Self.key)
            let row = try #require(try await api.database.connection.execute(FindParticipants()).first)
            for (name, stored) in row.headers {
                guard case .sealed(let sealed, let id) = stored else {
                    Issue.record("\(name) stands as it is")
                    continue
                }
                #expect(try keys.open(sealed, with: id, for: .header(name, of: "payments")) == "canary")
            }
            // Without anything to encrypt no key is needed.
            let bare = try await Self.put(api, [:], name: "orders")
            #expect(bare.status == 201 && bare.json["secretsKey"] == .null)
        }
    }

    @Test("plain credentials are taken where that is allowed, and a setting that is neither is refused")
    func allowed() async throws {
        try await TestAPI.with(["ALLOW_PLAIN_SECRETS": "true"]) { api in
            let answer = try await Self.put(api, ["headers": ["Authorization": "Bearer x"]])
            #expect(answer.status == 201, "\(answer.text)")
        }
        try await TestDatabase.with { database in
            for settings in [["ALLOW_PLAIN_SECRETS": "yes"], ["SECRET_KEYS": "k:canary"]] {
                let error = #expect(throws: (any Error).self) { try TestAPI.configuration(settings, database) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("canary") == false)
            }
        }
    }

    @Test("TLS, clients and keys are registered, shown and audited by their names, and taken back by their absence")
    func shown() async throws {
        try await TestAPI.with { api in
            let client: JSON = [
                "tokenUrl": "https://id.example/token", "clientId": "sagaflow", "clientSecret": "${secret:idp}",
                "scope": "pay", "audience": "https://pay.example",
            ]
            let more: JSONObject = [
                "tls": ["certificate": "client", "ca": "bank"], "auth": ["oauth2": client],
                "signWith": ["new", "old", "ed25519:2026-11"],
            ]
            for (asked, tls, auth, signed) in [
                (more, ["certificate": "client", "key": nil, "ca": "bank"], ["oauth2": client], more["signWith"]),
                ([:], .null, .null, []),
            ] as [(JSONObject, JSON, JSON, JSON?)] {
                let put = try await Self.put(api, asked)
                let got = try await api.client.send("GET", Self.path, Self.admin)
                let action = try await api.client.send("GET", "/v1/admin/audit?limit=1", Self.admin)
                for json in [put.json, got.json, action.json["entries"]?[0]?["detail"] ?? .null] {
                    #expect(json["tls"] == tls && json["auth"] == auth && json["signWith"] == signed, "\(json.text)")
                }
            }
        }
    }

    @Test("what can't be meant is refused, with its place")
    func refused() async throws {
        try await TestAPI.with { api in
            func client(_ more: JSONObject) -> JSONObject {
                var client: JSONObject = [
                    "tokenUrl": "https://id.example/token", "clientId": "c", "clientSecret": "${secret:idp}",
                ]
                for (key, value) in more.members { client[key] = value }
                return ["auth": ["oauth2": .object(client)]]
            }
            for (more, pointer) in [
                (["tls": ["certificate": "../a"]], "/tls/certificate"), (["tls": "x"], "/tls"),
                (["tls": ["key": "k"]], "/tls/key"), (["tls": ["pin": "k"]], "/tls/pin"),
                (["url": "http://pay.example", "tls": ["ca": "bank"]], "/tls"),
                (["auth": ["basic": [:]]], "/auth"), (["auth": "x"], "/auth"),
                (["auth": ["oauth2": [:]]], "/auth/oauth2/tokenUrl"),
                (client(["tokenUrl": "ftp://x"]), "/auth/oauth2/tokenUrl"),
                (client(["tokenUrl": "http://169.254.169.254/token"]), "/auth/oauth2/tokenUrl"),
                (client(["tokenUrl": "http://127.0.0.1/token"]), "/auth/oauth2/tokenUrl"),
                (client(["clientSecret": "plain"]), "/auth/oauth2/clientSecret"),
                (client(["clientSecret": .null]), "/auth/oauth2/clientSecret"),
                (client(["scope": "a\nb"]), "/auth/oauth2/scope"), (client(["grant": "x"]), "/auth/oauth2/grant"),
                (client([:]).with("headers", ["Authorization": "${secret:x}"]), "/headers/Authorization"),
                (["signWith": ["ed25519:a", "ed25519:b"]], "/signWith"),
                (["signWith": ["ed25519:A"]], "/signWith/0"),
            ] as [(JSONObject, String)] {
                let answer = try await Self.put(api, more)
                #expect(answer.status == 422, "\(more) \(answer.text)")
                #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(more) \(answer.text)")
            }
            #expect(try await api.database.value("SELECT count(*) FROM participants") == "0")
        }
    }

    @Test(
        "the public keys of engines that were there within a day are for everybody, and two of them live side by side")
    func keys() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            _ = try await api.database.query(
                """
                INSERT INTO signing_keys (key_id, public_key, first_seen_at, last_seen_at) VALUES
                    ('new', 'AAA', now(), now()), ('old', 'BBB', now() - interval '1 year', now() - interval '23 h'),
                    ('gone', 'CCC', now() - interval '1 year', now() - interval '25 h')
                """)
            let answer = try await api.client.send("GET", "/.well-known/jwks.json")
            #expect(answer.status == 200)
            let keys = answer.json["keys"]?.array ?? []
            #expect(keys.map { $0["kid"] } == ["new", "old"], "\(answer.text)")
            #expect(
                keys.first == [
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "new", "x": "AAA",
                ])
            #expect(answer.headers["cache-control"] == "public, max-age=60")
        }
    }

    @Test("a name that is in use stays the first key's; one that nobody has used for a day may be another's")
    func names() async throws {
        try await TestDatabase.with { test in
            func publish(_ key: String) async throws -> Bool {
                !(try await test.connection.execute(PublishSigningKey(keyID: "k", publicKey: key)).isEmpty)
            }
            #expect(try await publish("one"))
            #expect(try await publish("one"))
            #expect(try await !publish("two"))
            #expect(try await test.value("SELECT public_key FROM signing_keys") == "one")
            _ = try await test.query("UPDATE signing_keys SET last_seen_at = now() - interval '25 h'")
            #expect(try await publish("two"))
            #expect(try await test.value("SELECT public_key FROM signing_keys") == "two")
        }
    }
}

extension JSONObject {
    fileprivate func with(_ key: String, _ value: JSON) -> JSONObject {
        var copy = self
        copy[key] = value
        return copy
    }
}
