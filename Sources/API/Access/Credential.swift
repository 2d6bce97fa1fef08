import HTTPTypes

/// What a request says of whoever sends it, as it was sent.
enum Credential {
    case adminToken(String)
    case key(String)
    /// As `Authorization: Bearer`: a key, or a token of another issuer.
    case bearer(String)

    /// The one that is sent; nil for none.
    ///
    /// - Throws: `invalidParameter` for several, which nobody sends who knows who they are.
    init?(_ headers: HTTPFields) throws(Problem) {
        var sent: HTTPField?
        for field in headers where Self.isNamed(field.name) {
            if let sent {
                throw Problem(
                    .invalidParameter,
                    sent.name == field.name
                        ? "The header \(field.name) is given twice."
                        : "Send one of X-Admin-Token, X-Api-Key and Authorization.")
            }
            sent = field
        }
        guard let sent else { return nil }
        switch sent.name {
        case .xAdminToken: self = .adminToken(sent.value)
        case .xAPIKey: self = .key(sent.value)
        default:
            let words = sent.value.split(separator: " ", omittingEmptySubsequences: false)
            let isBearer = words.count == 2 && words[0].lowercased() == "bearer"
            // What is no Bearer is no key.
            self = isBearer ? .bearer(String(words[1])) : .key("")
        }
    }

    private static func isNamed(_ name: HTTPField.Name) -> Bool {
        name == .authorization || name == .xAPIKey || name == .xAdminToken
    }
}
