import Core
import Hummingbird
import Logging
import Redis
import Storage

/// Whether the process is up (touches nothing), and whether it can serve (asks what it needs).
struct HealthRoutes: Sendable {
    let postgres: SharedLook<DatabaseState>
    let redis: RedisClient?

    var routes: [Route] {
        ["/health", "/health/live"].map { Route(.get, $0, live) }
            + ["/ready", "/health/ready"].map { Route(.get, $0, ready) }
    }

    @Sendable private func live(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(.ok, ["status": "up"])
    }

    @Sendable private func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        async let database = postgres.value(within: .seconds(2))
        async let redis = isRedisUp
        let state = await database ?? .noAnswer
        if state == .noSchema { context.logger.warning("the database has no schema: saga migrate up makes it") }
        let checks = [("postgres", state != .noAnswer), ("schema", state != .noSchema), ("redis", await redis)]
        let missing = checks.filter { $0.1 == false }.map { JSON($0.0) }
        if missing.isEmpty { return .json(.ok, ["status": "ready"]) }
        var problem = Problem(.notReady, "Something is missing, or did not answer.")
        problem.extra = [("missing", .array(missing))]
        throw problem
    }

    /// Nil when there is none.
    private var isRedisUp: Bool? {
        get async {
            guard let redis else { return nil }
            do throws(RedisError) {
                try await redis.ping()
                return true
            } catch {
                return false  // the client has logged why
            }
        }
    }
}
