import Core
import Hummingbird
import Logging
import Postgres
import Storage

/// Whether calls are sent to a participant. Engines see what is said here within a second.
struct ParticipantPauseRoutes: Sendable {
    let database: Database
    let body: BodyReader

    var routes: [Route] {
        [
            Route(.post, "/v1/admin/participants/:name/pause", needs: .operateWorkflows, counted: .call, pause),
            Route(.post, "/v1/admin/participants/:name/resume", needs: .operateWorkflows, counted: .call, resume),
        ]
    }

    @Sendable private func pause(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let name = try ParticipantRoutes.name(context)
        let owner = try ParticipantOwner(request, context)
        let participant = owner.participant(name)
        var fields = try Fields(try await body.json(request), known: ["reason"])
        let reason = fields.reason()
        try fields.check()
        let paused = try await database.writes.execute(
            PauseParticipant(participant, by: context.principal.name, reason: reason, origin: context.origin))
        guard let pause = paused.first else { throw try await owner.absence(of: name, database) }
        context.logger.notice(
            "participant paused", metadata: ParticipantRoutes.metadata(participant, context))
        return .json(.ok, ["name": .string(name), "tenant": .string(owner.owner.name), "paused": pause.json])
    }

    @Sendable private func resume(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let name = try ParticipantRoutes.name(context)
        let owner = try ParticipantOwner(request, context)
        let participant = owner.participant(name)
        var fields = try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["reason"])
        let reason = fields.string("reason", maxBytes: Fields.maxReason)
        try fields.check()
        let known = try await database.writes.execute(
            ResumeParticipant(participant, by: context.principal.name, reason: reason, origin: context.origin))
        guard !known.isEmpty else { throw try await owner.absence(of: name, database) }
        context.logger.notice(
            "participant resumed", metadata: ParticipantRoutes.metadata(participant, context))
        return .json(.ok, ["name": .string(name), "tenant": .string(owner.owner.name), "paused": .null])
    }

    /// Participants are shared by all tenants.
    private static func name(_ context: APIContext) throws(Problem) -> String {
        guard context.principal.tenants == .all else {
            throw Problem(
                .missingPermission,
                "Participants are shared by all tenants: this needs workflows:operate for all of them.")
        }
        return try ParticipantRoutes.name(context)
    }
}

extension ParticipantPause {
    /// `{since, by, reason}`.
    var json: JSON { ["since": RunJSON.time(since), "by": .string(by), "reason": .string(reason)] }
}
