// Tokens of others (JWT, RFC 7519): who signed one, whether it counts here and now, and what it says of its owner. What
// somebody may do with that is not decided here. Only the API needs it: engine and `saga` are built without it.
//
//   Issuers/   whose tokens are taken: the file in which operators name them
//   Keys/      what tokens are verified with, and where it comes from
//   Token/     one token: its parts, its claims, what is wrong with it
//   Login/     people log in at an issuer, and a token comes out
//
// A token comes in at `TokenVerifier`. The cryptography is JWTKit's; what to do with which key is ours, see
// docs/decisions/043-tokens-of-others.md.

/// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1). What is not listed is never taken, `none` least of all.
package enum SignatureAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// The kind of key it needs; with no other is it ever tried.
    var keyKind: KeyKind {
        switch self {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .es256: .p256
        case .es384: .p384
        case .es512: .p521
        case .edDSA: .ed25519
        case .hs256, .hs384, .hs512: .secret
        }
    }

    /// Bytes that a secret has at least: those of the hash (RFC 7518 §3.2); 0 where there is no secret.
    var leastSecretBytes: Int {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .es384, .es512, .edDSA: 0
        }
    }
}

/// What kind of key something is signed with.
enum KeyKind: Sendable, Hashable {
    case rsa, p256, p384, p521, ed25519
    /// Known to both sides: whoever can verify can sign.
    case secret
}
