import Basics
import Core
import Postgres
import Storage
import TestSupport
import Testing

@Suite("Credentials are encrypted anew")
struct SecretRotationTests {
    private static func key(_ id: String, _ byte: UInt8) -> String {
        "\(id): \(Base64.encode(Array(repeating: byte, count: 32)))"
    }

    private static func put(
        _ test: TestDatabase, _ participant: ParticipantID, _ headers: JSONObject, keys: SecretKeys? = nil,
        client: OAuth2Client? = nil
    ) async throws {
        var stored = JSONObject()
        for (header, value) in headers.members {
            let text = StoredSecret.text(value.string ?? "")
            stored[header] =
                try keys.map { try text.sealed(with: $0, for: .header(header, of: participant)).json } ?? text.json
        }
        _ = try await test.database.writes.execute(
            PutParticipant(
                participant, url: "https://p.example", maxConcurrent: nil, headers: .object(stored), breaker: nil,
                client: client, secretsKey: keys?.newest, updatedBy: "tests"))
    }

    /// What engines with these keys would send.
    private static func opened(_ test: TestDatabase, _ keys: SecretKeys) async throws -> [String: String] {
        var values: [String: String] = [:]
        for row in try await test.database.reads.execute(FindParticipants()) {
            for (header, stored) in row.headers {
                guard case .sealed(let sealed, let key) = stored else { continue }
                values["\(row.id.audience) \(header)"] = try keys.open(
                    sealed, with: key, for: .header(header, of: row.id))
            }
            if case .sealed(let sealed, let key)? = row.client?.secret {
                values[row.id.audience] = try keys.open(sealed, with: key, for: .clientSecret(of: row.id))
            }
        }
        return values
    }

    @Test("plain ones and those of an old key open with the new one alone afterwards; what names a secret stays a name")
    func all() async throws {
        try await TestDatabase.with { test in
            let (old, new) = (try SecretKeys(Self.key("old", 1)), try SecretKeys(Self.key("new", 2)))
            let both = try SecretKeys(Self.key("new", 2) + "\n" + Self.key("old", 1))
            func client(_ secret: String) -> OAuth2Client {
                OAuth2Client(
                    tokenURL: "https://id.example/token", clientID: "c", secret: .text(secret), scope: nil,
                    audience: nil)
            }
            try await Self.put(test, "a", ["Authorization": "one", "X-B": "two"], keys: old)
            try await Self.put(test, "b", ["X-B": "three"], client: client("plain"))
            try await Self.put(test, "c", [:])
            try await Self.put(test, "d", [:], client: client("${secret:idp}"))
            let own = ParticipantID("a", of: .tenant("acme"))
            try await Self.put(test, own, ["Authorization": "acme's"], keys: old)
            // More than are read at once.
            for number in 0..<120 { try await Self.put(test, "e-\(number)", ["X": .string("v\(number)")]) }
            let before = try await test.value("SELECT max(updated_at)::text FROM participants")
            let report = try await SecretRotation(pool: test.database.writes, keys: both).run()
            #expect(report.key == "new" && report.rotated == 124 && report.changed == 0 && report.failures.isEmpty)
            let values = try await Self.opened(test, new)
            #expect(values.count == 125)
            #expect(values["a Authorization"] == "one" && values["a X-B"] == "two" && values["b X-B"] == "three")
            #expect(values["acme/a Authorization"] == "acme's")
            #expect(values["b"] == "plain" && values["d"] == nil && values["e-7 X"] == "v7")
            let rows = try await test.database.reads.execute(FindParticipants())
            #expect(rows.first { $0.name == "c" }?.secretsKey == nil)
            #expect(rows.first { $0.name == "d" }?.client?.namesSecret == true)
            let plain = try await test.value(
                "SELECT count(*) FROM participants WHERE headers::text LIKE '%three%' OR auth::text LIKE '%plain%'")
            #expect(plain == "0")
            #expect(
                try await test.value("SELECT max(updated_at)::text FROM participants") == before,
                "breakers stay as they are")
            let audit = try await test.value(
                "SELECT detail->>'secretsKey' FROM audit_trail WHERE action = 'rotate_secrets' AND subject = 'participants/a'"
            )
            #expect(audit == "new")
            let chains = try await test.value(
                "SELECT string_agg(tenant_id, ',' ORDER BY tenant_id) FROM audit_trail WHERE action = 'rotate_secrets' AND subject = 'participants/a'"
            )
            #expect(chains == "*,acme")
            let again = try await SecretRotation(pool: test.database.writes, keys: both).run()
            #expect(again.rotated == 0 && again.failures.isEmpty)
        }
    }

    @Test("what can't be decrypted stays as it is, is named, and keeps nothing else from being encrypted")
    func failures() async throws {
        try await TestDatabase.with { test in
            let (lost, new) = (try SecretKeys(Self.key("lost", 1)), try SecretKeys(Self.key("new", 2)))
            try await Self.put(test, "a", ["X": "one"], keys: lost)
            try await Self.put(test, "b", ["X": "two"])
            let report = try await SecretRotation(pool: test.database.writes, keys: new).run()
            #expect(report.rotated == 1 && report.failures.map(\.participant) == ["a"])
            #expect(report.failures.first?.reason == "the key lost is missing")
            #expect(
                try await Self.opened(test, try SecretKeys(Self.key("new", 2) + "," + Self.key("lost", 1)))["a X"]
                    == "one")
        }
    }

    @Test("a value that was copied to another owner's row of the same name is no value there")
    func copied() async throws {
        try await TestDatabase.with { test in
            let (old, new) = (try SecretKeys(Self.key("old", 1)), try SecretKeys(Self.key("new", 2)))
            let both = try SecretKeys(Self.key("new", 2) + "\n" + Self.key("old", 1))
            let own = ParticipantID("a", of: .tenant("acme"))
            try await Self.put(test, "a", ["X": "one"], keys: old)
            try await Self.put(test, own, ["X": "two"], keys: old)
            try await test.execute(
                "UPDATE participants SET headers = (SELECT headers FROM participants WHERE tenant_id = '*') WHERE tenant_id = 'acme'"
            )
            let report = try await SecretRotation(pool: test.database.writes, keys: both).run()
            #expect(report.rotated == 1 && report.failures.map(\.participant) == [own])
            #expect(
                try await test.value("SELECT secrets_key FROM participants WHERE tenant_id = '*'") == new.newest)
        }
    }

    @Test("a row that somebody writes between reading and writing keeps what they wrote")
    func overtaken() async throws {
        try await TestDatabase.with { test in
            let new = try SecretKeys(Self.key("new", 2))
            try await Self.put(test, "a", ["X": "one"])
            let find = FindUnrotatedSecrets(key: "new", after: nil, limit: 10)
            let row = try #require(try await test.database.reads.execute(find).first)
            try await Self.put(test, "a", ["X": "two"])
            let replaced = try await test.database.writes.execute(
                ReplaceSecrets(row, with: try row.rotated(new), by: "tests"))
            #expect(replaced.isEmpty)
            #expect(try await test.value("SELECT headers->>'X' FROM participants") == "two")
        }
    }
}
