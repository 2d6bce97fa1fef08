internal import Core

/// The keys of an issuer, found by id and algorithm.
struct KeySet: Sendable {
    private struct Key: Sendable {
        /// Nil where the source gave it none.
        let id: String?
        let verifiers: [SignatureAlgorithm: KeyVerifier]
    }

    /// What there is for a token.
    enum Match {
        /// At least one, to be tried in turn.
        case verifiers([KeyVerifier])
        /// No such key: the issuer may have made it since.
        case unknown
        /// There is such a key, and it is for other algorithms; or the token names none, and several fit.
        case unfit
    }

    private let keys: [Key]
    /// Keys of files have no ids: whatever a token names, all that fit its algorithm are tried.
    private let hasIDs: Bool

    /// Entries of a set at most; issuers have a handful.
    static let maxEntries = 100
    /// Keys of one id and algorithm that are tried: ids should differ, and who repeats them must not cost many
    /// signatures for each token.
    static let mostCandidates = 4

    /// Keys of a file.
    init(_ keys: [VerificationKey], for algorithms: Set<SignatureAlgorithm>) async {
        var made: [Key] = []
        for key in keys { made.append(Key(id: nil, verifiers: await Self.verifiers(key, algorithms))) }
        self.keys = made
        hasIDs = false
    }

    /// A set as an issuer publishes it (RFC 7517 §5). Entries that are for something else, of a kind or size that is not taken, or
    /// malformed are passed over (§5: "SHOULD ignore"), so a set may become empty.
    ///
    /// - Throws: when it is no such set, or has too many entries.
    init(jwks bytes: [UInt8], for algorithms: Set<SignatureAlgorithm>) async throws(KeyFault) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch { throw KeyFault("the key set is no JSON") }
        guard let entries = json["keys"]?.array else { throw KeyFault("the key set has no list of keys") }
        guard entries.count <= Self.maxEntries else {
            throw KeyFault("the key set has more than \(Self.maxEntries) keys")
        }
        var made: [Key] = []
        for entry in entries {
            guard let entry = entry.object, Self.isForSignatures(entry), let key = VerificationKey(jwk: entry) else {
                continue
            }
            var usable = algorithms
            if let named = entry["alg"] {
                guard let named = named.string.flatMap({ SignatureAlgorithm(rawValue: $0) }) else { continue }
                usable.formIntersection([named])
            }
            let id = entry["kid"]?.string
            guard id != nil || entry["kid"] == nil else { continue }
            made.append(Key(id: id, verifiers: await Self.verifiers(key, usable)))
        }
        keys = made
        hasIDs = true
    }

    func match(_ keyID: String?, _ algorithm: SignatureAlgorithm) -> Match {
        let named = hasIDs && keyID != nil ? keys.filter { $0.id == keyID } : keys
        guard !named.isEmpty else { return .unknown }
        let fit = named.lazy.compactMap { $0.verifiers[algorithm] }.prefix(Self.mostCandidates)
        // A token that names no key may mean the only one.
        guard !fit.isEmpty, !hasIDs || keyID != nil || fit.count == 1 else { return .unfit }
        return .verifiers(Array(fit))
    }

    private static func verifiers(
        _ key: VerificationKey, _ algorithms: Set<SignatureAlgorithm>
    ) async -> [SignatureAlgorithm: KeyVerifier] {
        var made: [SignatureAlgorithm: KeyVerifier] = [:]
        for algorithm in algorithms { made[algorithm] = await key.verifier(algorithm) }
        return made
    }

    /// RFC 7517 §4.2, §4.3.
    private static func isForSignatures(_ entry: JSONObject) -> Bool {
        if let use = entry["use"], use.string != "sig" { return false }
        guard let operations = entry["key_ops"] else { return true }
        return operations.array?.contains { $0.string == "verify" } ?? false
    }
}

/// Why the keys of an issuer could not be had: a clause for the log, without anything secret.
struct KeyFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
