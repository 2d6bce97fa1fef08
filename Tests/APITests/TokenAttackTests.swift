import Basics
import Core
import Foundation
import TestSupport
import Testing

@testable import API

/// What somebody may try who has no token, or one for something else.
@Suite("Tokens that must not let in")
struct TokenAttackTests {
    /// What is sent as a bearer's token, and a word of the answer's description.
    private struct Attack {
        let name: String
        let token: String
        let word: String
    }

    private static func raw(_ parts: [String]) -> String { parts.joined(separator: ".") }

    /// The same token with one part replaced; a nil leaves it as it is.
    private static func altered(_ token: String, _ parts: String?...) -> String {
        raw(zip(token.split(separator: ".").map(String.init), parts).map { $1 ?? $0 })
    }

    private static func encoded(_ json: JSON) -> String { Base64URL.encode(json.bytes) }

    /// Times, audiences, issuers: signed by the right key.
    private static func claims(_ system: TokenAPI) throws -> [Attack] {
        let now = TokenAPI.now
        let cases: [(String, JSONObject, String)] = [
            ("expired", ["exp": JSON(now - 61)], "expired"), ("expired long ago", ["exp": 0], "expired"),
            ("without exp", ["exp": nil], "malformed"), ("exp a text", ["exp": .string("\(now + 60)")], "malformed"),
            ("exp beyond all time", ["exp": 1e300], "malformed"), ("exp negative", ["exp": -1], "malformed"),
            ("exp a list", ["exp": [JSON(now + 60)]], "malformed"), ("exp true", ["exp": true], "malformed"),
            ("not yet", ["nbf": JSON(now + 120)], "not valid yet"), ("nbf a text", ["nbf": "0"], "malformed"),
            ("made in the future", ["iat": JSON(now + 120)], "not valid yet"),
            ("iat null", ["iat": .object([:])], "malformed"),
            ("another audience", ["aud": "other"], "not meant"), ("no audience", ["aud": nil], "not meant"),
            ("other audiences", ["aud": ["other", "sagaflow2"]], "not meant"),
            ("no audiences", ["aud": []], "not meant"),
            ("an audience that begins the same", ["aud": "sagaflow/x"], "not meant"),
            ("an audience among what is none", ["aud": ["sagaflow", 7]], "not meant"),
            ("an audience in an object", ["aud": ["sagaflow": true]], "not meant"),
            ("another issuer", ["iss": "https://evil.example"], "issuer"), ("no issuer", ["iss": nil], "malformed"),
            ("an issuer with a slash more", ["iss": .string(system.name + "/")], "issuer"),
            ("an issuer in capitals", ["iss": .string(system.name.uppercased())], "issuer"),
            ("issuers", ["iss": [.string(system.name)]], "malformed"),
            ("no name", ["sub": nil], "sub"), ("a name that is a number", ["sub": 7], "sub"),
            ("an empty name", ["sub": ""], "sub"),
            ("a name with a line's end", ["sub": "ann\nforged"], "sub"), ("a name in Unicode", ["sub": "änn"], "sub"),
            ("a long name", ["sub": .string(String(repeating: "a", count: 256))], "sub"),
            ("no tenant", ["tenant": nil], "tenant"), ("all tenants", ["tenant": "*"], "tenant"),
            ("an empty tenant", ["tenant": ""], "tenant"),
            ("a tenant with a blank before it", ["tenant": " acme"], "tenant"),
            ("a tenant with a line's end", ["tenant": "a\n"], "tenant"),
            ("a tenant in Unicode", ["tenant": "äcme"], "tenant"),
            ("a tenant with a zero byte", ["tenant": "a\u{1}"], "tenant"),
            ("two tenants", ["tenant": ["acme", "other"]], "tenant"),
            ("a tenant that is a number", ["tenant": 7], "tenant"),
            ("a tenant that is true", ["tenant": true], "tenant"),
            ("a long tenant", ["tenant": .string(String(repeating: "a", count: 256))], "tenant"),
            ("roles that are a number", ["realm_access": ["roles": 7]], "roles"),
            ("roles that are an object", ["realm_access": ["roles": ["boss": true]]], "roles"),
            ("roles among what is none", ["realm_access": ["roles": ["view", ["boss"]]]], "roles"),
        ]
        return try cases.map { Attack(name: $0.0, token: try system.token($0.1), word: $0.2) }
    }

    /// Headers: the claims are those that let in.
    private static func headers(_ system: TokenAPI, _ rsa: IssuerKey) throws -> [Attack] {
        let other = IssuerKey.es256("corp")
        let jwks = "\(system.issuer.url)/attacker"
        system.issuer.publish([other], at: "/attacker")
        let crafted: [(String, JSONObject, String)] = [
            ("jku leads to the attacker's keys", ["jku": .string(jwks)], "signature"),
            ("x5u leads to them", ["x5u": .string(jwks)], "signature"),
            ("the key in the header", ["jwk": other.jwk], "signature"),
            ("a chain in the header", ["x5c": ["MIIB"]], "signature"),
            ("an unknown key", ["kid": "none"], "key"), ("a path", ["kid": "../../../../dev/null"], "key"),
            ("a file", ["kid": "/etc/passwd"], "key"),
            ("SQL", ["kid": "corp' OR '1'='1' UNION SELECT 'k'; --"], "key"), ("an empty key", ["kid": ""], "key"),
            ("a key that is a number", ["kid": 1], "malformed"), ("keys", ["kid": ["corp"]], "malformed"),
            ("a long key", ["kid": .string(String(repeating: "k", count: 1025))], "malformed"),
            ("crit", ["crit": ["exp"], "exp": 1], "critical"), ("crit that is empty", ["crit": []], "critical"),
            ("b64", ["crit": ["b64"], "b64": false], "critical"),
            ("a token that ends sessions", ["typ": "logout+jwt"], "type"), ("typ a number", ["typ": 7], "malformed"),
            ("none", ["alg": "none"], "algorithm"), ("None", ["alg": "None"], "algorithm"),
            ("NONE", ["alg": "NONE"], "algorithm"),
            ("an algorithm that is not allowed", ["alg": "ES384"], "algorithm"),
            ("one in lower case", ["alg": "es256"], "algorithm"),
            ("none at all", ["alg": nil], "malformed"), ("a list of them", ["alg": .array([])], "malformed"),
            ("another key's algorithm", ["alg": "RS256"], "algorithm"), ("encryption", ["alg": "dir"], "algorithm"),
        ]
        // Signed by the attacker's key where the header says why it should count, and otherwise by the right one.
        return try crafted.map { name, header, word in
            let key = word == "signature" ? other : system.key
            return Attack(name: name, token: try key.token(system.claims(), header: header), word: word)
        } + [
            Attack(name: "signed by another key", token: try other.token(system.claims()), word: "signature"),
            // What everybody can read is taken for a secret.
            Attack(
                name: "the EC key as a secret",
                token: try IssuerKey.hs256(system.key.pem, "corp").token(system.claims()),
                word: "algorithm"),
            Attack(
                name: "the RSA key as a secret", token: try IssuerKey.hs256(rsa.pem, "rsa").token(system.claims()),
                word: "algorithm"),
            Attack(
                name: "the key of a file as a secret",
                token: try IssuerKey.hs256(TokenAPI.fileKey.pem).token(
                    system.claims(["iss": "urn:file", "roles": ["view"]])),
                word: "algorithm"),
            Attack(
                name: "a secret's issuer with another secret",
                token: try IssuerKey.hs256("another secret of 32 bytes or more").token(
                    system.claims(["iss": "urn:secret"])),
                word: "signature"),
            Attack(
                name: "one issuer's key for another issuer", token: try system.token(["iss": "urn:file"]),
                word: "signature"),
        ]
    }

    /// What is no token any more.
    private static func forms(_ system: TokenAPI) throws -> [Attack] {
        let token = try system.token()
        let stranger = try system.token(["sub": "bob", "tenant": "other", "realm_access": ["roles": ["boss"]]])
        let boss = encoded(system.claims(["realm_access": ["roles": ["boss"]]]))
        let none = encoded(["alg": "none", "typ": "JWT"])
        let signature = token.split(separator: ".").last.map(String.init) ?? ""
        let bytes = Base64URL.decode(signature) ?? []
        let twice = Array(#"{"alg":"ES256","alg":"none","kid":"corp"}"#.utf8)
        let claims = system.claims().text
        let repeated = Array((claims.dropLast() + #","tenant":"other"}"#).utf8)
        let cases: [(String, String, String)] = [
            ("other claims under this signature", altered(token, nil, boss, nil), "signature"),
            (
                "another token's signature",
                altered(token, nil, nil, stranger.split(separator: ".").last.map(String.init)), "signature"
            ),
            ("no signature", altered(token, nil, nil, ""), "signature"), ("two parts", raw([none, boss]), "malformed"),
            ("none without a signature", raw([none, boss, ""]), "algorithm"),
            ("none with a signature", raw([none, boss, signature]), "algorithm"),
            (
                "a signature of zeros", altered(token, nil, nil, Base64URL.encode(Array(repeating: 0, count: 64))),
                "signature"
            ),
            ("a short signature", altered(token, nil, nil, Base64URL.encode(Array(bytes.prefix(60)))), "signature"),
            ("cut off", String(token.dropLast(1)), "malformed"), ("a point more", token + ".", "malformed"),
            ("five parts", raw([none, boss, signature, "AA", "AA"]), "malformed"), ("points", "..", "malformed"),
            ("a point", ".", "malformed"), ("padding", altered(token, nil, nil, signature + "=="), "malformed"),
            ("another alphabet", altered(token, nil, nil, "+/" + signature.dropFirst(2)), "malformed"),
            ("a header that is no JSON", raw(["AAAA", boss, signature]), "malformed"),
            ("claims that are no object", raw([none, encoded([1]), signature]), "malformed"),
            (
                "a member twice in the header", try system.key.token(head: twice, payload: Array(claims.utf8)),
                "malformed"
            ),
            (
                "a member twice in the claims",
                try system.key.token(head: Array(#"{"alg":"ES256","kid":"corp"}"#.utf8), payload: repeated), "malformed"
            ),
            (
                "deep claims",
                try system.key.token(
                    head: Array(#"{"alg":"ES256","kid":"corp"}"#.utf8),
                    payload: Array((String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)).utf8)),
                "malformed"
            ),
        ]
        return cases.map { Attack(name: $0.0, token: $0.1, word: $0.2) }
    }

    @Test("none of them lets in, each says why, and what it says holds nothing of the token or of other issuers")
    func table() async throws {
        let rsa = try IssuerKey.rsa("rsa")
        try await TokenAPI.with { system in
            system.issuer.publish([system.key, rsa])
            for good in [
                try system.token(), try system.token(key: rsa), try system.token(["aud": ["x", "sagaflow"]]),
                try system.token(header: ["typ": "at+jwt"]), try system.token(header: ["kid": nil]),
                try system.token(["exp": JSON(TokenAPI.now - 2)]),
                try system.token(["iat": JSON(TokenAPI.now + 3)]),
                try system.token(["exp": JSON(floatLiteral: Double(TokenAPI.now) + 60.5)]),
                try system.token(["tenant": "a b'; DROP TABLE x; --"]),
                try system.token(["iss": "urn:file", "roles": ["view"]], key: TokenAPI.fileKey),
                try system.token(["iss": "urn:secret", "roles": "view x"], key: .hs256(TokenAPI.secret)),
            ] {
                let answer = try await system.runs(good)
                #expect(answer.status == 200, "\(answer.text)")
            }
            let attacks = try Self.claims(system) + Self.headers(system, rsa) + Self.forms(system)
            #expect(attacks.count > 80)
            for attack in attacks {
                let answer = try await system.runs(attack.token)
                #expect(answer.status == 401 && answer.problem == "unauthorized", "\(attack.name): \(answer.text)")
                let challenge = answer.headers["www-authenticate"] ?? ""
                #expect(
                    challenge.hasPrefix(#"Bearer error="invalid_token", error_description=""#),
                    "\(attack.name): \(challenge)")
                #expect(challenge.contains(attack.word), "\(attack.name): \(challenge)")
                #expect(challenge.utf8.allSatisfy { (0x20...0x7E).contains($0) } && challenge.count { $0 == "\"" } == 4)
                for secret in ["ann", "evil", "sagaflow2", system.name, "urn:file", "urn:secret", TokenAPI.secret]
                    + attack.token.split(separator: ".").map(String.init)
                where !secret.isEmpty {
                    #expect(
                        !(answer.text + challenge).contains(secret), "\(attack.name) repeats \(secret): \(answer.text)")
                }
            }
            #expect(system.issuer.count("/attacker") == 0, "what a token says was fetched")
            let metrics = try await system.api.client.send("GET", "/metrics").text
            #expect(metrics.contains(#"auth_refusals_total{reason="unknown"} \#(attacks.count)"#), "\(metrics)")
            #expect(metrics.contains(#"auth_refusals_total{reason="unavailable"} 0"#))
        }
    }

    @Test("a token that is too long, or comes twice, or with another credential, is refused before it is looked at")
    func transport() async throws {
        try await TokenAPI.with { system in
            let token = try system.token()
            func ask(_ headers: String) async throws -> Answer? {
                let head = "GET /v1/runs HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\(headers)\r\n\r\n"
                return try await system.api.client.exchange(Array(head.utf8)).first
            }
            let long = String(repeating: "a", count: 1 << 20)
            let huge = try await ask("Authorization: Bearer \(token)\(long)")
            #expect(huge?.status == 431, "\(huge?.text ?? "")")
            let wide = try system.token(["x": .string(String(repeating: "a", count: 7000))])
            #expect(try await ask("Authorization: Bearer \(wide)")?.status == 431)
            let fits = try system.token(["x": .string(String(repeating: "a", count: 5500))])
            #expect(try await ask("Authorization: Bearer \(fits)")?.status == 200)
            for headers in [
                "Authorization: Bearer \(token)\r\nAuthorization: Bearer \(token)",
                "Authorization: Bearer \(token)\r\nX-Admin-Token: \(TestAPI.token)",
                "Authorization: Bearer \(token)\r\nX-Api-Key: sf_x",
            ] {
                let answer = try await ask(headers)
                #expect(answer?.status == 400 && answer?.problem == "invalid-parameter", "\(answer?.text ?? "")")
            }
            for headers in [
                "X-Api-Key: \(token)", "X-Admin-Token: \(token)", "Authorization: \(token)",
                "Authorization: Basic \(token)",
                "Authorization: Bearer  \(token)", "Authorization: Bearer \(token) \(token)", "Cookie: \(token)",
            ] {
                let answer = try await ask(headers)
                #expect(answer?.status == 401, "\(headers.prefix(20)): \(answer?.text ?? "")")
            }
            #expect(try await ask("Authorization: bearer \(token)")?.status == 200)
        }
    }

    @Test("guesses are slow, and whoever has a token is not kept out by them")
    func guesses() async throws {
        let settings = ["ADMIN_BURST": "30", "ADMIN_RATE": "1/1h", "ADMIN_ADDRESS_RATE": "10000/1s"]
        try await TokenAPI.with(settings) { system in
            let bad = try IssuerKey.es256("corp").token(system.claims())
            var statuses: [Int] = []
            for _ in 0..<40 { statuses.append(try await system.runs(bad).status) }
            #expect(statuses.first == 401 && statuses.last == 429, "\(statuses)")
            #expect(try await system.runs(try system.token()).status == 200)
        }
    }

    @Test("an API that names no issuers takes no tokens")
    func off() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let token = try IssuerKey.es256().token(["sub": "ann", "exp": JSON(TokenAPI.now + 60)])
            let answer = try await api.client.send("GET", "/v1/runs", ["Authorization": "Bearer \(token)"])
            #expect(answer.status == 401 && answer.headers["www-authenticate"] == "Bearer", "\(answer.text)")
            #expect(try await !api.client.send("GET", "/metrics").text.contains("jwt_key_fetches_total{"))
        }
    }
}
