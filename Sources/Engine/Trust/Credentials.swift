// What an engine proves to participants, and how it comes by that: secrets of its folder, keys, certificates, access tokens. All of
// it is made ready when a participant's row is read, once a second at the most; a call takes what is there.

import Core
import Participants
import Storage

/// What a participant's calls carry, ready to be sent. A class: each call refers to it, whatever it holds.
final class Credentials: Sendable {
    /// Its headers with all secrets.
    let headers: [(name: String, value: String)]
    /// The secrets of its HMAC signatures, in their order; empty for none.
    let hmacSecrets: [[UInt8]]
    /// What signs its calls with a key pair; nil for nothing.
    let signingKey: SigningKey?
    /// What connections to it are made with; nil for what all have in common.
    let identity: TLSIdentity?
    /// Where its access tokens come from; nil when it has none.
    let tokens: AccessTokens?
    /// Why no call to it can be made from here; a sentence without its stop, which names what is missing and no secret.
    let lack: String?
    /// What they were made of.
    let source: Source
    /// A call goes out as it was built.
    let areHeadersAll: Bool

    /// What credentials are made of, so that they are made anew only when some of it has changed.
    struct Source: Hashable {
        private let headers: [String]
        private let values: [StoredSecret]
        private let signWith: [String]
        private let tls: ParticipantTLS?
        private let client: OAuth2Client?
        private let secrets: Int
        private let published: Int

        init(_ row: StoredParticipant, secrets: Int, published: Int) {
            headers = row.headers.map(\.name)
            values = row.headers.map(\.value)
            signWith = row.signWith
            tls = row.tls
            client = row.client
            self.secrets = secrets
            self.published = published
        }
    }

    /// The same while they are being made.
    struct Draft {
        var headers: [(name: String, value: String)] = []
        var hmacSecrets: [[UInt8]] = []
        var signingKey: SigningKey?
        var identity: TLSIdentity?
        var tokens: AccessTokens?
        var lack: String?
    }

    init(_ draft: Draft, of source: Source) {
        headers = draft.headers
        hmacSecrets = draft.hmacSecrets
        signingKey = draft.signingKey
        identity = draft.identity
        tokens = draft.tokens
        lack = draft.lack
        self.source = source
        areHeadersAll = draft.hmacSecrets.isEmpty && draft.signingKey == nil && draft.tokens == nil
    }
}

/// Makes credentials of rows.
struct CredentialMaker: Sendable {
    let secrets: Secrets
    /// For what is encrypted in the database; nil where nothing is.
    let keys: SecretKeys?
    /// The ids of signing keys whose public halves participants can find.
    let published: PublishedKeys
    /// Certificates of the authorities that all connections trust beside the system's.
    let trustRoots: String?
    /// Asks for access tokens.
    let client: ParticipantClient

    /// The credentials of a row: those that it has, unless something that they are made of has changed.
    ///
    /// - Parameters:
    ///   - secrets: as they were read last.
    ///   - before: those of the row as it was, whose tokens and connections are kept as long as they fit.
    func credentials(of row: StoredParticipant, secrets: Secrets.Known, before: Credentials?) -> Credentials {
        let source = Credentials.Source(row, secrets: secrets.version, published: published.version)
        // A certificate may be good no more although nothing has changed.
        if let before, before.source == source, row.tls == nil { return before }
        let files = SecretFiles(owner: row.id.owner, files: secrets.files(of: row.id.owner))
        return Credentials(draft(row, files, before), of: source)
    }

    /// What an owner's participants may name: nobody else's.
    private struct SecretFiles {
        let owner: Owner
        let files: [String: [UInt8]]

        subscript(name: String) -> [UInt8]? { files[name] }

        /// How a secret that is not there is called.
        func named(_ name: String) -> String {
            owner.tenantID.map { "\(name) in the folder of the tenant \($0)" } ?? name
        }
    }

    private func draft(
        _ row: StoredParticipant, _ secrets: SecretFiles, _ before: Credentials?
    ) -> Credentials.Draft {
        var made = Credentials.Draft()
        do throws(Lack) {
            made.headers = try headers(of: row, secrets)
            for name in row.signWith {
                if name.hasPrefix(SigningKey.prefix) {
                    made.signingKey = try signingKey(String(name.dropFirst(SigningKey.prefix.count)), secrets)
                } else {
                    guard let secret = secrets[name] else {
                        throw Lack(
                            "This engine has no secret \(secrets.named(name)), which signs calls to \(row.name)")
                    }
                    made.hmacSecrets.append(secret)
                }
            }
            if let tls = row.tls { made.identity = try identity(tls, of: row.name, secrets, before?.identity) }
            if let client = row.client { made.tokens = try tokens(client, of: row, secrets, before?.tokens) }
        } catch {
            made.lack = error.sentence
        }
        return made
    }

    /// A sentence without its stop.
    private struct Lack: Error {
        let sentence: String

        init(_ sentence: String) { self.sentence = sentence }
    }

    private func headers(
        of row: StoredParticipant, _ secrets: SecretFiles
    ) throws(Lack) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        for (name, stored) in row.headers {
            let what = "the header \(name) of \(row.name)"
            let text = try opened(stored, row, for: .header(name, of: row.id), what)
            headers.append((name, try resolved(text, secrets, what)))
        }
        return headers
    }

    /// The text that was registered.
    private func opened(
        _ stored: StoredSecret, _ row: StoredParticipant, for place: SecretPlace, _ what: String
    ) throws(Lack) -> String {
        switch stored {
        case .text(let text): return text
        case .sealed(let sealed, let key):
            guard let keys else {
                throw Lack("This engine has no SECRET_KEYS, and \(what) is encrypted with the key \(key)")
            }
            do throws(UnsealingError) { return try keys.open(sealed, with: key, for: place) } catch {
                switch error {
                case .noKey(let id):
                    throw Lack("This engine lacks the key \(id) of SECRET_KEYS, with which \(what) is encrypted")
                case .altered(let id): throw Lack("\(what.capitalizedFirst) does not open with the key \(id)")
                }
            }
        }
    }

    private func resolved(_ text: String, _ secrets: SecretFiles, _ what: String) throws(Lack) -> String {
        // What is no reference was sent as it is before there were any, and still is.
        guard let parsed = try? SecretText(text) else { return text }
        do throws(MissingSecret) { return try parsed.resolved { secrets[$0] } } catch {
            guard case .absent(let name) = error else { throw Lack("\(error), which \(what) names") }
            throw Lack("\(MissingSecret.absent(secrets.named(name))), which \(what) names")
        }
    }

    private func signingKey(_ id: String, _ secrets: SecretFiles) throws(Lack) -> SigningKey {
        guard let file = secrets[id] else { throw Lack("This engine has no signing key \(secrets.named(id))") }
        guard let key = SigningKey(id: secrets.owner == .shared ? id : nil, file: file) else {
            throw Lack("The secret \(secrets.named(id)) is no private key of Ed25519 in PEM")
        }
        guard published.contains(key.id, key.publicKey) else {
            throw Lack("The public key of the signing key \(id) is not published, or is another engine's")
        }
        return key
    }

    private func identity(
        _ tls: ParticipantTLS, of participant: String, _ secrets: SecretFiles, _ before: TLSIdentity?
    ) throws(Lack) -> TLSIdentity {
        func file(_ name: String?) throws(Lack) -> [UInt8]? {
            guard let name else { return nil }
            guard let bytes = secrets[name] else {
                throw Lack(
                    "This engine has no secret \(secrets.named(name)), which connections to \(participant) need")
            }
            return bytes
        }
        let files = TLSIdentity.Files(
            certificate: try file(tls.certificate), key: try file(tls.key), authorities: try file(tls.ca))
        do throws(ParticipantsError) {
            let identity: TLSIdentity
            if let before, before.files == files {
                identity = before
            } else {
                identity = try TLSIdentity(files, trustRootsFile: trustRoots)
            }
            if let fault = identity.fault() { throw ParticipantsError.invalidTLSConfiguration(fault) }
            return identity
        } catch {
            let names = [tls.certificate, tls.key, tls.ca].compactMap(\.self).joined(separator: ", ")
            throw Lack("TLS with \(participant) can't be set up from \(names): \(error)")
        }
    }

    private func tokens(
        _ registered: OAuth2Client, of row: StoredParticipant, _ secrets: SecretFiles,
        _ before: AccessTokens?
    ) throws(Lack) -> AccessTokens {
        let what = "the client's secret of \(row.name)"
        let text = try opened(registered.secret, row, for: .clientSecret(of: row.id), what)
        guard let endpoint = TokenEndpoint(registered.tokenURL) else {
            throw Lack("The token URL of \(row.name) can't be used")
        }
        let grant = AccessTokens.Grant(
            endpoint: endpoint, clientID: registered.clientID, clientSecret: try resolved(text, secrets, what),
            scope: registered.scope, audience: registered.audience)
        if let before, before.grant == grant { return before }
        return AccessTokens(grant, client: client)
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
