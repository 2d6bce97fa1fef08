import Core
import Foundation
import Logging
import NIOPosix
import TestSupport
import Testing

@testable import Tokens

@Suite("Tokens that others have signed")
struct LibraryTests {
    @Test(
        "what PyJWT, Authlib and joserfc sign is verified with what they publish, and nothing that is nearly the same")
    func libraries() async throws {
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let claims: JSON = [
            "iss": "https://python.example", "aud": ["other", "sagaflow"], "sub": "ann", "tenant": "acme",
            "roles": ["ops"], "exp": JSON(Int(now.microseconds / 1_000_000) + 600),
        ]
        let made = try await PythonTokens.make(claims)
        try await FakeIssuer.with { issuer in
            issuer.publish(.init((made["jwks"] ?? .null).text), at: "/jwks")
            let file = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString)")
            let algorithms = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
            try Data(
                """
                allow: 127.0.0.1
                issuers:
                  - name: python
                    issuer: https://python.example
                    audience: sagaflow
                    jwksURL: \(issuer.url)/jwks
                    algorithms: [\(algorithms)]
                    roles: { ops: operator }
                """.utf8
            ).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let verifier = TokenVerifier(
                try IssuersFile(path: file.path) { _ in true }, eventLoops: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let tokens = try #require(made["tokens"]?.array)
            #expect(tokens.count == 30)
            for entry in tokens {
                let token = try #require(entry["token"]?.string)
                let verified = try await verifier.verify(token, now: now)
                #expect(verified.name == "ann" && verified.tenants == .one("acme") && verified.roles == ["operator"])
                let parts = token.split(separator: ".").map(String.init)
                let first = try #require(parts[2].first)
                let changed = "\(parts[0]).\(parts[1]).\(first == "B" ? "C" : "B")\(parts[2].dropFirst())"
                await #expect(throws: TokenRefusal.signature, "\(entry)") {
                    try await verifier.verify(changed, now: now)
                }
            }
            #expect(issuer.count() == 1)
        }
    }
}
