import Core
import Foundation
import Logging
import Storage
import TestSupport
import Testing

@testable import API

/// An API that takes tokens of an issuer which a test can change.
struct TokenAPI: Sendable {
    let api: TestAPI
    let issuer: FakeIssuer
    /// What the issuer signs with, once `publish` was called.
    let key: IssuerKey
    /// What names the issuers.
    let file: String

    var name: String { issuer.url }

    /// An API with the issuers `corp` (whose key is published), `team` (of one tenant), `all` (which may give all tenants), `file`
    /// and `secret`.
    static func with<Value: Sendable>(
        _ settings: [String: String] = [:], key: IssuerKey = .es256("corp"), logger: Logger = TestAPI.quiet,
        _ body: @Sendable (TokenAPI) async throws -> Value
    ) async throws -> Value {
        try await FakeIssuer.with { issuer in
            issuer.publish([key])
            let folder = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: "issuers.yaml")
            try Data(text(issuer).utf8).write(to: file)
            try Data(fileKey.pem.utf8).write(to: folder.appending(path: "file.pem"))
            try Data(secret.utf8).write(to: folder.appending(path: "secret"))
            let settings = ["AUTH": "required", "JWT_ISSUERS_FILE": file.path].merging(settings) { $1 }
            return try await TestDatabase.with { database in
                try await TestAPI.with(settings, on: database, logger: logger) { api in
                    try await body(TokenAPI(api: api, issuer: issuer, key: key, file: file.path))
                }
            }
        }
    }

    static let fileKey = IssuerKey.es256(nil)
    static let secret = "a secret of thirty-two bytes or more"

    private static func text(_ issuer: FakeIssuer) -> String {
        """
        allow: [127.0.0.1]
        issuers:
          - name: corp
            issuer: \(issuer.url)
            audience: sagaflow
            jwksURL: \(issuer.url)/jwks
            algorithms: [ES256, RS256, PS256, EdDSA]
            clockSkew: 60s
            rolesClaim: realm_access.roles
            roles:
              ops: [operator, starter]
              view: viewer
              boss: admin
              Kasse: viewer
          - name: strict
            issuer: \(issuer.url)/strict
            audience: sagaflow
            discovery: true
            clockSkew: 0s
            tenant: acme
            nameClaim: preferred_username
            rolesClaim: scope
            roles: { "saga.start": starter }
          - name: all
            issuer: \(issuer.url)/all
            audience: [sagaflow, other]
            jwksURL: \(issuer.url)/jwks
            allTenants: true
            roles: { view: viewer, boss: admin }
          - name: file
            issuer: urn:file
            audience: sagaflow
            publicKeyFile: file.pem
            roles: { view: viewer }
          - name: secret
            issuer: urn:secret
            audience: sagaflow
            secretFile: secret
            roles: { view: viewer }
        """
    }

    /// Now, in seconds since 1970.
    static var now: Int { Int(Date().timeIntervalSince1970) }

    /// Claims that let in, and changes of them; null takes one away.
    func claims(_ change: JSONObject = [:]) -> JSON {
        var claims: JSONObject = [
            "iss": .string(name), "aud": "sagaflow", "sub": "ann", "tenant": "acme",
            "realm_access": ["roles": ["view", "unheard-of"]], "exp": JSON(Self.now + 600), "iat": JSON(Self.now),
        ]
        for (key, value) in change.members { claims[key] = value.isNull ? JSON?.none : value }
        return .object(claims)
    }

    func token(
        _ change: JSONObject = [:], header: JSONObject = [:], key: IssuerKey? = nil
    ) throws -> String { try (key ?? self.key).token(claims(change), header: header) }

    func runs(_ token: String, _ path: String = "/v1/runs") async throws -> Answer {
        try await api.client.send("GET", path, ["Authorization": "Bearer \(token)"])
    }
}
