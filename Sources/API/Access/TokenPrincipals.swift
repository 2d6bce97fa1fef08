import Core
import Logging
import NIOCore
import Storage
import Telemetry
import Tokens

/// Principals of tokens (JWT) that other issuers have signed.
///
/// A token is verified once a minute, however often it comes: the principal it makes is remembered meanwhile.
struct TokenPrincipals: Sendable {
    private let verifier: TokenVerifier
    private let recent = RecentTokens<Principal>()

    init(_ issuers: IssuersFile, eventLoops: any EventLoopGroup, logger: Logger) {
        verifier = TokenVerifier(issuers, eventLoops: eventLoops, logger: logger)
    }

    /// Where people log in.
    var logins: [TokenLogin] { verifier.logins }

    /// Whether a text means to be a token: no API key has points.
    static func isToken(_ text: String) -> Bool {
        !text.hasPrefix(APIKey.prefix) && text.utf8.contains(UInt8(ascii: "."))
    }

    /// Whether a word is one of those that a file of issuers may give.
    static func isRole(_ word: String) -> Bool { Role.permissions(of: [word]) != nil }

    /// Whose token this is.
    func principal(of token: String) async throws(TokenRefusal) -> Principal {
        let now = Instant.now
        let digest = RecentTokens<Principal>.Digest(of: token)
        if let known = recent.find(digest, now: now) { return known }
        let verified = try await verifier.verify(token, now: now)
        let end = verified.end
        let principal = Principal(
            name: "jwt:\(verified.name)/\(verified.issuer)", permissions: Role.permissions(of: verified.roles) ?? [],
            scope: RunScope(tenants: verified.tenants, workflows: .all)
        ).asLong(as: { Instant.now < end })
        recent.note(principal, of: digest, until: end)
        return principal
    }

    /// - Parameter principals: nil where no issuer is configured.
    static func register(_ principals: TokenPrincipals?, in registry: MetricsRegistry) {
        registry.read(
            "jwt_key_fetches_total", "How often issuers of tokens were asked for their keys.", .counter,
            labels: ["issuer", "result"]
        ) {
            (principals?.verifier.fetches ?? []).flatMap { issuer, succeeded, failed in
                [
                    MetricsRegistry.Reading(succeeded, issuer, "succeeded"),
                    MetricsRegistry.Reading(failed, issuer, "failed"),
                ]
            }
        }
    }
}
