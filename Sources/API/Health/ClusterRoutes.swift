import Core
import Hummingbird
import Postgres
import Storage

/// `GET /health/cluster`: which engines there are, and how far behind they are. Costs a look at one end of an index.
///
/// The backlog is read when it is asked for; what an engine tells is as old as its last heartbeat.
struct ClusterRoutes: Sendable {
    let reads: Pool
    let clock: DatabaseClock

    var routes: [Route] { [Route(.get, "/health/cluster", needs: .readCluster, show)] }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (backlogs, engines) = try await reads.withConnection { connection throws(PostgresError) in
            try await connection.transaction(ReadBacklog(), ListEngines())
        }
        guard let backlog = backlogs.first else { throw StoreError.unavailable(.decoding("no backlog came back")) }
        let differing = AgreedSettings.differences(among: engines).keys.sorted()
        return .json(
            .ok,
            [
                "engines": .array(engines.map(Self.shown)), "liveEngines": JSON(backlog.liveEngines),
                "settingsThatDiffer": .array(differing.map { .string($0) }),
                "backlog": JSON(backlog.backlog),
                "backlogIsEstimate": .bool(backlog.backlog > ReadBacklog.exactLimit),
                "lagMs": JSON(Int(backlog.lag / .milliseconds(1))),
                // How far the database's clock is ahead of that of the machine that answers.
                "clockOffsetMs": clock.offsetMilliseconds,
            ])
    }

    private static func shown(_ engine: ListEngines.Row) -> JSON {
        [
            "id": .string(engine.engineID.description), "host": .string(engine.host),
            "version": .string(engine.version), "startedAt": RunJSON.time(engine.startedAt),
            "heartbeatAt": RunJSON.time(engine.heartbeatAt),
            "heartbeatAgeMs": JSON(Int(max(.zero, engine.age) / .milliseconds(1))), "inFlight": JSON(engine.inFlight),
            "alive": .bool(engine.isAlive), "settings": engine.report["settings"] ?? .null,
            "clockOffsetMs": engine.report["clock"]?["offsetMs"] ?? .null,
            "hasPublicUrl": engine.report["hasPublicUrl"] ?? .null,
        ]
    }
}
