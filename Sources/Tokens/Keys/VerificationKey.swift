internal import Basics
internal import Core
internal import JWTKit

/// One key that tokens are verified with. Whatever else a source says of it, private parts above all, is passed over.
enum VerificationKey: Sendable {
    case rsa(Insecure.RSA.PublicKey)
    case p256(ES256PublicKey)
    case p384(ES384PublicKey)
    case p521(ES512PublicKey)
    case ed25519(EdDSA.PublicKey)
    case secret(HMACKey)

    /// Larger ones cost milliseconds for each token.
    private static let bits = 2048...8192

    var kind: KeyKind {
        switch self {
        case .rsa: .rsa
        case .p256: .p256
        case .p384: .p384
        case .p521: .p521
        case .ed25519: .ed25519
        case .secret: .secret
        }
    }

    /// A key of a set (RFC 7518 §6, RFC 8037 §2); nil for one of another kind, as secrets are, which have no place in
    /// a set that everybody can read, and for one that is malformed or of another size.
    init?(jwk: JSONObject) {
        switch (jwk["kty"]?.string, jwk["crv"]?.string) {
        case ("RSA", _):
            guard let n = jwk["n"]?.string, let e = jwk["e"]?.string, let modulus = Base64URL.decode(n),
                Base64URL.decode(e) != nil, Self.bits.contains(Self.bitCount(modulus)),
                let key = try? Insecure.RSA.PublicKey(modulus: n, exponent: e)
            else { return nil }
            self = .rsa(key)
        case ("EC", "P-256"):
            guard let point = Self.point(jwk, bytes: 32), let key = try? ES256PublicKey(parameters: point) else {
                return nil
            }
            self = .p256(key)
        case ("EC", "P-384"):
            guard let point = Self.point(jwk, bytes: 48), let key = try? ES384PublicKey(parameters: point) else {
                return nil
            }
            self = .p384(key)
        case ("EC", "P-521"):
            guard let point = Self.point(jwk, bytes: 66), let key = try? ES512PublicKey(parameters: point) else {
                return nil
            }
            self = .p521(key)
        case ("OKP", "Ed25519"):
            guard let x = jwk["x"]?.string, Base64URL.decode(x)?.count == 32,
                let key = try? EdDSA.PublicKey(x: x, curve: .ed25519)
            else { return nil }
            self = .ed25519(key)
        default: return nil
        }
    }

    /// One public key in PEM form (`BEGIN PUBLIC KEY`); nil when it is none of those that are taken.
    init?(pem: String) {
        if let key = try? ES256PublicKey(pem: pem) {
            self = .p256(key)
        } else if let key = try? ES384PublicKey(pem: pem) {
            self = .p384(key)
        } else if let key = try? ES512PublicKey(pem: pem) {
            self = .p521(key)
        } else if let key = try? EdDSA.PublicKey(pem: pem) {
            self = .ed25519(key)
        } else if let key = try? Insecure.RSA.PublicKey(pem: pem) {
            self = .rsa(key)
        } else {
            return nil
        }
    }

    /// Verifies with this key and an algorithm of its kind.
    func verifier(_ algorithm: SignatureAlgorithm) async -> KeyVerifier? {
        guard algorithm.keyKind == kind else { return nil }
        // Of its own each time: a collection remembers the first algorithm that a key was asked for.
        let keys = JWTKeyCollection()
        let digest: DigestAlgorithm =
            switch algorithm {
            case .rs256, .ps256, .es256, .edDSA, .hs256: .sha256
            case .rs384, .ps384, .es384, .hs384: .sha384
            case .rs512, .ps512, .es512, .hs512: .sha512
            }
        switch self {
        case .rsa(let key):
            switch algorithm {
            case .ps256, .ps384, .ps512: await keys.add(pss: key, digestAlgorithm: digest)
            case .rs256, .rs384, .rs512, .es256, .es384, .es512, .edDSA, .hs256, .hs384, .hs512:
                await keys.add(rsa: key, digestAlgorithm: digest)
            }
        case .p256(let key): await keys.add(ecdsa: key)
        case .p384(let key): await keys.add(ecdsa: key)
        case .p521(let key): await keys.add(ecdsa: key)
        case .ed25519(let key): await keys.add(eddsa: key)
        case .secret(let key): await keys.add(hmac: key, digestAlgorithm: digest)
        }
        guard let made = try? await keys.getKey(), made.name == algorithm.rawValue else { return nil }
        return KeyVerifier(algorithm: made)
    }

    private static func point(_ jwk: JSONObject, bytes: Int) -> (x: String, y: String)? {
        guard let x = jwk["x"]?.string, let y = jwk["y"]?.string, Base64URL.decode(x)?.count == bytes,
            Base64URL.decode(y)?.count == bytes
        else { return nil }
        return (x, y)
    }

    private static func bitCount(_ bytes: [UInt8]) -> Int {
        let significant = bytes.drop { $0 == 0 }
        return significant.first.map { significant.count * 8 - $0.leadingZeroBitCount } ?? 0
    }
}

/// A key with the one algorithm it is used with.
struct KeyVerifier: Sendable {
    fileprivate let algorithm: any JWTAlgorithm

    /// Whether the signature is that of the bytes; false for what is no signature.
    func accepts(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        (try? algorithm.verify(signature, signs: bytes)) ?? false
    }
}
