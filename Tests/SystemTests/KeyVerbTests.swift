import Core
import TestSupport
import Testing

@Suite("saga key against a real stack")
struct KeyVerbTests {
    @Test("A key is made, lets in what it is for and nothing else, and is revoked", .timeLimit(.minutes(2)))
    func life() async throws {
        try await CommandLineSystem.with { system, saga in
            let made = try await saga("key", "create", "ann", "--role", "viewer", "--role", "participants:read")
            let key = made.output.trimmingCharacters
            #expect(made.exitCode == 0 && key.hasPrefix("sf_"), "\(made)")
            var environment = system.environment
            environment["SAGAFLOW_ADMIN_TOKEN"] = ""
            environment["SAGAFLOW_API_KEY"] = key
            let viewer = try Tool("saga", environment: environment)
            #expect(try await viewer.run(["run", "list"]).exitCode == 0)
            #expect(try await viewer.run(["participant", "list"]).exitCode == 0)
            let refused = try await viewer.run(["participant", "set", "p", "http://127.0.0.1:1"])
            #expect(refused.exitCode == 1 && refused.errors.contains("participants:write"), "\(refused)")
            let listed = try await saga("key", "list")
            #expect(listed.output.contains("viewer, participants:read") && !listed.output.contains(key), "\(listed)")
            let id = String(key.dropFirst(3).prefix(16))
            #expect(try await saga("key", "revoke", id).exitCode == 0)
            try await system.deployment.until(.seconds(5), "it is refused") {
                try await viewer.run(["run", "list"]).exitCode == 1
            }
            #expect(try await saga("key", "list").output.contains("revoked by"))
            let bob = try await saga("key", "create", "bob", "--role", "viewer", "--role", "payloads:read")
            let few = try await saga(
                "key", "create", "eu", "--role", "starter", "--workflow", "orders-*", "--workflow", "refund")
            #expect(bob.exitCode == 0 && few.exitCode == 0, "\(few)")
            environment["SAGAFLOW_API_KEY"] = few.output.trimmingCharacters
            let starter = try Tool("saga", environment: environment)
            let unknown = try await starter.run(["run", "start", "order-processing"])
            #expect(unknown.exitCode == 1 && unknown.errors.contains("No workflow of this name"), "\(unknown)")
            #expect(try await starter.run(["run", "list"]).exitCode == 0)
            #expect(try await saga("key", "list").output.contains("orders-*, refund"))
            let bad = try await saga("key", "create", "bob", "--role", "boss")
            #expect(bad.exitCode == 1 && bad.errors.contains("viewer"), "\(bad)")
        }
    }
}

extension String {
    fileprivate var trimmingCharacters: String { filter { !$0.isWhitespace } }
}
