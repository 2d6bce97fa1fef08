import Basics
import Core
import Postgres
import Storage
import TestSupport
import Testing

@testable import API

@Suite("What a registration leaves as it is")
struct KeptSecretTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static func key(_ byte: UInt8) -> String {
        "k\(byte): \(Base64.encode(Array(repeating: byte, count: 32)))"
    }
    private static let base: JSONObject = ["tokenUrl": "https://id.example/t", "clientId": "c"]

    private static func put(
        _ api: TestAPI, _ more: JSONObject, _ query: String = "", _ who: [String: String] = admin
    ) async throws -> Answer {
        var body: JSONObject = ["url": "https://pay.example/a"]
        for (key, value) in more.members { body[key] = value }
        return try await api.client.send(
            "PUT", "/v1/admin/participants/pay\(query)", body: JSON.object(body).text, who)
    }

    private static func client(_ secret: JSON, _ more: JSONObject = [:]) -> JSON {
        var client = base
        client["clientSecret"] = secret
        for (key, value) in more.members { client[key] = value }
        return ["oauth2": .object(client)]
    }

    /// The values that engines would send.
    private static func opened(_ api: TestAPI, _ keys: String) async throws -> [String] {
        let keys = try SecretKeys(keys)
        let row = try #require(try await api.database.connection.execute(FindParticipants()).first)
        func text(_ secret: StoredSecret, _ place: SecretPlace) throws -> String {
            switch secret {
            case .text(let text): return text
            case .sealed(let sealed, let key):
                #expect(key == keys.newest)
                return try keys.open(sealed, with: key, for: place)
            }
        }
        let values = try row.headers.map { "\($0.name)=\(try text($0.value, .header($0.name, of: row.id)))" }
        return values + (try row.client.map { [try text($0.secret, .clientSecret(of: row.id))] } ?? [])
    }

    @Test("null is what is registered, encrypted with the newest key, and whoever says null never sees it")
    func kept() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(["SECRET_KEYS": Self.key(1)], on: database) { api in
                let made = try await Self.put(
                    api, ["headers": ["X-Key": "canary-1", "X-Other": "canary-2"], "auth": Self.client("canary-3")])
                #expect(made.status == 201, "\(made.text)")
            }
            let both = "\(Self.key(2))\n\(Self.key(1))"
            try await TestAPI.with(["SECRET_KEYS": both], on: database) { api in
                let kept = try await Self.put(
                    api,
                    [
                        "headers": ["x-key": nil, "X-Other": "new", "X-Third": "third"], "auth": Self.client(nil),
                        "maxConcurrent": 3,
                    ])
                #expect(kept.status == 200 && kept.json["secretsKey"] == "k2", "\(kept.text)")
                #expect(!kept.text.contains("canary"))
                #expect(
                    try await Self.opened(api, both) == ["x-key=canary-1", "X-Other=new", "X-Third=third", "canary-3"])
                let audit = try await api.client.send("GET", "/v1/admin/audit", Self.admin)
                #expect(!audit.text.contains("canary"))
            }
            // Without its key nothing can be kept, and what there is stays.
            try await TestAPI.with([:], on: database) { api in
                let lost = try await Self.put(api, ["headers": ["X-Key": nil]])
                #expect(lost.status == 422 && lost.text.contains("no SECRET_KEYS"), "\(lost.text)")
            }
            try await TestAPI.with(["SECRET_KEYS": Self.key(3)], on: database) { api in
                let lost = try await Self.put(api, ["headers": ["X-Key": nil]])
                #expect(lost.status == 422 && lost.text.contains("the key k2 is missing"), "\(lost.text)")
                #expect(try await Self.opened(api, both).count == 4)
            }
        }
    }

    @Test(
        "what is registered goes nowhere else: neither to another URL, nor with other certificates, nor to another issuer"
    )
    func elsewhere() async throws {
        try await TestAPI.with(["ALLOW_PLAIN_SECRETS": "true"]) { api in
            let auth = Self.client("canary-2")
            #expect(try await Self.put(api, ["headers": ["X-Key": "canary-1"], "auth": auth]).status == 201)
            let before = try await api.database.value("SELECT p::text FROM participants p")
            let (header, secret) = ("/headers/X-Key", "/auth/oauth2/clientSecret")
            let kept: JSON = ["X-Key": nil]
            let unknown: JSON = ["X-Unknown": nil]
            let trust: JSON = ["ca": "mine"]
            let otherIssuer = Self.client(nil, ["tokenUrl": "https://evil.example/t"])
            let cases: [(more: JSONObject, pointer: String)] = [
                (["url": "https://evil.example", "headers": kept], header),
                (["url": "https://pay.example/b", "headers": kept], header),
                (["url": "http://pay.example/a", "headers": kept], header),
                (["tls": trust, "headers": kept], header), (["headers": unknown], "/headers/X-Unknown"),
                (["url": "https://evil.example", "auth": Self.client(nil)], secret), (["auth": otherIssuer], secret),
            ]
            for (more, pointer) in cases {
                let refused = try await Self.put(api, more)
                #expect(refused.status == 422, "\(JSON.object(more).text): \(refused.text)")
                #expect(refused.json["errors"]?[0]?["pointer"]?.string == pointer, "\(refused.text)")
                #expect(!refused.text.contains("canary"))
            }
            // Nor from one owner's to another's.
            let other = try await Self.put(api, ["headers": ["X-Key": nil]], "?tenant=acme")
            #expect(other.status == 422 && other.text.contains("Nothing is registered"), "\(other.text)")
            #expect(try await api.database.value("SELECT p::text FROM participants p") == before)
            #expect(try await Self.put(api, ["headers": ["X-Key": nil]]).status == 200)
            #expect(try await Self.put(api, ["auth": Self.client(nil)]).status == 422, "it was taken away")
        }
    }

    @Test("a credential that may not stand in the database is not kept there either")
    func references() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(["ALLOW_PLAIN_SECRETS": "true"], on: database) { api in
                let headers: JSON = ["Authorization": "Bearer canary", "X-Key": "${secret:k}"]
                let made = try await Self.put(api, ["headers": headers])
                #expect(made.status == 201, "\(made.text)")
            }
            try await TestAPI.with([:], on: database) { api in
                let refused = try await Self.put(api, ["headers": ["Authorization": nil]])
                #expect(refused.status == 422 && !refused.text.contains("canary"), "\(refused.text)")
                let kept = try await Self.put(api, ["headers": ["X-Key": nil]])
                #expect(kept.status == 200, "\(kept.text)")
            }
        }
    }

    @Test("where another changes it meanwhile nothing is written over it")
    func meanwhile() async throws {
        try await TestDatabase.with { database in
            func put(_ since: Instant?, _ url: String) async throws -> [Bool] {
                try await database.connection.execute(
                    PutParticipant(
                        "pay", url: url, maxConcurrent: nil, headers: [:], breaker: nil, updatedBy: "t",
                        unchangedSince: since))
            }
            let unkept = try await put(Instant(microseconds: 0), "https://a.example")
            #expect(unkept.isEmpty, "there is none that could stay")
            #expect(try await put(nil, "https://a.example") == [true])
            let first = try #require(try await database.connection.execute(FindParticipants()).first)
            #expect(try await put(first.updatedAt, "https://b.example") == [false])
            #expect(try await put(first.updatedAt, "https://c.example").isEmpty)
            #expect(try await database.value("SELECT url FROM participants") == "https://b.example")
            #expect(try await database.value("SELECT count(*) FROM audit_trail") == "2")
        }
    }
}
