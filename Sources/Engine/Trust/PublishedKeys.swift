import Core
import Driver
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// Writes the public halves of this engine's signing keys into the database, where the API finds them for participants: at the start,
/// when a key has come, and once a minute, so that the database knows which are in use.
///
/// Nothing is signed with a key that is not there: no participant could tell whose it is. A key of a tenant's folder is published
/// under its thumbprint: everybody may see the list, and neither tenants nor their names for keys are anybody's business.
final class PublishedKeys: Service {
    private struct State {
        /// The public keys by id.
        var published: [String: String] = [:]
        var version = 0
        /// Of the secrets, when keys were last written.
        var seen: Int?
    }

    private let secrets: Secrets
    private let pool: Pool
    private let logger: Logger
    private let state = Mutex(State())

    /// How often the database is told that keys are in use; new ones it is told at once.
    private static let interval = Duration.seconds(60)

    init(secrets: Secrets, pool: Pool, logger: Logger) {
        self.secrets = secrets
        self.pool = pool
        self.logger = logger
    }

    /// The API shows this public key under this id.
    func contains(_ id: String, _ publicKey: String) -> Bool { state.withLock { $0.published[id] == publicKey } }

    /// Another one whenever that has changed.
    var version: Int { state.withLock { $0.version } }

    /// Writes the keys there are.
    func publish() async throws(PostgresError) {
        let known = secrets.known
        let shared = known.shared.compactMap { SigningKey(id: $0.key, file: $0.value) }
        let own = known.own.values.flatMap { $0.values.compactMap { SigningKey(id: nil, file: $0) } }
        let keys = (shared + own).sorted { $0.id < $1.id }
        var published: [String: String] = [:]
        for key in keys {
            let written = try await pool.execute(PublishSigningKey(keyID: key.id, publicKey: key.publicKey))
            if written.isEmpty {
                logger.error(
                    "another engine signs with another key of this name: nothing is signed with it here",
                    metadata: ["key": "\(key.id)"])
            } else {
                published[key.id] = key.publicKey
            }
        }
        let now = published
        state.withLock { state in
            state.seen = known.version
            if state.published != now { (state.published, state.version) = (now, state.version + 1) }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var publishedAt = ContinuousClock.now
            while await pause(for: .seconds(1)) {
                let isNew = self.state.withLock { $0.seen } != self.secrets.known.version
                guard isNew || ContinuousClock.now - publishedAt >= Self.interval else { continue }
                do {
                    try await self.publish()
                    publishedAt = .now
                } catch {
                    self.logger.warning("signing keys can't be published now", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
