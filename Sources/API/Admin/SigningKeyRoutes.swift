import Core
import HTTPTypes
import Hummingbird
import Postgres
import Storage
import Synchronization

/// The public keys by which participants know that a call is an engine's (RFC 7517). For everybody: they are no secret.
///
/// The database is asked at most once a second, however many ask.
struct SigningKeyRoutes: Sendable {
    private final class Cache: Sendable {
        private let seen = Mutex<(keys: JSON, readAt: ContinuousClock.Instant)?>(nil)
        private let look: SharedLook<JSON?>

        init(reads: Pool) {
            look = SharedLook {
                do {
                    let rows = try await reads.execute(ListSigningKeys(), deadline: .seconds(2))
                    return .array(rows.map { SigningKey.jwk(id: $0.keyID, publicKey: $0.publicKey) })
                } catch {
                    return nil  // the pool has logged why
                }
            }
        }

        /// Nil when they were never seen, and can't be now.
        var keys: JSON? {
            get async {
                let known = seen.withLock { $0 }
                if let known, .now - known.readAt < .seconds(1) { return known.keys }
                guard let answer = await look.value(within: .seconds(2)), let keys = answer else { return known?.keys }
                seen.withLock { $0 = (keys, .now) }
                return keys
            }
        }
    }

    private let cache: Cache

    init(reads: Pool) { cache = Cache(reads: reads) }

    var routes: [Route] { [Route(.get, "/.well-known/jwks.json", needs: nil, list)] }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let keys = await cache.keys else {
            throw Problem(.notReady, "The keys can't be read now.")
        }
        var response = Response.json(.ok, ["keys": keys])
        // A key is published before it is used; who meets one that is not known asks again.
        response.headers[.cacheControl] = "public, max-age=60"
        return response
    }
}
