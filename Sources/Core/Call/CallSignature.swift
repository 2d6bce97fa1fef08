internal import Basics
internal import Crypto

/// A call's signature in the manner of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over its id, the time and
/// its body, so that a participant knows that a call is sagaflow's, whole, and of now.
///
/// The id is the idempotency key: the same for every attempt of an action.
package enum CallSignature {
    /// What stands before a secret that is written in base64.
    package static let prefix = "whsec_"
    /// Secrets that sign one call at most: the new one and the old one, while participants are moved.
    package static let mostSecrets = 2

    /// Its headers, in lower case.
    package static let names = ["webhook-id", "webhook-timestamp", "webhook-signature"]

    /// The headers that a signed call has.
    ///
    /// - Parameters:
    ///   - id: of the call.
    ///   - secrets: as their files hold them: `whsec_` and base64, or the bytes themselves. One signature for each.
    package static func headers(
        id: String, at time: Instant, body: [UInt8], secrets: [[UInt8]]
    ) -> [(String, String)] {
        let seconds = String(time.microseconds / 1_000_000)
        let signed = Array("\(id).\(seconds).".utf8) + body
        let signatures = secrets.map { secret in
            let mac = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key(secret)))
            return "v1,\(base64(Array(mac)))"
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", seconds),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }

    private static func key(_ secret: [UInt8]) -> [UInt8] {
        guard let text = String(validating: secret, as: UTF8.self), text.hasPrefix(prefix) else { return secret }
        let encoded = text.dropFirst(prefix.count).map { character -> Character in
            switch character {
            case "+": "-"
            case "/": "_"
            default: character
            }
        }
        return Base64URL.decode(String(encoded.filter { $0 != "=" })) ?? secret
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let text = Base64URL.encode(bytes).map { character -> Character in
            switch character {
            case "-": "+"
            case "_": "/"
            default: character
            }
        }
        return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
