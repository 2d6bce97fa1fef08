internal import Basics
internal import Crypto

/// A private key with which an engine signs calls: Ed25519 (RFC 8032). Its id is the `kid` of what it signs.
package struct SigningKey: Sendable {
    /// What stands before the names of such keys in `signWith`.
    package static let prefix = "ed25519:"

    /// What stands before a seed that is written in base64.
    static let seedPrefix = "whsk_"

    package let id: String
    private let key: Curve25519.Signing.PrivateKey

    /// What a private key in PKCS #8 (RFC 8410 §7) begins with; the seed follows.
    private static let envelope: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    /// - Parameters:
    ///   - id: the file's name; nil for the key's thumbprint, which says nothing of where the file was.
    ///   - file: a private key as `openssl genpkey -algorithm ed25519` writes it, or `whsk_` and 32 bytes in base64. Nil for
    ///     anything else.
    package init?(id: String?, file: [UInt8]) {
        guard file.count < 1024, let text = String(validating: file, as: UTF8.self), let seed = Self.seed(text),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        else { return nil }
        self.id = id ?? Self.thumbprint(Self.text(key))
        self.key = key
    }

    /// The thumbprint of a public key (RFC 7638, with the members that RFC 8037 §2 names): SHA-256 in base64url.
    static func thumbprint(_ publicKey: String) -> String {
        let members = #"{"crv":"Ed25519","kty":"OKP","x":"\#(publicKey)"}"#
        return Base64URL.encode(Array(SHA256.hash(data: Array(members.utf8))))
    }

    private static func text(_ key: Curve25519.Signing.PrivateKey) -> String {
        Base64URL.encode(Array(key.publicKey.rawRepresentation))
    }

    private static func seed(_ text: String) -> [UInt8]? {
        if text.hasPrefix(seedPrefix) {
            let bytes = Base64.decode(String(text.dropFirst(seedPrefix.count)))
            return bytes?.count == 32 ? bytes : nil
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
        guard lines.first == "-----BEGINPRIVATEKEY-----", lines.last == "-----ENDPRIVATEKEY-----",
            let bytes = Base64.decode(lines.dropFirst().dropLast().joined()), bytes.count == envelope.count + 32,
            bytes.starts(with: envelope)
        else { return nil }
        return Array(bytes.dropFirst(envelope.count))
    }

    /// `x` of its JSON Web Key: the public key's 32 bytes in base64url.
    package var publicKey: String { Self.text(key) }

    /// A public key as a JSON Web Key (RFC 8037 §2).
    package static func jwk(id: String, publicKey: String) -> JSON {
        [
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": .string(id), "x": .string(publicKey),
        ]
    }

    /// A JSON Web Token of these claims, in compact form (RFC 7519, RFC 8037 §3.1).
    package func token(_ claims: JSONObject) throws(SigningError) -> String {
        let header: JSON = ["alg": "EdDSA", "typ": "JWT", "kid": .string(id)]
        let signed = "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(JSON.object(claims).bytes))"
        do {
            return "\(signed).\(Base64URL.encode(Array(try key.signature(for: Array(signed.utf8)))))"
        } catch {
            throw SigningError()
        }
    }
}

/// The library can't sign.
package struct SigningError: Error, Sendable {}

/// What an engine states of a call that it signs with a `SigningKey`.
package struct CallClaims {
    /// The header that has the token, in lower case.
    package static let header = "x-saga-signature"
    /// How long a token is good for, in seconds.
    package static let lifetime: Int64 = 60

    /// For whom it is; see `ParticipantID.audience`.
    package var audience: String
    package var method: String
    /// Path and query as they are sent.
    package var path: String
    package var body: [UInt8]
    package var idempotencyKey: String
    package var runID: String

    package init(
        audience: String, method: String, path: String, body: [UInt8], idempotencyKey: String, runID: String
    ) {
        self.audience = audience
        self.method = method
        self.path = path
        self.body = body
        self.idempotencyKey = idempotencyKey
        self.runID = runID
    }

    /// `{iss, aud, iat, exp, method, path, bodySha256, idempotencyKey, runId}`; the digest is in hexadecimal, of no bytes where
    /// there is no body.
    package func json(at time: Instant) -> JSONObject {
        let seconds = time.microseconds / 1_000_000
        return [
            "iss": "sagaflow", "aud": .string(audience), "iat": .number(JSONNumber(Int(seconds))),
            "exp": .number(JSONNumber(Int(seconds + Self.lifetime))), "method": .string(method), "path": .string(path),
            "bodySha256": .string(Self.hex(SHA256.hash(data: body))), "idempotencyKey": .string(idempotencyKey),
            "runId": .string(runID),
        ]
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
