import Core
import Foundation
import TestSupport
import Testing

@Suite("saga participant set and saga secrets against a real stack")
struct SecretVerbTests {
    @Test(
        "what a participant is trusted with is set, shown, kept by later changes, and taken back",
        .timeLimit(.minutes(2)))
    func trust() async throws {
        try await CommandLineSystem.with { system, saga in
            try system.write("token", "canary\n")
            let plain = try await saga(
                "participant", "set", "pay", "https://pay.example", "--header-from",
                "authorization=\(system.path("token"))")
            #expect(plain.exitCode == 1 && plain.errors.contains("looks like a credential"), "\(plain)")
            #expect(!plain.errors.contains("canary"))
            let set = try await saga(
                "participant", "set", "pay", "https://pay.example", "--header", "x-api-key=k ${secret:pay}",
                "--sign-with",
                "pay", "--sign-with", "ed25519:2026-11", "--tls-certificate", "client", "--tls-ca", "bank",
                "--token-url",
                "https://id.example/token", "--client-id", "saga", "--client-secret", "idp", "--scope", "pay")
            #expect(set.exitCode == 0, "\(set)")
            for text in [
                "headers      x-api-key", "signed with  pay, ed25519:2026-11", "certificate client, ca bank",
                "tokens from  https://id.example/token as saga",
            ] {
                #expect(set.output.contains(text), "\(text) is not in \(set.output)")
            }
            // What is not given stays, but for values of headers, which nobody can read back.
            let changed = try await saga(
                "participant", "set", "pay", "--max-concurrent", "3", "--header", "x-api-key=${secret:pay}", "-o",
                "json")
            #expect(changed.exitCode == 0, "\(changed)")
            #expect(changed.json["tls"] == ["certificate": "client", "key": nil, "ca": "bank"])
            #expect(changed.json["auth"]?["oauth2"]?["clientSecret"] == "${secret:idp}")
            #expect(changed.json["signWith"] == ["pay", "ed25519:2026-11"])
            let none = try await saga(
                "participant", "set", "pay", "--drop-headers", "--no-tls", "--no-tokens", "--no-signature", "-o", "json"
            )
            #expect(none.json["tls"] == .null && none.json["auth"] == .null && none.json["signWith"] == [], "\(none)")
        }
    }

    @Test(
        "credentials are encrypted with the newest key; what can't be decrypted is named, and ends it with 2",
        .timeLimit(.minutes(2)))
    func rotate() async throws {
        try await CommandLineSystem.with { system, _ in
            func key(_ id: String, _ byte: UInt8) -> String {
                "\(id): \(Data(repeating: byte, count: 32).base64EncodedString())"
            }
            func rotate(_ keys: String?) async throws -> Tool.Outcome {
                var environment = system.environment
                environment["DATABASE_URL"] = system.deployment.databaseURL
                if let keys {
                    try system.write("keys", keys)
                    environment["SECRET_KEYS_FILE"] = system.path("keys")
                }
                return try await Tool("saga", environment: environment).run(["secrets", "rotate", "-o", "json"])
            }
            let put = try await system.deployment.admin(
                "PUT", port: system.port, "/v1/admin/participants/a",
                ["url": "https://pay.example", "headers": ["authorization": "${secret:a}", "x-tenant": "canary"]])
            #expect(put.status == 201, "\(put.json.text)")
            let first = try await rotate(key("old", 1))
            #expect(first.exitCode == 0 && first.json["rotated"] == 1 && first.json["key"] == "old", "\(first)")
            let dump = "SELECT string_agg(p::text, '') FROM participants p"
            #expect(try await system.deployment.test.value(dump)?.contains("canary") == false)
            #expect(try await rotate(key("old", 1)).json["rotated"] == 0)
            let lost = try await rotate(key("new", 2))
            #expect(lost.exitCode == 2 && lost.json["failures"]?[0]?["participant"] == "a", "\(lost)")
            let both = try await rotate(key("new", 2) + "\n" + key("old", 1))
            #expect(both.exitCode == 0 && both.json["rotated"] == 1, "\(both)")
            #expect(try await system.deployment.test.value("SELECT secrets_key FROM participants") == "new")
            for keys in [nil, "k: nonsense"] {
                let refused = try await rotate(keys)
                #expect(refused.exitCode == 64 && !refused.errors.contains("nonsense"), "\(refused)")
            }
        }
    }
}
