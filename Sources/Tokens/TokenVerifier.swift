package import Core
package import Logging
package import NIOCore
internal import Participants

/// What a token says of whoever came with it, once that is to be believed.
package struct VerifiedToken: Sendable {
    /// The issuer's short name.
    package let issuer: String
    /// Visible ASCII, up to 255 characters.
    package let name: String
    package let tenants: TenantScope
    /// Roles and permissions of ours, perhaps one several times.
    package let roles: [String]
    /// From then on it counts no more.
    package let end: Instant
}

/// One issuer, and how its tokens are verified.
struct KnownIssuer: Sendable {
    let issuer: TokenIssuer
    let keys: IssuerKeys

    /// What a token says that names this issuer.
    func verify(_ token: CompactToken, now: Instant) async throws(TokenRefusal) -> VerifiedToken {
        let end = try await checkSignature(of: token, now: now)
        let claims = TokenClaims(claims: token.claims, issuer: issuer)
        try claims.checkAudience()
        return VerifiedToken(
            issuer: issuer.name, name: try claims.name(), tenants: try claims.tenants(), roles: try claims.roles(),
            end: end)
    }

    /// That a token is this issuer's, and when it ends. Nothing but its times is judged before the signature: a token whose time is
    /// over makes nobody ask for keys.
    @discardableResult
    func checkSignature(of token: CompactToken, now: Instant) async throws(TokenRefusal) -> Instant {
        guard token.claims["iss"]?.string.map(ExactText.init) == ExactText(issuer.issuer) else { throw .unknownIssuer }
        guard let algorithm = SignatureAlgorithm(rawValue: token.algorithm), issuer.algorithms.contains(algorithm)
        else { throw .algorithm }
        let end = try TokenClaims(claims: token.claims, issuer: issuer).end(now)
        let verifiers = try await keys.verifiers(token.keyID, algorithm)
        guard verifiers.contains(where: { $0.accepts(token.signature, of: token.signed) }) else { throw .signature }
        return end
    }
}

/// Verifies tokens of the issuers that operators have named.
package struct TokenVerifier: Sendable {
    private let issuers: [ExactText: KnownIssuer]
    /// Where people log in, in the order of the file.
    package let logins: [TokenLogin]

    /// - Parameter eventLoops: outlives it.
    package init(_ file: IssuersFile, eventLoops: any EventLoopGroup, logger: Logger) {
        let fetcher = KeyFetcher(
            eventLoops: eventLoops, rules: AddressRules(allowing: file.allowed, by: "allow in the file of issuers"),
            trustRootsFile: file.trustRootsFile)
        let all = file.issuers.map { issuer in
            let keys = IssuerKeys(of: issuer.name, logger: logger) { () async throws(KeyFault) -> KeySet in
                switch issuer.source {
                case .known(let keys): await KeySet(keys, for: issuer.algorithms)
                case .published(let urls): try await fetcher.keys(urls, for: issuer.algorithms)
                }
            }
            return KnownIssuer(issuer: issuer, keys: keys)
        }
        issuers = Dictionary(all.map { (ExactText($0.issuer.issuer), $0) }, uniquingKeysWith: { first, _ in first })
        logins = all.compactMap { known in
            known.issuer.login.map { TokenLogin($0, of: known, fetcher: fetcher, logger: logger) }
        }
    }

    /// How often each issuer was asked for its keys, by its short name.
    package var fetches: [(issuer: String, succeeded: Int, failed: Int)] {
        issuers.values.map { ($0.issuer.name, $0.keys.counts.succeeded, $0.keys.counts.failed) }
            .sorted { $0.0 < $1.0 }
    }

    /// What a token says.
    package func verify(_ text: String, now: Instant) async throws(TokenRefusal) -> VerifiedToken {
        let token = try CompactToken(text)
        guard let issuer = token.claims["iss"]?.string else { throw .malformed }
        guard let known = issuers[ExactText(issuer)] else { throw .unknownIssuer }
        return try await known.verify(token, now: now)
    }
}
