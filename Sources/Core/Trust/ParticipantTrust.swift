/// A value that may be a secret, as it stands in a participant's row.
package enum StoredSecret: Sendable, Hashable {
    /// As it was registered: a text, which may name secrets of the engines.
    case text(String)
    /// Encrypted (`SecretKeys.seal`) with the key of this id.
    case sealed(String, key: String)

    /// - Parameters:
    ///   - json: a text, or `{sealed}`.
    ///   - key: the id that the row names.
    package init?(stored json: JSON, key: String?) {
        if let text = json.string {
            self = .text(text)
        } else if let sealed = json["sealed"]?.string {
            self = .sealed(sealed, key: key ?? "")
        } else {
            return nil
        }
    }

    /// A text, or `{sealed}`; the key's id is the row's.
    package var json: JSON {
        switch self {
        case .text(let text): .string(text)
        case .sealed(let sealed, _): ["sealed": .string(sealed)]
        }
    }

    /// It is in the database for whoever reads that.
    package var text: String? {
        switch self {
        case .text(let text): text
        case .sealed: nil
        }
    }

    /// Encrypted with the newest key, whatever it was before.
    ///
    /// - Parameter place: where it stands.
    package func sealed(with keys: SecretKeys, for place: SecretPlace) throws(UnsealingError) -> StoredSecret {
        let text: String
        switch self {
        case .text(let plain): text = plain
        case .sealed(let sealed, let key): text = try keys.open(sealed, with: key, for: place)
        }
        return .sealed(keys.seal(text, for: place), key: keys.newest)
    }
}

/// What connections to a participant are made with, by the names of the engines' files, which are PEM.
package struct ParticipantTLS: Sendable, Hashable {
    /// The client's certificate and what it was issued by; with its private key, unless that is in `key`.
    package let certificate: String?
    package let key: String?
    /// The authorities that may have issued the participant's certificate: these and no others.
    package let ca: String?

    package init(certificate: String?, key: String?, ca: String?) {
        self.certificate = certificate
        self.key = key
        self.ca = ca
    }

    /// Nil for null.
    package init?(stored json: JSON) {
        guard let object = json.object else { return nil }
        self.init(
            certificate: object["certificate"]?.string, key: object["key"]?.string, ca: object["ca"]?.string)
    }

    /// `{certificate, key, ca}`, each null when it is not there.
    package var json: JSON { ["certificate": JSON(certificate), "key": JSON(key), "ca": JSON(ca)] }
}

/// How engines get access tokens for a participant: as a client of its own with an authorization server (RFC 6749 §4.4).
package struct OAuth2Client: Sendable, Hashable {
    package let tokenURL: String
    package let clientID: String
    package let secret: StoredSecret
    package let scope: String?
    package let audience: String?

    package init(tokenURL: String, clientID: String, secret: StoredSecret, scope: String?, audience: String?) {
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.secret = secret
        self.scope = scope
        self.audience = audience
    }

    /// Nil for null.
    ///
    /// - Parameter key: the id that the row names.
    package init?(stored json: JSON, key: String?) {
        guard let object = json["oauth2"]?.object, let tokenURL = object["tokenUrl"]?.string,
            let clientID = object["clientId"]?.string,
            let secret = object["clientSecret"].flatMap({ StoredSecret(stored: $0, key: key) })
        else { return nil }
        self.init(
            tokenURL: tokenURL, clientID: clientID, secret: secret, scope: object["scope"]?.string,
            audience: object["audience"]?.string)
    }

    /// The same with its secret as another one.
    package func with(_ secret: StoredSecret) -> OAuth2Client {
        OAuth2Client(tokenURL: tokenURL, clientID: clientID, secret: secret, scope: scope, audience: audience)
    }

    /// As it is stored: `{oauth2: {tokenUrl, clientId, clientSecret, scope, audience}}`.
    package var json: JSON { json(secret: secret.json) }

    /// Its secret is the name of one of the engines' and nothing beside it.
    package var namesSecret: Bool { secret.text.flatMap { try? SecretText($0) }?.isOneSecret ?? false }

    /// As it is shown: the secret when it is a name, null for any other.
    package var shown: JSON { json(secret: namesSecret ? secret.json : .null) }

    private func json(secret: JSON) -> JSON {
        [
            "oauth2": [
                "tokenUrl": .string(tokenURL), "clientId": .string(clientID), "clientSecret": secret,
                "scope": JSON(scope), "audience": JSON(audience),
            ]
        ]
    }
}
