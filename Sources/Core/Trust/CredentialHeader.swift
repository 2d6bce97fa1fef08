extension HeaderName {
    /// What a name that ends so says of its value.
    private static let credentialWords: Set<Substring> = [
        "authorization", "auth", "cookie", "token", "secret", "key", "apikey", "password", "passwd", "credential",
        "credentials", "jwt", "bearer", "signature",
    ]
    private static let schemes = ["bearer ", "basic ", "digest ", "apikey ", "token "]

    /// The header looks as if its value were a credential, by its name (`Authorization`, `Cookie`, `X-Api-Key`, `X-…-Token`) or
    /// by how the value begins (`Bearer …`).
    package static func looksLikeCredential(_ name: String, _ value: String) -> Bool {
        let last = name.lowercased().split { $0 == "-" || $0 == "_" || $0 == "." }.last
        if let last, credentialWords.contains(last) { return true }
        let beginning = value.prefix(8).lowercased()
        return schemes.contains { beginning.hasPrefix($0) }
    }
}
