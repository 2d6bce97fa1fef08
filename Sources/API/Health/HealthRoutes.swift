import Core
import Hummingbird
import Logging
import Postgres
import Redis
import Storage

/// Whether the process is up (touches nothing), and whether it can serve (asks what it needs).
struct HealthRoutes: Sendable {
    let postgres: SharedLook<DatabaseState>
    /// How far behind engines are; nil when it could not be seen.
    let backlog: SharedLook<ReadBacklog.Row?>
    let redis: RedisClient?

    /// A run that has been due for longer than this is not about to be claimed.
    private static let longLag = Duration.seconds(60)

    init(database: Database, redis: RedisClient?) {
        postgres = database.makeProbe()
        backlog = SharedLook { [reads = database.reads] in
            // Whoever wonders why it is missing finds the reason where the pool has logged it.
            do { return try await reads.execute(ReadBacklog(), deadline: .seconds(2)).first } catch { return nil }
        }
        self.redis = redis
    }

    var routes: [Route] {
        ["/health", "/health/live"].map { Route(.get, $0, needs: nil, live) }
            + ["/ready", "/health/ready"].map { Route(.get, $0, needs: nil, ready) }
    }

    @Sendable private func live(_ request: Request, _ context: APIContext) async throws -> Response {
        .json(.ok, ["status": "up"])
    }

    @Sendable private func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        async let database = postgres.value(within: .seconds(2))
        async let redis = isRedisUp
        async let backlog = backlog.value(within: .seconds(2))
        let state = await database ?? .noAnswer
        if state == .noSchema { context.logger.warning("the database has no schema: saga migrate up makes it") }
        let checks = [("postgres", state != .noAnswer), ("schema", state != .noSchema), ("redis", await redis)]
        let missing = checks.filter { $0.1 == false }.map { JSON($0.0) }
        if missing.isEmpty {
            let warnings = await backlog.flatMap { $0 }.map(Self.warnings) ?? []
            return .json(.ok, ["status": "ready", "warnings": .array(warnings.map { .string($0) })])
        }
        var problem = Problem(.notReady, "Something is missing, or did not answer.")
        problem.extra = [("missing", .array(missing))]
        throw problem
    }

    /// What keeps runs from going on although this process can take them. No reason not to be ready: what is accepted
    /// is safe, and an API that is taken out of service helps nobody.
    private static func warnings(_ backlog: ReadBacklog.Row) -> [String] {
        var warnings: [String] = []
        if backlog.liveEngines == 0 { warnings.append("No engine lives: runs are accepted and wait for one.") }
        if backlog.lag > longLag {
            warnings.append(
                "A run has been due for \(Int(backlog.lag / .seconds(1))) s and no engine has claimed it.")
        }
        return warnings
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
