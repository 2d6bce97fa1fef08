import Basics
import Core
import Foundation
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite("Secrets of a tenant's own participants", .timeLimit(.minutes(3)))
struct OwnSecretTests {
    private static func pem(_ byte: UInt8) -> String {
        let seed = Array(repeating: byte, count: 32)
        let der: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + seed
        return "-----BEGIN PRIVATE KEY-----\n\(Base64.encode(der))\n-----END PRIVATE KEY-----"
    }

    private static let files = [
        "token": "everybody's", "tenants/a/token": "a's", "tenants/b/token": "b's", "tenants/b/mine": "b's",
    ]

    @Test("are those of the tenant's folder: a name that others have too means the tenant's, for each its own")
    func own() async throws {
        let definition = try TrustTests.definition()
        try await SecretFiles.with(Self.files) { files in
            try await OwnStage.with([definition]) { both in
                let headers = #"headers = '{"Authorization": "Bearer ${secret:token}"}'"#
                try await both.stage.test.execute("UPDATE participants SET \(headers)")
                try await both.stage.withEngine(files.flags) { _ in
                    let ends = [try await both.run(definition, of: "a"), try await both.run(definition, of: "b")]
                    #expect(ends == [.completed, .completed])
                    #expect(both.own.calls.map { $0.headers["authorization"] } == ["Bearer a's"])
                    #expect(both.stage.participant.calls.map { $0.headers["authorization"] } == ["Bearer everybody's"])
                    try files.write("tenants/a/token", "another")
                    try await both.until("the new secret is sent") {
                        _ = try await both.run(definition, of: "a")
                        return both.own.calls.last?.headers["authorization"] == "Bearer another"
                    }
                }
            }
        }
    }

    @Test(
        "are nobody else's: what the shared folder or another tenant's has is not there, whatever it is for, and nothing is sent",
        arguments: [
            (
                #"headers = '{"X-Key": "${secret:only}"}'"#,
                "no secret only in the folder of the tenant a, which the header"
            ),
            (#"headers = '{"X-Key": "${secret:mine}"}'"#, "no secret mine in the folder of the tenant a"),
            ("sign_with = '{only}'", "no secret only in the folder of the tenant a, which signs calls to demo"),
            ("sign_with = '{tenants/b/mine}'", "no secret tenants/b/mine in the folder of the tenant a"),
            ("sign_with = '{ed25519:key}'", "no signing key key in the folder of the tenant a"),
            (
                #"tls = '{"ca": "only"}'"#,
                "no secret only in the folder of the tenant a, which connections to demo need"
            ),
            (
                #"auth = '{"oauth2": {"tokenUrl": "http://127.0.0.1:1", "clientId": "c", "clientSecret": "${secret:mine}"}}'"#,
                "no secret mine in the folder of the tenant a, which the client's secret of demo names"
            ),
        ])
    func others(row: String, reason: String) async throws {
        let definition = try TrustTests.definition()
        try await SecretFiles.with(Self.files.merging(["only": "x", "key": Self.pem(1)]) { $1 }) { files in
            try await OwnStage.with([definition]) { both in
                try await both.change(.tenant("a"), row)
                try await both.stage.withEngine(files.flags) { engine in
                    let told = try await both.stage.lack(of: try await both.stage.start(definition, tenantID: "a")[0])
                    #expect(told.contains(reason), "\(told)")
                    #expect(engine.participants.report.own["a"]?["demo"]?["lacks"]?.string?.contains(reason) == true)
                    #expect(both.counts == (0, 0))
                }
            }
        }
    }

    @Test("an encrypted value that was copied from the shared row, or another tenant's, is sent to nobody")
    func copied() async throws {
        let definition = try TrustTests.definition()
        let text = "k: \(Base64.encode(Array(repeating: 5, count: 32)))"
        let keys = try SecretKeys(text)
        try await OwnStage.with([definition]) { both in
            for owner in [Owner.shared, .tenant("b")] {
                let place = SecretPlace.header("X-Key", of: ParticipantID("demo", of: owner))
                let json: JSON = ["X-Key": ["sealed": .string(keys.seal("canary", for: place))]]
                try await both.change(.tenant("a"), "headers = '\(json.text)', secrets_key = 'k'")
                try await both.stage.withEngine(environment: ["SECRET_KEYS": text]) { _ in
                    let told = try await both.stage.lack(of: try await both.stage.start(definition, tenantID: "a")[0])
                    #expect(told.contains("does not open with the key k"), "\(told)")
                }
            }
            #expect(both.counts == (0, 0))
        }
    }

    /// The head and the claims of a token.
    private static func parts(_ token: String?) throws -> (head: JSON, claims: JSON) {
        let parts = try #require(token).split(separator: ".").prefix(2).map {
            try JSON(parsing: Base64URL.decode(String($0)) ?? [])
        }
        return (parts[0], parts[1])
    }

    @Test("a signed call says for whose participant it is, and by a key of the tenant's that names no tenant")
    func signed() async throws {
        let definition = try TrustTests.definition()
        let (shared, own) = (Self.pem(1), Self.pem(2))
        try await SecretFiles.with(["key": shared, "tenants/a/key": own]) { files in
            try await OwnStage.with([definition]) { both in
                try await both.stage.test.execute("UPDATE participants SET sign_with = '{ed25519:key}'")
                try await both.stage.withEngine(files.flags) { _ in
                    let ends = [try await both.run(definition, of: "a"), try await both.run(definition, of: "b")]
                    #expect(ends == [.completed, .completed])
                }
                let mine = try Self.parts(both.own.calls[0].headers["x-saga-signature"])
                let others = try Self.parts(both.stage.participant.calls[0].headers["x-saga-signature"])
                // What a's host is sent convinces no shared participant, nor another tenant's: it is not for them.
                #expect(mine.claims["aud"] == "a/demo" && others.claims["aud"] == "demo")
                let key = try #require(SigningKey(id: nil, file: Array(own.utf8)))
                #expect(mine.head["kid"] == .string(key.id) && others.head["kid"] == "key")
                let published = try await both.stage.test.value(
                    "SELECT string_agg(public_key, ' ' ORDER BY key_id = 'key') FROM signing_keys")
                let sharedKey = try #require(SigningKey(id: "key", file: Array(shared.utf8)))
                #expect(published == "\(key.publicKey) \(sharedKey.publicKey)")
            }
        }
    }

    @Test("what a definition signs goes to a tenant's own participant signed with the tenant's secret, or not at all")
    func definitions() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "signs",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a",
                        "body": ["mac": ["$logic": ["hmacSha256": ["token", "text"]]]],
                        "retry": ["maxAttempts": 1],
                    ],
                ]
            ])
        // HMAC-SHA256 of "text".
        let (tenants, everybodys) = (
            "dfe09e7354c69b361b0fd04517fdf454d99e2b458815e91f19eb11e8072f2208",
            "756015cbe587973fcd22e12e4ebb5c201e0dc7c73b3f1918067cfee532c6de97"
        )
        try await SecretFiles.with(Self.files) { files in
            try await OwnStage.with([definition]) { both in
                try await both.stage.withEngine(files.flags) { _ in
                    let ends = [try await both.run(definition, of: "a"), try await both.run(definition, of: "b")]
                    #expect(ends == [.completed, .completed])
                    #expect(both.own.calls[0].body.contains(tenants))
                    #expect(both.stage.participant.calls[0].body.contains(everybodys))
                }
            }
        }
        try await SecretFiles.with(["token": "everybody's"]) { files in
            try await OwnStage.with([definition]) { both in
                try await both.stage.withEngine(files.flags) { _ in
                    let run = try await both.stage.start(definition, tenantID: "a")[0]
                    _ = try await both.stage.end(of: run)
                    #expect(both.counts == (0, 0))
                }
            }
        }
    }
}
