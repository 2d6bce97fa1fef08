internal import Core

/// Why a token is not taken. What it says is sent to whoever came with it: nothing of the token, of other issuers, or of keys.
package enum TokenRefusal: Error, Hashable, Sendable {
    /// Not three parts in base64url, or not two JSON objects in them, or without what each has.
    case malformed
    case tooLong
    /// `crit` names what must be understood, and nothing of the kind is.
    case critical
    /// `typ` says that it is a token for something else.
    case type
    case unknownIssuer
    /// Not one that the issuer, or the key, is for.
    case algorithm
    case unknownKey
    case signature
    case expired
    case notYetValid
    case audience
    /// It was made for another client, or for another login of the same one.
    case login
    /// It does not say whom it is of, in a way that can be shown.
    case name(String)
    /// It does not say whose runs its owner may see, or says what its issuer may not.
    case tenant(String)
    case roles(String)
    /// The keys of its issuer can't be had: nobody knows whether it counts.
    case unavailable

    /// One sentence in ASCII without quotation marks, as `error_description` has it (RFC 6750 §3).
    package var sentence: String {
        switch self {
        case .malformed: "The token is malformed."
        case .tooLong: "The token is longer than \(CompactToken.maxBytes) bytes."
        case .critical: "The token has a critical header that is not understood."
        case .type: "The token is of a type that is not taken here."
        case .unknownIssuer: "The issuer of the token is not known here."
        case .algorithm: "The token is signed with an algorithm that is not taken, or not with this key."
        case .unknownKey: "The key of the token is not known."
        case .signature: "The signature of the token is wrong."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .audience: "The token is not meant for this API."
        case .login: "The token is not that of this login."
        case .name(let claim):
            "The claim \(claim) must be 1 to \(PrincipalName.maxBytes) visible ASCII characters without blanks."
        case .tenant(let claim): "The claim \(claim) must be a tenant that this issuer may give."
        case .roles(let claim): "The claim \(claim) must be a text or a list of texts."
        case .unavailable: "The keys of the issuer of the token can not be had at the moment."
        }
    }
}
