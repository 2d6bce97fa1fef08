import Basics
import Core

/// A token that may call admin endpoints. Only its digest is kept.
struct AdminToken: Sendable {
    /// Who uses it; goes into the history and the logs.
    let name: String
    private let digest: SecretDigest

    init(name: String, token: String) {
        self.name = name
        digest = SecretDigest(of: token)
    }

    /// What the history says of callers without a token; no token may have this name.
    static let anonymous = "client"

    /// The shortest token taken, in bytes.
    static let minLength = 8

    /// The token of `tokens` that `text` is; takes the same time whichever it is, if any: all digests are compared,
    /// each to its end.
    static func find(_ text: String, in tokens: [AdminToken]) -> AdminToken? {
        let given = SecretDigest(of: text)
        var found: AdminToken?
        for token in tokens where token.digest.fits(given) { found = token }
        return found
    }

    /// Reads `name:token,name2:token2`; nil, never naming the text, when it is of no such form.
    static func parse(_ list: String) -> [AdminToken]? {
        var tokens: [AdminToken] = []
        for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { return nil }
            let (name, token) = (sides[0].trimmingBlanks(), sides[1].trimmingBlanks())
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                (minLength...512).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                !token.hasPrefix(APIKey.prefix), name != anonymous, !tokens.contains(where: { $0.name == name })
            else { return nil }
            let new = AdminToken(name: String(name), token: String(token))
            // One token with two names: the history could not tell who it was.
            guard !tokens.contains(where: { $0.digest == new.digest }) else { return nil }
            tokens.append(new)
        }
        return tokens
    }
}
