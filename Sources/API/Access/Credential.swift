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
        let token = try Self.one(.xAdminToken, of: headers)
        let key = try Self.one(.xAPIKey, of: headers)
        let authorization = try Self.one(.authorization, of: headers)
        guard [token, key, authorization].count(where: { $0 != nil }) <= 1 else {
            throw Problem(.invalidParameter, "Send one of X-Admin-Token, X-Api-Key and Authorization.")
        }
        if let token {
            self = .adminToken(token)
        } else if let key {
            self = .key(key)
        } else if let authorization {
            let words = authorization.split(separator: " ", omittingEmptySubsequences: false)
            let isBearer = words.count == 2 && words[0].lowercased() == "bearer"
            // What is no Bearer is no key.
            self = isBearer ? .bearer(String(words[1])) : .key("")
        } else {
            return nil
        }
    }

    private static func one(_ name: HTTPField.Name, of headers: HTTPFields) throws(Problem) -> String? {
        let values = headers[values: name]
        guard values.count <= 1 else { throw Problem(.invalidParameter, "The header \(name) is given twice.") }
        return values.first
    }
}
