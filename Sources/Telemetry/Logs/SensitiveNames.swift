/// Names of members whose values must not be seen: `apiKey`, `API-KEY` and `api_key` are the same name.
struct SensitiveNames: Sendable {
    /// Never written, whatever is configured: a list that could be emptied by naming one more would be a trap.
    static let always: Set<String> = [
        "password", "passwd", "passphrase", "pwd", "secret", "clientSecret", "token", "accessToken", "refreshToken",
        "idToken", "sessionToken", "adminToken", "adminTokens", "xAdminToken", "authToken", "bearer", "authorization",
        "proxyAuthorization", "cookie", "setCookie", "apiKey", "xApiKey", "apiSecret", "accessKey", "secretKey",
        "privateKey", "credential", "credentials", "cardNumber", "creditCard", "creditCardNumber", "pan", "cvv", "cvv2",
        "cvc", "pin", "iban", "accountNumber", "ssn", "otp",
    ]

    private let names: Set<String>
    /// The longest name there is: longer keys need no look.
    private let longest: Int

    init(_ configured: Set<String>) {
        names = Set((Self.always.map { $0[...] } + configured.map { $0[...] }).map(Self.normal))
        longest = names.map(\.utf8.count).max() ?? 0
    }

    func contains(_ name: String) -> Bool {
        let normal = Self.normal(name[...])
        return normal.utf8.count <= longest && names.contains(normal)
    }

    /// Whether one of the names occurs anywhere in a text.
    func occur(in text: String) -> Bool {
        let normal = Array(Self.normal(text[...]).utf8)
        return names.contains { name in
            let name = Array(name.utf8)
            guard normal.count >= name.count else { return false }
            return (0...(normal.count - name.count)).contains { normal[$0..<$0 + name.count].elementsEqual(name) }
        }
    }

    /// Lower case, without dashes, underscores, dots and blanks.
    static func normal(_ name: Substring) -> String {
        String(
            decoding: name.lowercased().utf8.filter { !"-_. \t".utf8.contains($0) }, as: UTF8.self)
    }
}
