import Basics
import Core
import Crypto
import HTTPTypes
import Postgres
import Storage
import Synchronization

/// What a browser's cookie holds: 256 random bits, from which all else follows. Nobody but the browser has them.
struct ConsoleSecret: Sendable {
    private let key: SymmetricKey
    let text: String

    /// A new one.
    init() {
        let key = SymmetricKey(size: .bits256)
        self.key = key
        text = Base64URL.encode(key.withUnsafeBytes { Array($0) })
    }

    /// Nil for what is none.
    init?(_ text: String) {
        guard text.utf8.count == 43, let bytes = Base64URL.decode(text), bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
        self.text = text
    }

    /// What follows from it for one purpose, and for no other.
    func derived(_ purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("sagaflow console \(purpose)".utf8), using: key))
    }

    /// What its row is found by.
    var sessionID: [UInt8] { derived("session") }
    /// What goes with every form.
    var formToken: String { Base64URL.encode(derived("form")) }

    func isFormToken(_ text: String) -> Bool { SecretDigest(of: formToken).fits(SecretDigest(of: text)) }

    private var sealing: SymmetricKey { SymmetricKey(data: derived("seal")) }

    func seal(_ text: String) -> [UInt8] {
        // With a fresh key for each login no nonce can come twice.
        guard let box = try? AES.GCM.seal(Array(text.utf8), using: sealing), let bytes = box.combined else {
            preconditionFailure("AES-GCM takes any text")
        }
        return Array(bytes)
    }

    /// Nil for what was not sealed with it.
    func open(_ sealed: [UInt8]) -> String? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed), let bytes = try? AES.GCM.open(box, using: sealing)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Who is logged in: the credential itself, so that whatever becomes of it holds at once.
struct ConsoleSessions: Sendable {
    let database: Database

    /// Without use a login is over after this time, and after `longest` in any case.
    static let idle: Duration = .seconds(8 * 3600)
    static let longest: Duration = .seconds(24 * 3600)
    /// So much of `idle` is used up before a login is prolonged: not every page is to write.
    private static let slack: Duration = .seconds(300)

    /// The credential that was given at the login; nil when there is no such login, or it is over.
    func credential(of secret: ConsoleSecret) async throws(StoreError) -> Credential? {
        let found: StoredConsoleSession?
        do throws(PostgresError) {
            found = try await database.lookups.execute(FindConsoleSession(sessionID: secret.sessionID)).first
        } catch { throw StoreError(error) }
        guard let found, let credential = secret.open(found.sealed).flatMap(Credential.init(stored:)) else {
            return nil
        }
        let until = min(found.now + Self.idle, found.createdAt + Self.longest)
        if until - found.expiresAt > Self.slack {
            try await write(ProlongConsoleSession(sessionID: secret.sessionID, until: until))
        }
        return credential
    }

    /// A new login.
    func begin(_ credential: Credential, of actor: String) async throws(StoreError) -> ConsoleSecret {
        let secret = ConsoleSecret()
        let sealed = secret.seal(credential.stored)
        try await write(
            CreateConsoleSession(sessionID: secret.sessionID, actor: actor, sealed: sealed, lifetime: Self.idle))
        return secret
    }

    /// - Parameter actor: all of theirs; nil for this one alone.
    func end(_ secret: ConsoleSecret, allOf actor: String? = nil) async throws(StoreError) {
        try await write(EndConsoleSessions(sessionID: secret.sessionID, actor: actor))
    }

    /// Tells of something that goes on for long whether the login does, too: asked twice a minute, and true where that can't be asked.
    ///
    /// - Parameter secret: nil for nobody in particular, whose pages have no end.
    func watch(_ secret: ConsoleSecret?, every interval: Duration = .seconds(30)) -> @Sendable () async -> Bool {
        guard let secret else { return { true } }
        let lookedAt = Mutex(ContinuousClock.now)
        return { [self] in
            let isDue = lookedAt.withLock { lookedAt in
                guard ContinuousClock.now - lookedAt >= interval else { return false }
                lookedAt = .now
                return true
            }
            guard isDue else { return true }
            do { return try await credential(of: secret) != nil } catch { return true }
        }
    }

    private func write<S: Statement>(_ statement: S) async throws(StoreError) {
        do throws(PostgresError) { _ = try await database.writes.execute(statement) } catch { throw StoreError(error) }
    }
}

extension Credential {
    /// As it stands in a login: a letter, and the text.
    fileprivate var stored: String {
        switch self {
        case .adminToken(let text): "a" + text
        case .key(let text): "k" + text
        case .bearer(let text): "b" + text
        }
    }

    fileprivate init?(stored: String) {
        let text = String(stored.dropFirst())
        switch stored.first {
        case "a": self = .adminToken(text)
        case "k": self = .key(text)
        case "b": self = .bearer(text)
        default: return nil
        }
    }

    /// As it is sent.
    var headers: HTTPFields {
        switch self {
        case .adminToken(let text): [.xAdminToken: text]
        case .key(let text): [.xAPIKey: text]
        case .bearer(let text): [.authorization: "Bearer \(text)"]
        }
    }
}
