internal import Core
internal import JWTKit
internal import Settings

/// Reads one entry of a file of issuers.
struct IssuerReader {
    let members: Members
    private let folder: String
    private let isRole: (String) -> Bool

    private static let sources = ["jwksURL", "discovery", "publicKeyFile", "secretFile"]
    static let maxClockSkew: Duration = .seconds(60)
    /// Public keys of a file at most.
    static let maxKeys = 10

    init(_ json: JSON, folder: String, isRole: @escaping (String) -> Bool) throws(MemberFault) {
        members = try Members(
            json,
            known: ["name", "issuer", "audience"] + Self.sources + [
                "algorithms", "clockSkew", "tenant", "tenantClaim", "allTenants", "nameClaim", "rolesClaim", "roles",
                "login",
            ])
        self.folder = folder
        self.isRole = isRole
    }

    func issuer() throws(MemberFault) -> TokenIssuer {
        let name = try members.require("name") { value throws(MemberFault) in
            let text = try Members.text(value)
            guard Name.isValid(text) else { throw MemberFault(Name.rule()) }
            return text
        }
        let issuer = try members.require("issuer", Members.text)
        let audiences = try members.require("audience", Members.words)
        let algorithms = try algorithms()
        let source = try source(issuer, algorithms)
        return TokenIssuer(
            name: name, issuer: issuer, audiences: Set(audiences.map(ExactText.init)), algorithms: algorithms,
            source: source, clockSkew: try clockSkew(), tenant: try tenant(),
            nameClaim: try claim("nameClaim") ?? ClaimPath(text: "sub"),
            rolesClaim: try claim("rolesClaim") ?? ClaimPath(text: "roles"), roles: try roles(),
            login: try login(name, audiences, source))
    }

    private func claim(_ key: String) throws(MemberFault) -> ClaimPath? {
        try members.read(key) { value throws(MemberFault) in
            let text = try Members.text(value)
            guard text.utf8.count <= ClaimPath.maxBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                !text.contains("\""), !text.contains("\\")
            else {
                throw MemberFault(
                    "A claim is named by 1 to \(ClaimPath.maxBytes) visible ASCII characters without quotation marks and backslashes."
                )
            }
            return ClaimPath(text: text)
        }
    }

    // MARK: Keys

    /// Secrets and public keys never go together: the text of a public key, which everybody has, would be taken for a secret.
    private func algorithms() throws(MemberFault) -> Set<SignatureAlgorithm> {
        let isSecret = members["secretFile"] != nil
        let named = try members.read("algorithms") { value throws(MemberFault) in
            var named: Set<SignatureAlgorithm> = []
            for word in try Members.words(value) {
                guard let algorithm = SignatureAlgorithm(rawValue: word) else {
                    let known = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                    throw MemberFault("One of these is no algorithm that is taken; those are \(known).")
                }
                guard (algorithm.keyKind == .secret) == isSecret else {
                    throw MemberFault(
                        isSecret
                            ? "With a secret only HS256, HS384 and HS512 can be taken."
                            : "HS256, HS384 and HS512 need a secretFile, and never go with public keys.")
                }
                named.insert(algorithm)
            }
            return named
        }
        return named ?? (isSecret ? [.hs256] : [.rs256, .es256])
    }

    private func source(
        _ issuer: String, _ algorithms: Set<SignatureAlgorithm>
    ) throws(MemberFault) -> TokenIssuer.Source {
        guard Self.sources.count(where: { members[$0] != nil }) == 1 else {
            throw MemberFault("One of \(Self.sources.joined(separator: ", ")) is needed, and only one.")
        }
        if let url = try members.read("jwksURL", { json throws(MemberFault) in try Self.url(try Members.text(json)) }) {
            return .published(.keySet(url))
        }
        if let keys = try members.read(
            "publicKeyFile", { json throws(MemberFault) in try publicKeys(json, algorithms) })
        {
            return .known(keys)
        }
        if let secret = try members.read("secretFile", { json throws(MemberFault) in try secret(json, algorithms) }) {
            return .known([secret])
        }
        let isWanted = try members.require("discovery", Members.flag)
        guard isWanted else {
            throw MemberFault("This can only be true.", at: JSONPointer(["discovery"]))
        }
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        do throws(MemberFault) {
            guard !base.contains("?"), !base.contains("#") else {
                throw MemberFault("With discovery this has no query and no fragment.")
            }
            return .published(.discovery(try Self.url(base + "/.well-known/openid-configuration"), issuer: issuer))
        } catch { throw error.below(JSONPointer(["issuer"])) }
    }

    private static func url(_ text: String) throws(MemberFault) -> IssuerURL {
        do throws(IssuerURL.Fault) { return try IssuerURL(text) } catch {
            throw MemberFault("This can't be fetched: \(error.reason).")
        }
    }

    func content(_ json: JSON) throws(MemberFault) -> [UInt8] {
        guard let bytes = Settings.content(of: Members.path(try Members.text(json), in: folder)) else {
            throw MemberFault("The file can't be read, or has more than 1 MiB.")
        }
        return bytes
    }

    /// One or several keys in PEM form, each of which is for one of the algorithms.
    private func publicKeys(
        _ json: JSON, _ algorithms: Set<SignatureAlgorithm>
    ) throws(MemberFault) -> [VerificationKey] {
        let text = String(decoding: try content(json), as: UTF8.self)
        guard !text.contains("PRIVATE KEY-----") else {
            throw MemberFault("The file holds a private key, which has no place here: take the public one out of it.")
        }
        let begin = "-----BEGIN "
        let blocks = text.split(separator: begin).dropFirst(text.hasPrefix(begin) ? 0 : 1).map { begin + $0 }
        guard (1...Self.maxKeys).contains(blocks.count) else {
            throw MemberFault("The file must hold 1 to \(Self.maxKeys) public keys in PEM form.")
        }
        var keys: [VerificationKey] = []
        for (index, block) in blocks.enumerated() {
            guard let key = VerificationKey(pem: block) else {
                throw MemberFault(
                    "Key \(index + 1) of the file is no public key (BEGIN PUBLIC KEY) of RSA with 2048 bits or more, "
                        + "of P-256, P-384, P-521 or Ed25519.")
            }
            guard algorithms.contains(where: { $0.keyKind == key.kind }) else {
                throw MemberFault("Key \(index + 1) of the file is for none of the algorithms.")
            }
            keys.append(key)
        }
        return keys
    }

    private func secret(_ json: JSON, _ algorithms: Set<SignatureAlgorithm>) throws(MemberFault) -> VerificationKey {
        var bytes = try content(json)
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let least = algorithms.map(\.leastSecretBytes).max() ?? 0
        guard bytes.count >= least else {
            throw MemberFault("The secret must have \(least) bytes at least, or be longer than its hash is.")
        }
        // What everybody has is no secret.
        guard !String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ") else {
            throw MemberFault("The file holds a key in PEM form, which is no secret.")
        }
        return .secret(HMACKey(from: bytes))
    }

    // MARK: Claims

    private func clockSkew() throws(MemberFault) -> Duration {
        try members.read("clockSkew") { value throws(MemberFault) in
            let text = try Members.text(value)
            guard let skew = text == "0s" ? .zero : DurationText.parse(text), skew <= Self.maxClockSkew else {
                throw MemberFault("This must be a duration from 0s to \(DurationText.format(Self.maxClockSkew)).")
            }
            return skew
        } ?? .seconds(30)
    }

    private func tenant() throws(MemberFault) -> TokenIssuer.Tenant {
        let mayBeAll = try members.read("allTenants", Members.flag) ?? false
        let fixed = try members.read("tenant") { value throws(MemberFault) in
            let scope = TenantScope(name: try Members.text(value))
            if let tenantID = scope.tenantID, !ClientLabel.isTenant(tenantID) {
                throw MemberFault("This must be \(ClientLabel.rule), or \(TenantScope.allName) for all tenants.")
            }
            guard scope != .all || mayBeAll else {
                throw MemberFault("All tenants can be given only beside allTenants: true.")
            }
            return scope
        }
        let path = try claim("tenantClaim")
        if let fixed {
            guard path == nil else {
                throw MemberFault("This and tenant exclude each other.", at: JSONPointer(["tenantClaim"]))
            }
            guard !mayBeAll || fixed == .all else {
                throw MemberFault("This means nothing beside a single tenant.", at: JSONPointer(["allTenants"]))
            }
            return .fixed(fixed)
        }
        return .claim(path ?? ClaimPath(text: "tenant"), mayBeAll: mayBeAll)
    }

    /// What each value gives. There is no table by default: an `admin` of the issuer's is not ours by its name alone.
    private func roles() throws(MemberFault) -> [ExactText: [String]] {
        try members.require("roles") { value throws(MemberFault) in
            guard let object = value.object, !object.isEmpty else {
                throw MemberFault("This must be an object: for each value of the claim the roles it gives.")
            }
            var table: [ExactText: [String]] = [:]
            for (key, value) in object.members {
                do throws(MemberFault) {
                    let words = try Members.words(value)
                    guard words.allSatisfy(isRole) else {
                        throw MemberFault("One of these is neither a role nor a permission.")
                    }
                    table[ExactText(key)] = words
                } catch { throw error.below(JSONPointer([key])) }
            }
            return table
        }
    }
}
