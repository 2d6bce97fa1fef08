package import Core
import Basics
import Crypto
import CryptoExtras
import Foundation

/// A key that tests sign tokens (JWT) with, by other means than those that verify them.
package struct IssuerKey: Sendable {
    package let id: String?
    package let algorithm: String
    /// As an issuer publishes it; null for a secret.
    package var jwk: JSON
    /// The same in PEM form; empty for a secret.
    package let pem: String
    package let sign: @Sendable ([UInt8]) throws -> [UInt8]

    /// A token with these claims; `header` has its way over what would be written.
    package func token(_ claims: JSON, header: JSONObject = [:]) throws -> String {
        var head: JSONObject = ["typ": "JWT", "alg": .string(algorithm)]
        if let id { head["kid"] = .string(id) }
        for (key, value) in header.members { head[key] = value.isNull ? JSON?.none : value }
        return try token(head: JSON.object(head).bytes, payload: claims.bytes)
    }

    /// The same of any bytes.
    package func token(head: [UInt8], payload: [UInt8]) throws -> String {
        let signed = "\(Base64URL.encode(head)).\(Base64URL.encode(payload))"
        return "\(signed).\(Base64URL.encode(try sign(Array(signed.utf8))))"
    }

    /// The same key, said to be for something else.
    package func with(_ members: JSONObject) -> IssuerKey {
        var key = self
        var jwk = key.jwk.object ?? JSONObject()
        for (name, value) in members.members { jwk[name] = value.isNull ? JSON?.none : value }
        key.jwk = .object(jwk)
        return key
    }

    private static func jwk(_ id: String?, _ algorithm: String, _ members: JSONObject) -> JSON {
        var jwk: JSONObject = ["use": "sig", "alg": .string(algorithm)]
        if let id { jwk["kid"] = .string(id) }
        for (key, value) in members.members { jwk[key] = value }
        return .object(jwk)
    }

    private static func ec(_ id: String?, _ algorithm: String, _ curve: String, _ point: Data) -> JSON {
        let bytes = Array(point.dropFirst())
        return jwk(
            id, algorithm,
            [
                "kty": "EC", "crv": .string(curve),
                "x": .string(Base64URL.encode(Array(bytes.prefix(bytes.count / 2)))),
                "y": .string(Base64URL.encode(Array(bytes.suffix(bytes.count / 2)))),
            ])
    }

    package static func es256(_ id: String? = "k") -> IssuerKey {
        let key = P256.Signing.PrivateKey()
        return IssuerKey(
            id: id, algorithm: "ES256", jwk: ec(id, "ES256", "P-256", key.publicKey.x963Representation),
            pem: key.publicKey.pemRepresentation
        ) { Array(try key.signature(for: $0).rawRepresentation) }
    }

    package static func es384(_ id: String? = "k") -> IssuerKey {
        let key = P384.Signing.PrivateKey()
        return IssuerKey(
            id: id, algorithm: "ES384", jwk: ec(id, "ES384", "P-384", key.publicKey.x963Representation),
            pem: key.publicKey.pemRepresentation
        ) { Array(try key.signature(for: $0).rawRepresentation) }
    }

    package static func es512(_ id: String? = "k") -> IssuerKey {
        let key = P521.Signing.PrivateKey()
        return IssuerKey(
            id: id, algorithm: "ES512", jwk: ec(id, "ES512", "P-521", key.publicKey.x963Representation),
            pem: key.publicKey.pemRepresentation
        ) { Array(try key.signature(for: $0).rawRepresentation) }
    }

    package static func edDSA(_ id: String? = "k") -> IssuerKey {
        let key = Curve25519.Signing.PrivateKey()
        let x = Base64URL.encode(Array(key.publicKey.rawRepresentation))
        return IssuerKey(
            id: id, algorithm: "EdDSA", jwk: jwk(id, "EdDSA", ["kty": "OKP", "crv": "Ed25519", "x": .string(x)]),
            pem: ""
        ) { Array(try key.signature(for: $0)) }
    }

    /// The secret is its bytes.
    package static func hs256(_ secret: String, _ id: String? = nil) -> IssuerKey {
        let key = SymmetricKey(data: Array(secret.utf8))
        return IssuerKey(id: id, algorithm: "HS256", jwk: .null, pem: "") {
            Array(HMAC<SHA256>.authenticationCode(for: $0, using: key))
        }
    }

    /// - Parameters:
    ///   - algorithm: one of RS and PS with 256, 384 and 512.
    ///   - bits: 1024 is what must be refused.
    package static func rsa(
        _ id: String? = "k", algorithm: String = "RS256", bits: Int = 2048
    ) throws -> IssuerKey {
        let size = _RSA.Signing.KeySize(bitCount: bits)
        let key =
            bits < 2048 ? try _RSA.Signing.PrivateKey(unsafeKeySize: size) : try _RSA.Signing.PrivateKey(keySize: size)
        let primitives = try key.publicKey.getKeyPrimitives()
        let padding: _RSA.Signing.Padding = algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
        return IssuerKey(
            id: id, algorithm: algorithm,
            jwk: jwk(
                id, algorithm,
                [
                    "kty": "RSA", "n": .string(Base64URL.encode(Array(primitives.modulus))),
                    "e": .string(Base64URL.encode(Array(primitives.publicExponent))),
                ]), pem: key.publicKey.pemRepresentation
        ) { bytes in
            switch algorithm.suffix(3) {
            case "384": Array(try key.signature(for: SHA384.hash(data: bytes), padding: padding).rawRepresentation)
            case "512": Array(try key.signature(for: SHA512.hash(data: bytes), padding: padding).rawRepresentation)
            default: Array(try key.signature(for: SHA256.hash(data: bytes), padding: padding).rawRepresentation)
            }
        }
    }
}
