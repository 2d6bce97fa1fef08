import Core

/// What may be registered of participants' credentials, and how it is stored.
enum SecretPolicy: Sendable {
    /// Names of the engines' secrets; a credential itself is refused.
    case references
    /// Anything, stored as it is.
    case plain
    /// Anything, stored encrypted.
    case encrypted(SecretKeys)

    /// Why a value can't be registered; nil when it can.
    ///
    /// - Parameter isCredential: where it stands, or what it looks like, says that it is one.
    func refusal(of value: String, isCredential: Bool) -> String? {
        let text: SecretText
        do { text = try SecretText(value) } catch { return "\(error)" }
        switch self {
        case .plain, .encrypted: return nil
        case .references:
            guard isCredential, text.isLiteral else { return nil }
            return
                "This looks like a credential, which would stand in the database for all who can read it: name a secret of "
                + "the engines, as in ${secret:payments-token}, or set SECRET_KEYS, or ALLOW_PLAIN_SECRETS=true."
        }
    }

    /// What is written to the participant's row.
    func stored(
        headers: [(String, String)], client: OAuth2Client?, of participant: ParticipantID
    ) -> (headers: JSONObject, client: OAuth2Client?, key: String?) {
        switch self {
        case .references, .plain:
            return (JSONObject(headers.map { (key: $0.0, value: .string($0.1)) }), client, nil)
        case .encrypted(let keys):
            func sealed(_ text: String, _ place: SecretPlace) -> StoredSecret {
                .sealed(keys.seal(text, for: place), key: keys.newest)
            }
            let values = headers.map { name, value in
                (key: name, value: sealed(value, .header(name, of: participant)).json)
            }
            var client = client
            if let plain = client, !plain.namesSecret, let text = plain.secret.text {
                client = plain.with(sealed(text, .clientSecret(of: participant)))
            }
            let isEmpty = headers.isEmpty && client?.namesSecret ?? true
            return (JSONObject(values), client, isEmpty ? nil : keys.newest)
        }
    }
}
