internal import Core

/// Somebody whose tokens are taken, as an operator has named them.
package struct TokenIssuer: Sendable {
    /// Short: principals, logs and metrics have it.
    package let name: String
    /// What `iss` must be, character by character.
    let issuer: String
    /// One of these must be in `aud`.
    let audiences: Set<ExactText>
    let algorithms: Set<SignatureAlgorithm>
    let source: Source
    /// How far our clocks may be apart.
    let clockSkew: Duration
    let tenant: Tenant
    let nameClaim: ClaimPath
    let rolesClaim: ClaimPath
    /// What values of the roles' claim give here: roles and permissions.
    let roles: [ExactText: [String]]
    /// How people log in there; nil where they do not.
    let login: IssuerLogin?

    /// Where its keys come from.
    enum Source: Sendable {
        case published(IssuerURLs)
        /// From a file, which is read at the start.
        case known([VerificationKey])
    }

    /// Whose runs its principals see.
    enum Tenant: Sendable {
        case fixed(TenantScope)
        /// - `mayBeAll`: whether `*` counts as all tenants.
        case claim(ClaimPath, mayBeAll: Bool)
    }
}

/// A text that equals none but the one with the same bytes.
///
/// Strings are equal when they look the same: the Kelvin sign is a K, and whoever may name a group of their own would be
/// in another's.
struct ExactText: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }
}

/// Where a claim is: a name, or a path through objects with points in it, as in `realm_access.roles`.
struct ClaimPath: Sendable, Hashable, CustomStringConvertible {
    let text: String

    static let maxBytes = 256

    var description: String { text }

    /// The value; nil when there is none. A member of the whole name comes first: names of claims may be URLs.
    func value(in claims: JSONObject) -> JSON? {
        if let value = claims[text] { return value }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return nil }
        return parts.reduce(JSON.object(claims) as JSON?) { $0?.object?[String($1)] }
    }
}
