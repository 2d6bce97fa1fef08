internal import Core

/// What a principal may be called in histories, audits and logs.
enum PrincipalName {
    static let maxBytes = 255

    static func isValid(_ text: String) -> Bool {
        (1...maxBytes).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// What a token's claims mean under its issuer's rules.
struct TokenClaims {
    let claims: JSONObject
    let issuer: TokenIssuer

    /// When the token counts no more, the difference of clocks included.
    ///
    /// - Throws: `.expired`, `.notYetValid`; `.malformed` without an `exp`, or with times that are none.
    func end(_ now: Instant) throws(TokenRefusal) -> Instant {
        guard let expiry = try time("exp") else { throw .malformed }
        let end = expiry + issuer.clockSkew
        guard now < end else { throw .expired }
        for name in ["nbf", "iat"] {
            if let begin = try time(name), now < begin - issuer.clockSkew { throw .notYetValid }
        }
        return end
    }

    func checkAudience() throws(TokenRefusal) {
        guard audiences.contains(where: issuer.audiences.contains) else { throw .audience }
    }

    /// What an ID token must say beside: for which client it was made, and in which login (OpenID Connect Core 1.0 §3.1.3.7).
    func checkLogin(client: String, nonce: String) throws(TokenRefusal) {
        guard audiences.contains(ExactText(client)) else { throw .audience }
        // Of several audiences one has asked for it.
        if claims["azp"] != nil || audiences.count > 1 {
            guard claims["azp"]?.string.map(ExactText.init) == ExactText(client) else { throw .login }
        }
        guard claims["nonce"]?.string.map(ExactText.init) == ExactText(nonce) else { throw .login }
    }

    /// Whom it is for; nobody where that is not said as it should be.
    private var audiences: [ExactText] {
        switch claims["aud"] {
        case .string(let text)?: return [ExactText(text)]
        case .array(let list)?:
            let texts = list.compactMap(\.string)
            return texts.count == list.count ? texts.map(ExactText.init) : []
        case .object?, .number?, .bool?, .null?, nil: return []
        }
    }

    func name() throws(TokenRefusal) -> String {
        guard let name = issuer.nameClaim.value(in: claims)?.string, PrincipalName.isValid(name) else {
            throw .name(issuer.nameClaim.text)
        }
        return name
    }

    func tenants() throws(TokenRefusal) -> TenantScope {
        switch issuer.tenant {
        case .fixed(let scope): return scope
        case .claim(let path, let mayBeAll):
            guard let text = path.value(in: claims)?.string else { throw .tenant(path.text) }
            let scope = TenantScope(name: text)
            guard scope.tenantID.map(ClientLabel.isTenant) ?? mayBeAll else { throw .tenant(path.text) }
            return scope
        }
    }

    /// Roles and permissions, as the issuer's table gives them: what is not in it gives nothing. A text is a list of words, as
    /// `scope` is one (RFC 8693 §4.2).
    func roles() throws(TokenRefusal) -> [String] {
        guard let claim = issuer.rolesClaim.value(in: claims) else { return [] }
        let values: [String]
        switch claim {
        case .string(let text): values = text.split(separator: " ").map(String.init)
        case .array(let list):
            values = list.compactMap(\.string)
            guard values.count == list.count else { throw .roles(issuer.rolesClaim.text) }
        case .null, .bool, .number, .object: throw .roles(issuer.rolesClaim.text)
        }
        return Set(values.map(ExactText.init)).flatMap { issuer.roles[$0] ?? [] }
    }

    /// Seconds since 1970, perhaps with a fraction (RFC 7519 §2).
    private func time(_ name: String) throws(TokenRefusal) -> Instant? {
        guard let claim = claims[name] else { return nil }
        guard let seconds = claim.double, (0...253_402_300_799).contains(seconds) else { throw .malformed }
        return Instant(microseconds: Int64(seconds * 1_000_000))
    }
}
