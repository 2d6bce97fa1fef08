internal import Basics
internal import Crypto

/// The keys with which values of participants' registrations are encrypted in the database: AES-256-GCM (NIST SP 800-38D).
///
/// The first encrypts; all decrypt, so that one can be replaced by another while both are there.
package struct SecretKeys: Sendable {
    private struct Key: Sendable {
        let id: String
        let key: SymmetricKey
    }

    /// Keys there may be at most.
    package static let mostKeys = 16

    private let keys: [Key]

    /// Reads `id: base64` for each key, on lines of their own or with commas between them, the newest first. What follows a `#`
    /// at the beginning of a line is passed over.
    ///
    /// - Throws: a sentence that names the place and no key.
    package init(_ text: String) throws(SecretKeysError) {
        var keys: [Key] = []
        let entries = text.split { $0 == "\n" || $0 == "\r\n" || $0 == "," }.map(Self.trimmed)
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        for (index, entry) in entries.enumerated() {
            let sides = entry.split(separator: ":", maxSplits: 1).map { Self.trimmed($0[...]) }
            guard sides.count == 2, Name.isValid(sides[0]) else {
                throw SecretKeysError("entry \(index + 1) is not written as id: base64. \(Name.rule())")
            }
            guard let bytes = Base64.decode(sides[1]), bytes.count == 32 else {
                throw SecretKeysError("the key \(sides[0]) is not 32 bytes in base64")
            }
            guard !keys.contains(where: { $0.id == sides[0] }) else {
                throw SecretKeysError("the key \(sides[0]) is there twice")
            }
            keys.append(Key(id: sides[0], key: SymmetricKey(data: bytes)))
        }
        guard !keys.isEmpty, keys.count <= Self.mostKeys else {
            throw SecretKeysError("there must be 1 to \(Self.mostKeys) keys")
        }
        self.keys = keys
    }

    /// The id of the key that encrypts.
    package var newest: String { keys[0].id }
    /// The ids, newest first.
    package var ids: [String] { keys.map(\.id) }

    /// Encrypts a value with the newest key: 12 random bytes, the text, and a tag of 16 bytes, in base64url.
    package func seal(_ text: String, for place: SecretPlace) -> String {
        do {
            let box = try AES.GCM.seal(
                Array(text.utf8), using: keys[0].key, authenticating: place.bytes(keys[0].id))
            guard let bytes = box.combined else { preconditionFailure("a nonce of 12 bytes") }
            return Base64URL.encode(Array(bytes))
        } catch {
            preconditionFailure("AES-GCM refuses a key of 32 bytes: \(error)")
        }
    }

    /// The value that `seal` was given.
    ///
    /// - Parameters:
    ///   - id: of the key.
    ///   - place: must be that for which it was encrypted: what is copied elsewhere opens nowhere.
    package func open(_ sealed: String, with id: String, for place: SecretPlace) throws(UnsealingError) -> String {
        guard let key = keys.first(where: { $0.id == id }) else { throw .noKey(id) }
        guard let bytes = Base64URL.decode(sealed) else { throw .altered(id) }
        let opened: [UInt8]
        do {
            let box = try AES.GCM.SealedBox(combined: bytes)
            opened = Array(try AES.GCM.open(box, using: key.key, authenticating: place.bytes(id)))
        } catch {
            throw .altered(id)
        }
        guard let text = String(validating: opened, as: UTF8.self) else { throw .altered(id) }
        return text
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}

/// Where an encrypted value stands. It is authenticated with the value.
package struct SecretPlace: Sendable, Hashable {
    private let text: String

    /// The value of a participant's header.
    package static func header(_ name: String, of participant: ParticipantID) -> SecretPlace {
        SecretPlace(text: "\(word("header", participant))\0\(name.lowercased())")
    }

    /// The secret with which engines ask for a participant's access tokens.
    package static func clientSecret(of participant: ParticipantID) -> SecretPlace {
        SecretPlace(text: word("clientSecret", participant))
    }

    /// What of a shared participant's row and of a tenant's own begin with different words: neither opens as the other's.
    private static func word(_ what: String, _ participant: ParticipantID) -> String {
        switch participant.owner {
        case .shared: "\(what)\0\(participant.name)"
        case .tenant(let tenantID): "tenant \(what)\0\(tenantID)\0\(participant.name)"
        }
    }

    /// Names have no zero bytes, so no two places have the same bytes.
    fileprivate func bytes(_ keyID: String) -> [UInt8] { Array("sagaflow 1\0\(keyID)\0\(text)".utf8) }
}

/// Why a list of keys can't be used; the end of a sentence, without any key.
package struct SecretKeysError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Why an encrypted value can't be read.
package enum UnsealingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The key of this id is not there.
    case noKey(String)
    /// It was not encrypted so with the key of this id, or not for this place.
    case altered(String)

    package var description: String {
        switch self {
        case .noKey(let id): "the key \(id) is missing"
        case .altered(let id): "it does not open with the key \(id)"
        }
    }
}
