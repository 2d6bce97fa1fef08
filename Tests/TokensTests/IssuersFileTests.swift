import Core
import Foundation
import TestSupport
import Testing

@testable import Tokens

@Suite("The file that names issuers")
struct IssuersFileTests {
    private static let words: Set = ["viewer", "operator", "runs:start"]

    /// Reads a file beside which lie a public key, a private one, a secret and a short secret.
    private static func read(_ text: String) throws -> IssuersFile {
        let folder = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [
            "issuers.yaml": text, "public.pem": IssuerKey.es256().pem,
            "two.pem": IssuerKey.es256().pem + "\n" + IssuerKey.es384().pem,
            "short.pem": try IssuerKey.rsa(bits: 1024).pem,
            "private.pem": "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n", "empty": "",
            "secret": String(repeating: "s", count: 32) + "\n", "short": String(repeating: "s", count: 31) + "\n\n",
            "long": String(repeating: "s", count: 64),
        ]
        for (name, content) in files { try Data(content.utf8).write(to: folder.appending(path: name)) }
        return try IssuersFile(path: folder.appending(path: "issuers.yaml").path, isRole: words.contains)
    }

    /// One issuer, with members of its own over the usual ones; nil takes one away.
    private static func file(_ change: JSONObject, _ outer: JSONObject = [:]) -> String {
        var issuer: JSONObject = [
            "name": "corp", "issuer": "https://idp.example", "audience": "sagaflow",
            "jwksURL": "https://idp.example/jwks", "roles": ["ops": ["operator", "runs:start"]],
        ]
        for (key, value) in change.members { issuer[key] = value.isNull ? JSON?.none : value }
        var file: JSONObject = ["issuers": [.object(issuer)]]
        for (key, value) in outer.members { file[key] = value }
        return JSON.object(file).text
    }

    private static func withLogin(_ members: JSON) -> String {
        file(["jwksURL": nil, "discovery": true, "login": members])
    }

    @Test("a login is by the ID token, of a client that is among the audiences, with the scope that gives one")
    func login() throws {
        let text = Self.withLogin(["clientId": "sagaflow", "clientSecretFile": "secret"])
        let login = try #require(try Self.read(text).issuers.first?.login)
        #expect(login.credential == .idToken && login.scopes == ["openid"] && login.title == "corp")
        #expect(login.clientSecret == String(repeating: "s", count: 32))
    }

    @Test(
        "what a login lacks, or may not be, is refused with its place",
        arguments: [
            ([:], "clientId", "required"), (["clientId": "other"], "clientId", "audience"),
            (["clientId": "caf\u{E9}"], "clientId", "visible"),
            (["clientId": "sagaflow", "clientSecret": "x"], "clientSecret", "not known"),
            (["clientId": "sagaflow", "clientSecretFile": "none"], "clientSecretFile", "can't be read"),
            (["clientId": "sagaflow", "clientSecretFile": "empty"], "clientSecretFile", "1 to 1024"),
            (["clientId": "sagaflow", "scopes": ["profile"]], "scopes", "openid"),
            (["clientId": "sagaflow", "scopes": ["openid", "a b"]], "scopes", "words"),
            (["clientId": "sagaflow", "title": "a\u{202E}b"], "title", "control"),
            (["clientId": "sagaflow", "credential": "opaque"], "credential", "id-token or access-token"),
        ] as [(JSON, String, String)])
    func refusedLogin(_ members: JSON, _ place: String, _ word: String) throws {
        let fault = #expect(throws: IssuersFault.self) { try Self.read(Self.withLogin(members)) }
        let text = try #require(fault?.description)
        #expect(text.contains("/issuers/0/login/\(place):") && text.contains(word), "\(text)")
    }

    @Test("what is left out is as safe as it can be")
    func defaults() throws {
        let issuer = try #require(try Self.read(Self.file([:])).issuers.first)
        #expect(issuer.algorithms == [.rs256, .es256] && issuer.clockSkew == .seconds(30))
        #expect(
            issuer.audiences == [ExactText("sagaflow")] && issuer.nameClaim.text == "sub"
                && issuer.rolesClaim.text == "roles")
        guard case .claim(let path, false) = issuer.tenant else { return #expect(Bool(false)) }
        #expect(path.text == "tenant")
        #expect(issuer.roles == [ExactText("ops"): ["operator", "runs:start"]])
    }

    @Test(
        "every source of keys is read, and fits its algorithms",
        arguments: [
            ["jwksURL": nil, "discovery": true], ["jwksURL": "https://b2c.example/keys?p=one%2Ftwo"],
            ["jwksURL": "http://127.0.0.1:8080/jwks"], ["jwksURL": "http://[::1]/jwks"],
            ["jwksURL": "http://localhost/"],
            ["jwksURL": nil, "publicKeyFile": "public.pem"],
            ["jwksURL": nil, "publicKeyFile": "two.pem", "algorithms": ["ES256", "ES384"]],
            ["jwksURL": nil, "secretFile": "secret"], ["jwksURL": nil, "secretFile": "long", "algorithms": "HS512"],
            ["algorithms": ["PS256", "EdDSA", "ES512"]], ["clockSkew": "0s"], ["clockSkew": "60s"], ["clockSkew": "1m"],
            ["tenant": "acme"], ["tenant": "*", "allTenants": true], ["tenantClaim": "org.id", "allTenants": true],
            ["jwksURL": nil, "discovery": true, "login": ["clientId": "sagaflow"]],
            [
                "jwksURL": nil, "discovery": true,
                "login": [
                    "clientId": "console", "clientSecretFile": "secret", "scopes": ["openid", "profile"],
                    "title": "Corp",
                    "credential": "access-token",
                ],
            ],
            ["audience": ["a", "b"]], ["rolesClaim": "https://example.org/roles", "roles": ["x": "viewer"]],
        ] as [JSONObject])
    func accepted(_ change: JSONObject) throws { #expect(try Self.read(Self.file(change)).issuers.count == 1) }

    @Test(
        "what is missing, not known or not safe is refused, with its place and a sentence",
        arguments: [
            (["audience": nil], "audience", "required"), (["audience": ""], "audience", "text"),
            (["audience": []], "audience", "text"), (["audience": ["a", ""]], "audience/1", "text"),
            (["audience": ["a", "a"]], "audience", "twice"), (["issuer": nil], "issuer", "required"),
            (["issuer": 7], "issuer", "text"), (["name": nil], "name", "required"),
            (["name": "A b"], "name", "letters"),
            (["audiences": ["a"]], "audiences", "not known"), (["jwksUrl": "https://x"], "jwksUrl", "not known"),
            (["algorithms": "none"], "algorithms", "no algorithm"),
            (["algorithms": ["ES256", "None"]], "algorithms", "no algorithm"),
            (["algorithms": ["RS256", "HS256"]], "algorithms", "never go with public keys"),
            (["algorithms": []], "algorithms", "text"), (["algorithms": ["RS256", "RS256"]], "algorithms", "twice"),
            (["jwksURL": nil, "secretFile": "secret", "algorithms": ["HS256", "RS256"]], "algorithms", "only HS256"),
            (["jwksURL": nil], "", "only one"), (["discovery": true], "", "only one"),
            (["publicKeyFile": "public.pem"], "", "only one"), (["secretFile": "secret"], "", "only one"),
            (["jwksURL": nil, "discovery": false], "discovery", "true"),
            (["jwksURL": nil, "discovery": true, "issuer": "urn:x"], "issuer", "fetched"),
            (["jwksURL": nil, "discovery": true, "issuer": "https://x/?a=b"], "issuer", "query"),
            (["jwksURL": "http://idp.example/jwks"], "jwksURL", "https://"),
            (["jwksURL": "http://127.evil.example/jwks"], "jwksURL", "https://"),
            (["jwksURL": "ftp://idp.example/jwks"], "jwksURL", "http"),
            (["jwksURL": "https://u:p@h/jwks"], "jwksURL", "user"),
            (["jwksURL": "https://h/../x"], "jwksURL", "malformed"),
            (["jwksURL": "https://h/#x"], "jwksURL", "malformed"),
            (["jwksURL": "/etc/passwd"], "jwksURL", "http"),
            (["jwksURL": nil, "publicKeyFile": "none.pem"], "publicKeyFile", "can't be read"),
            (["jwksURL": nil, "publicKeyFile": "private.pem"], "publicKeyFile", "private key"),
            (["jwksURL": nil, "publicKeyFile": "short.pem"], "publicKeyFile", "2048"),
            (["jwksURL": nil, "publicKeyFile": "empty"], "publicKeyFile", "PEM"),
            (
                ["jwksURL": nil, "publicKeyFile": "public.pem", "algorithms": "RS256"], "publicKeyFile",
                "none of the algorithms"
            ),
            (["jwksURL": nil, "secretFile": "short"], "secretFile", "32"),
            (["jwksURL": nil, "secretFile": "secret", "algorithms": "HS384"], "secretFile", "48"),
            (["jwksURL": nil, "secretFile": "public.pem"], "secretFile", "no secret"),
            (["clockSkew": "61s"], "clockSkew", "1m"), (["clockSkew": 30], "clockSkew", "text"),
            (["clockSkew": "-1s"], "clockSkew", "1m"), (["tenant": "*"], "tenant", "allTenants"),
            (["tenant": " a"], "tenant", "printable"), (["tenant": "a", "tenantClaim": "t"], "tenantClaim", "exclude"),
            (["tenant": "a", "allTenants": true], "allTenants", "single"),
            (["login": ["clientId": "sagaflow"]], "login", "discovery"),
            (["allTenants": "yes"], "allTenants", "true or false"),
            (["roles": nil], "roles", "required"), (["roles": [:]], "roles", "object"),
            (["roles": ["operator"]], "roles", "object"),
            (["roles": ["ops": ["boss"]]], "roles/ops", "neither"), (["roles": ["ops": []]], "roles/ops", "text"),
            (["rolesClaim": "a b"], "rolesClaim", "ASCII"), (["nameClaim": "a\"b"], "nameClaim", "ASCII"),
        ] as [(JSONObject, String, String)])
    func refused(_ change: JSONObject, _ place: String, _ word: String) throws {
        let fault = #expect(throws: IssuersFault.self) { try Self.read(Self.file(change)) }
        let text = try #require(fault?.description)
        #expect(text.contains("/issuers/0\(place.isEmpty ? "" : "/\(place)"):") && text.contains(word), "\(text)")
        #expect(text.hasPrefix("line 1, column "), "\(text)")
        #expect(!text.contains("ssss") && !text.contains("MIGH"), "\(text)")
    }

    @Test(
        "the same for the file as a whole",
        arguments: [
            ("issuers: []", "1 to 20"), ("issuers: 7", "1 to 20"), ("", "no YAML"), ("x: 1", "not known"),
            ("a: &b 1", "Anchors"), (file([:], ["allow": "http://x"]), "no range"),
            (file([:], ["allow": "a_b c"]), "no host name"), (file([:], ["allow": 7]), "text"),
            (file([:], ["caFile": "nothing.pem"]), "trust roots"), (file([:], ["caFile": "secret"]), "trust roots"),
        ])
    func whole(_ text: String, _ word: String) throws {
        let fault = #expect(throws: IssuersFault.self) { try Self.read(text) }
        #expect(fault?.description.contains(word) ?? false, "\(fault?.description ?? "")")
    }

    @Test("two issuers have neither a name nor an issuer in common")
    func twice() throws {
        func entry(_ name: String, _ issuer: String) -> String {
            "  - { name: \(name), issuer: \"\(issuer)\", audience: a, jwksURL: \"https://x/j\", roles: { r: viewer } }\n"
        }
        func read(_ entries: String...) throws -> Int { try Self.read("issuers:\n" + entries.joined()).issuers.count }
        #expect(try read(entry("a", "https://a"), entry("b", "https://b")) == 2)
        #expect(throws: IssuersFault.self) { try read(entry("a", "https://a"), entry("a", "https://b")) }
        #expect(throws: IssuersFault.self) { try read(entry("a", "https://a"), entry("b", "https://a")) }
        #expect(throws: IssuersFault.self) { try IssuersFile(path: "/nowhere/issuers.yaml") { _ in true } }
    }
}
