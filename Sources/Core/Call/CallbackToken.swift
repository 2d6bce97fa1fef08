internal import Basics
internal import Crypto

/// What callback URLs are signed with.
package struct CallbackKey: Sendable, Hashable {
    /// `callback_keys.key_id`.
    package let number: Int32
    package let secret: [UInt8]

    package init(number: Int32, secret: [UInt8]) {
        self.number = number
        self.secret = secret
    }
}

/// Which action of which run a callback speaks of, as its URL says it: base64url of version, key, run, step, action and the
/// first 20 bytes of their HMAC-SHA256. Nobody can make one without the key.
///
/// It is the same for every attempt of an action, as the idempotency key is: whichever of them did the work, its end is that of
/// the action.
package struct CallbackToken: Sendable, Hashable {
    package let runID: RunID
    /// The step's place in the definition.
    package let step: Int
    package let action: CallAction

    private static let version: UInt8 = 1
    private static let bodyLength = 24
    private static let macLength = 20

    package init(runID: RunID, step: Int, action: CallAction) {
        self.runID = runID
        self.step = step
        self.action = action
    }

    /// The token as text of 59 characters.
    package func text(_ key: CallbackKey) -> String {
        var bytes: [UInt8] = [Self.version]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: key.number >> Int32(shift))) }
        for half in [runID.high, runID.low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: half >> UInt64(shift)))
            }
        }
        bytes += [UInt8(truncatingIfNeeded: step >> 8), UInt8(truncatingIfNeeded: step), action == .execute ? 0 : 1]
        return Base64URL.encode(bytes + Self.mac(bytes, key))
    }

    /// The number of the key that a token says it is signed with; nil for what is no token.
    package static func key(of text: String) -> Int32? {
        guard let bytes = bytes(text) else { return nil }
        return bytes[1..<5].reduce(0) { $0 << 8 | Int32($1) }
    }

    /// Reads a token; nil for what was not signed with this key.
    package init?(_ text: String, _ key: CallbackKey) {
        guard let bytes = Self.bytes(text), Self.key(of: text) == key.number else { return nil }
        let (body, mac) = (Array(bytes[..<Self.bodyLength]), bytes[Self.bodyLength...])
        // In constant time.
        guard zip(Self.mac(body, key), mac).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0, body[23] < 2 else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { body[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            runID: RunID(high: number(5..<13), low: number(13..<21)), step: Int(number(21..<23)),
            action: body[23] == 0 ? .execute : .compensate)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        guard let bytes = Base64URL.decode(text), bytes.count == bodyLength + macLength, bytes[0] == version else {
            return nil
        }
        return bytes
    }

    private static func mac(_ body: [UInt8], _ key: CallbackKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: key.secret)).prefix(macLength))
    }
}
