internal import Basics
internal import Core

/// A token's parts (RFC 7515 §7.1), before anybody knows whether they are to be believed.
struct CompactToken: Sendable {
    let algorithm: String
    let keyID: String?
    let claims: JSONObject
    /// What the signature is of.
    let signed: [UInt8]
    let signature: [UInt8]

    /// The header with the token has at most 8 KiB, so an API never sees a longer one.
    static let maxBytes = 8 << 10
    private static let maxKeyID = 1024

    /// Reads one. Base64url is read strictly and members may not occur twice: a token means one thing.
    ///
    /// Headers that bring a key of their own or say where one is (`jwk`, `jku`, `x5u`, `x5c`) are passed over: whoever made the
    /// token made them, too.
    init(_ text: String) throws(TokenRefusal) {
        guard text.utf8.count <= Self.maxBytes else { throw .tooLong }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64URL.decode(String(parts[2])), let algorithm = header["alg"]?.string
        else { throw .malformed }
        guard header["crit"] == nil else { throw .critical }
        if let type = header["typ"] { try Self.check(type) }
        if let keyID = header["kid"] {
            guard let text = keyID.string, text.utf8.count <= Self.maxKeyID else { throw .malformed }
            self.keyID = text
        } else {
            keyID = nil
        }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        signed = Array(text.utf8.dropLast(parts[2].utf8.count + 1))
    }

    private static func object(_ part: Substring) -> JSONObject? {
        guard let bytes = Base64URL.decode(String(part)), let json = try? JSON(parsing: bytes) else { return nil }
        return json.object
    }

    /// A token of another kind, such as one that ends a session, may have our issuer and audience (RFC 8725 §3.11).
    private static func check(_ type: JSON) throws(TokenRefusal) {
        guard let text = type.string?.lowercased() else { throw .malformed }
        let name = text.hasPrefix("application/") ? String(text.dropFirst("application/".utf8.count)) : text
        guard name == "jwt" || name == "at+jwt" else { throw .type }
    }
}
