import Core
import Crypto
import HTTPTypes
import Hummingbird
import Storage

/// `POST /v1/runs/{runId}/restart`: a run that is over is done anew, by another run.
struct RestartRoutes: Sendable {
    let restarts: RunRestarts
    let body: BodyReader

    var routes: [Route] { [Route(.post, "/v1/runs/:runId/restart", needs: .operateRuns, restart)] }

    @Sendable private func restart(_ request: Request, _ context: APIContext) async throws -> Response {
        let runID = try context.runID()
        let caller = context.principal.name
        let json = try await body.json(request)
        let asked = try RestartRequest(
            json, of: runID, by: caller, sight: context.principal.payloads, key: try request.headers.idempotencyKey(),
            traceparent: StartOrigin.traceparent(request.headers, context.trace))
        // What is not the run's own is a start.
        if asked.input != nil || asked.version != nil, !context.principal.permissions.contains(.startRuns) {
            throw Problem(
                .missingPermission,
                "A restart with another input or version needs the permission \(Permission.startRuns.rawValue), too.")
        }
        let accepted = try await restarts.restart(asked, from: context.origin)
        var headers: HTTPFields = [:]
        if accepted.isReplay { headers[.idempotencyReplayed] = "true" }
        headers[.location] = "/v1/runs/\(accepted.runID)"
        return .json(
            .accepted, ["runId": .string(accepted.runID.description), "status": .string(accepted.status.rawValue)],
            headers: headers)
    }
}

/// A request to do a run anew, read and checked.
struct RestartRequest: Sendable {
    let runID: RunID
    let by: String
    let reason: String
    /// What whoever asks sees of the run's payloads.
    let sight: PayloadSight
    /// Nil: everything is done anew.
    let fromStep: String?
    /// Nil: that of the run.
    let version: String?
    /// Nil: that of the run.
    let input: JSON?
    /// What still stands may be done once more.
    let repeats: Bool
    let key: StartRequest.Key?
    let traceparent: String?

    private static let maxReason = 1000

    init(
        _ json: JSON, of runID: RunID, by: String, sight: PayloadSight, key: String?, traceparent: String?
    ) throws(Problem) {
        var fields = try Fields(json, known: ["fromStep", "input", "version", "repeat", "reason"])
        self.runID = runID
        self.by = by
        self.sight = sight
        self.traceparent = traceparent
        if fields["reason"] == nil { fields.refuse(JSONPointer(["reason"]), "This member is required.") }
        reason = fields.string("reason", maxBytes: Self.maxReason) ?? ""
        fromStep = fields.string("fromStep", maxBytes: 63)
        version = fields.string("version", maxBytes: SemanticVersion.maxLength)
        if let version, SemanticVersion(version) == nil {
            fields.refuse(JSONPointer(["version"]), "A version is semantic, as in \"1.0.0\".")
        }
        input = fields["input"]
        repeats = fields.flag("repeat") ?? false
        if fields["repeat"] != nil, fields["fromStep"] == nil {
            fields.refuse(JSONPointer(["repeat"]), "Without fromStep everything is done anew.")
        }
        try fields.check()
        self.key = key.map { StartRequest.Key(text: $0, requestHash: Self.hash(runID, json)) }
    }

    /// No start has the same.
    private static func hash(_ runID: RunID, _ body: JSON) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("restart\n\(runID)\n".utf8))
        hash.update(data: body.canonicalBytes)
        return Array(hash.finalize())
    }
}
