/// Why a login at an issuer came to nothing. Nothing of a code, a token or a secret is in it.
package enum LoginFault: Error, Hashable, Sendable {
    /// The issuer can't be asked, or its answer is none.
    case unavailable
    /// The issuer does not give it: the code of its answer (RFC 6749 §4.1.2.1, §5.2), if that is one.
    case refused(String)
    /// What came back is not the issuer's that was asked.
    case otherIssuer
    /// What the issuer gave counts here no more than if somebody had brought it along.
    case token(TokenRefusal)

    /// One sentence for whoever wanted to log in.
    package var sentence: String {
        switch self {
        case .unavailable: "The identity provider can't be reached at the moment, or answers what can't be understood."
        case .refused("access_denied"): "The identity provider did not let you in, or you have changed your mind."
        case .refused("invalid_grant"): "This login was used already, or is too long ago."
        case .refused("invalid_client"), .refused("unauthorized_client"):
            "The identity provider does not know this console as its client: an operator has to look at client id and secret."
        case .refused(let code): "The identity provider refuses it: \(code)."
        case .otherIssuer: "The answer is not that of the identity provider that was asked."
        case .token(let refusal): "What the identity provider gave does not count here. \(refusal.sentence)"
        }
    }

    /// A code as those of the standard are: nothing else from outside gets into a sentence.
    package static func refused(code text: String?) -> LoginFault {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
        else { return .refused("no reason is given") }
        return .refused(text)
    }
}
