import Basics
import Core

/// A key as its owner has it: `sf_<id>_<secret>`. Nobody else has the secret, not even the database.
struct APIKey: Sendable {
    /// 16 hexadecimal digits: which key it is, no secret.
    let id: String
    /// 256 random bits, as base64url.
    let secret: String

    static let prefix = "sf_"
    private static let idLength = 16
    private static let secretLength = 43

    /// A new one.
    init() {
        let bits = UInt64.random(in: 0 ... .max)
        let hex = String(bits, radix: 16)
        id = String(repeating: "0", count: Self.idLength - hex.count) + hex
        var random = SystemRandomNumberGenerator()
        secret = Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &random) })
    }

    /// Reads one; nil when it is none.
    init?(_ text: String) {
        guard text.utf8.count == Self.prefix.utf8.count + Self.idLength + 1 + Self.secretLength,
            text.hasPrefix(Self.prefix)
        else { return nil }
        let rest = text.dropFirst(Self.prefix.count)
        let (id, secret) = (rest.prefix(Self.idLength), rest.dropFirst(Self.idLength + 1))
        guard rest.dropFirst(Self.idLength).first == "_",
            id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            secret.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { return nil }
        (self.id, self.secret) = (String(id), String(secret))
    }

    /// As it is shown, once.
    var text: String { "\(Self.prefix)\(id)_\(secret)" }

    /// What is kept of the secret: with 256 random bits no slower hash is needed.
    var digest: [UInt8] { SecretDigest(of: secret).bytes }

    func fits(_ digest: [UInt8]) -> Bool { SecretDigest(of: secret).fits(SecretDigest(bytes: digest)) }
}
