// What participants are trusted with: values that only engines know, and what of a registration may be a secret.
//
//   SecretText        a value that names secrets instead of holding them     SecretKeys    how values are stored encrypted
//   CredentialHeader  which headers look as if they held one                 SigningKey    what calls are signed with, Ed25519

/// A header's value, or a client's secret, that may name secrets of the engines: `Bearer ${secret:payments}`.
package struct SecretText: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case text(Substring)
        case secret(String)
    }

    private let parts: [Part]

    private static let opening = "${secret:"
    /// What secrets that sign begin with.
    private static let signing = [CallSignature.prefix, SigningKey.seedPrefix, "-----BEGIN "]

    /// - Throws: `SecretTextError` for a reference that does not end, or whose name is none.
    package init(_ text: String) throws(SecretTextError) {
        var (parts, rest): ([Part], Substring) = ([], text[...])
        while let begin = rest.firstRange(of: Self.opening) {
            if begin.lowerBound > rest.startIndex { parts.append(.text(rest[..<begin.lowerBound])) }
            let after = rest[begin.upperBound...]
            guard let end = after.firstIndex(of: "}") else { throw SecretTextError() }
            let name = String(after[..<end])
            guard Name.isValid(name) else { throw SecretTextError() }
            parts.append(.secret(name))
            rest = after[after.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(rest)) }
        self.parts = parts
    }

    /// It names no secret: it is what it says.
    package var isLiteral: Bool {
        parts.allSatisfy { part in
            switch part {
            case .text: true
            case .secret: false
            }
        }
    }

    /// It is one secret and nothing beside it.
    package var isOneSecret: Bool {
        guard parts.count == 1, case .secret = parts[0] else { return false }
        return true
    }

    /// The value with its secrets.
    ///
    /// - Parameter secret: of a name; nil for one that is not there.
    /// - Throws: `MissingSecret` for the first that is not there, or can't stand in a header.
    package func resolved(_ secret: (String) -> [UInt8]?) throws(MissingSecret) -> String {
        var value = ""
        for part in parts {
            switch part {
            case .text(let text): value += text
            case .secret(let name):
                guard let bytes = secret(name) else { throw .absent(name) }
                // Whoever may register participants could have it sent to themselves, and sign from then on.
                if Self.signing.contains(where: { bytes.starts(with: $0.utf8) }) { throw .signs(name) }
                guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .unprintable(name) }
                value += String(decoding: bytes, as: UTF8.self)
            }
        }
        return value
    }
}

/// A reference to a secret that is none.
package struct SecretTextError: Error, Sendable, CustomStringConvertible {
    package var description: String { "A secret is named as in ${secret:payments-token}. \(Name.rule())" }
}

/// Why a value can't be had that names a secret.
package enum MissingSecret: Error, Sendable, Hashable, CustomStringConvertible {
    case absent(String)
    /// It holds what no header may.
    case unprintable(String)
    /// It is one that calls are signed with.
    case signs(String)

    package var description: String {
        switch self {
        case .absent(let name): "This engine has no secret \(name)"
        case .signs(let name): "The secret \(name) signs calls, and is not sent with them"
        case .unprintable(let name): "The secret \(name) holds more than printable ASCII on one line"
        }
    }
}
