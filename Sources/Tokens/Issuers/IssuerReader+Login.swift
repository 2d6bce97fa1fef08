internal import Core

extension IssuerReader {
    private static let loginMembers = ["clientId", "clientSecretFile", "scopes", "title", "credential"]
    static let maxSecretBytes = 1024

    /// How people log in there; nil where they do not.
    ///
    /// - Parameter audiences: one of which a token must be for.
    func login(
        _ name: String, _ audiences: [String], _ source: TokenIssuer.Source
    ) throws(MemberFault) -> IssuerLogin? {
        try members.read("login") { value throws(MemberFault) in
            guard case .published(.discovery(let document, _)) = source else {
                throw MemberFault("This needs discovery: true, which says where people log in.")
            }
            let login = try Members(value, known: Self.loginMembers)
            let clientID = try login.require("clientId") { value throws(MemberFault) in
                try Self.printable(value, most: 255)
            }
            let secret = try login.read("clientSecretFile") { value throws(MemberFault) in try clientSecret(value) }
            let scopes = try login.read("scopes") { value throws(MemberFault) in try Self.scopes(value) }
            let title = try login.read("title") { value throws(MemberFault) in
                let text = try Members.text(value)
                guard text.utf8.count <= 64, !text.unicodeScalars.contains(where: { $0.properties.isControl }) else {
                    throw MemberFault("This has at most 64 bytes, and no control characters.")
                }
                return text
            }
            let credential =
                try login.read("credential") { value throws(MemberFault) in
                    guard let known = IssuerLogin.Credential(rawValue: try Members.text(value)) else {
                        let all = IssuerLogin.Credential.allCases.map(\.rawValue).joined(separator: " or ")
                        throw MemberFault("This must be \(all).")
                    }
                    return known
                } ?? .idToken
            // An ID token is made for its client.
            guard credential == .accessToken || audiences.contains(where: { ExactText($0) == ExactText(clientID) })
            else {
                throw MemberFault(
                    "This must be in audience, too, for the ID tokens of a login are made for it; or say credential: access-token.",
                    at: JSONPointer(["clientId"]))
            }
            return IssuerLogin(
                clientID: clientID, clientSecret: secret, scopes: scopes ?? ["openid"], title: title ?? name,
                credential: credential, document: document)
        }
    }

    private static func printable(_ json: JSON, most: Int) throws(MemberFault) -> String {
        let text = try Members.text(json)
        guard text.utf8.count <= most, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw MemberFault("This has 1 to \(most) visible ASCII characters.")
        }
        return text
    }

    /// RFC 6749 §3.3.
    private static func scopes(_ json: JSON) throws(MemberFault) -> [String] {
        let words = try Members.words(json)
        let isFit = words.allSatisfy { word in
            word.utf8.count <= 255
                && word.utf8.allSatisfy { $0 == 0x21 || (0x23...0x5B).contains($0) || (0x5D...0x7E).contains($0) }
        }
        guard isFit, words.count <= 32 else {
            throw MemberFault(
                "These are at most 32 words of visible ASCII characters without quotation marks and backslashes.")
        }
        guard words.contains("openid") else {
            throw MemberFault("One of these must be openid: without it there is no ID token.")
        }
        return words
    }

    private func clientSecret(_ json: JSON) throws(MemberFault) -> String {
        var bytes = try content(json)
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard (1...Self.maxSecretBytes).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw MemberFault("The file must hold 1 to \(Self.maxSecretBytes) visible ASCII characters.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isControl: Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(generalCategory)
    }
}
