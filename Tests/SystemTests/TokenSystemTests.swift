import Core
import Foundation
import TestSupport
import Testing

@Suite("Tokens of other issuers against real processes")
struct TokenSystemTests {
    private static let secret = "c4n4ry-secret-of-thirty-two-bytes"

    private static func file(_ folder: URL, _ more: String = "") throws -> String {
        let file = folder.appending(path: "issuers.yaml")
        try Data(
            """
            issuers:
              - name: team
                issuer: urn:team
                audience: sagaflow
                secretFile: secret
                roles: { ops: [viewer, participants:read] }
            \(more)
            """.utf8
        ).write(to: file)
        try Data(secret.utf8).write(to: folder.appending(path: "secret"))
        return file.path
    }

    private static func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(folder)) } catch { outcome = .failure(error) }
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    @Test(
        "saga sends a token as it sends a key, and neither it nor the secret is in the API's log",
        .timeLimit(.minutes(2)))
    func saga() async throws {
        try await Self.withFolder { folder in
            let file = try Self.file(folder)
            try await Deployment.with { system in
                let port = try Ports.take()
                try await system.startAPI(
                    "api", port: port, [], ["AUTH": "required", "JWT_ISSUERS_FILE": file, "LOG_LEVEL": "trace"])
                let claims: JSON = [
                    "iss": "urn:team", "aud": "sagaflow", "sub": "ann", "tenant": "acme", "roles": ["ops"],
                    "exp": JSON(Int(Date().timeIntervalSince1970) + 600),
                ]
                let token = try IssuerKey.hs256(Self.secret).token(claims)
                func saga(_ token: String, _ words: String...) async throws -> Tool.Outcome {
                    let environment = ["SAGAFLOW_URL": "http://127.0.0.1:\(port)", "SAGAFLOW_API_KEY": token]
                    return try await Tool("saga", environment: environment).run(words)
                }
                #expect(try await saga(token, "run", "list").exitCode == 0)
                let refused = try await saga(token, "key", "list")
                #expect(refused.exitCode == 1 && refused.errors.contains("jwt:ann/team"), "\(refused)")
                let forged = try await saga(try IssuerKey.hs256("x").token(claims), "run", "list")
                #expect(forged.exitCode == 1 && forged.errors.contains("signature"), "\(forged)")
                try system.signal("api", SIGTERM)
                try await system.until(.seconds(20), "the api has ended") { !system.isRunning("api") }
                let output = try system.output(of: "api")
                #expect(output.count > 1000 && !output.contains("c4n4ry"))
                for part in token.split(separator: ".") { #expect(!output.contains(part)) }
            }
        }
    }

    @Test(
        "an API whose issuers can't be used ends with a sentence that names the place, and 64", .timeLimit(.minutes(2)))
    func start() async throws {
        try await Self.withFolder { folder in
            let environment = ["DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"]
            for (more, reason) in [
                ("    algorithms: [HS256, none]", "line 7, column 5, /issuers/0/algorithms"),
                ("    audiences: x", "/issuers/0/audiences: This member is not known"),
                ("  - { name: other, issuer: urn:x, secretFile: secret, roles: { a: viewer } }", "/issuers/1/audience"),
            ] {
                let file = try Self.file(folder, more)
                let ended = try await Tool("sagaflow-api", environment: environment).run(["--jwt-issuers-file", file])
                #expect(ended.exitCode == 64, "\(ended)")
                #expect(ended.errors.contains("JWT_ISSUERS_FILE") && ended.errors.contains(reason), "\(ended)")
                #expect(!ended.errors.contains("c4n4ry"))
            }
        }
    }
}
