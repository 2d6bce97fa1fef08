import Core
import HTTPTypes
import Hummingbird
import Storage

/// What can be asked of runs. Requests go into their inboxes: only the engine that holds a run changes it.
struct OperatorRoutes: Sendable {
    let door: RunDoor
    let body: BodyReader
    /// Whether signals are in the audit, too.
    let auditsSignals: Bool

    private static let maxReason = 1000

    var routes: [Route] {
        [
            Route(.post, "/v1/runs/:runId/cancel", needs: .operateRuns, cancel),
            Route(.post, "/v1/runs/:runId/undo", needs: .operateRuns, undo),
            Route(.post, "/v1/runs/:runId/pause", needs: .operateRuns, pause),
            Route(.post, "/v1/runs/:runId/resume", needs: .operateRuns, resume),
            Route(.post, "/v1/runs/:runId/signals/:name", needs: .operateRuns, signal),
            Route(.post, "/v1/runs/:runId/steps/:stepId/retry", needs: .operateRuns, retry),
        ]
            + Settlement.allCases.map { settlement in
                Route(.post, "/v1/runs/:runId/steps/:stepId/\(settlement.rawValue)", needs: .operateRuns) {
                    request, context in
                    try await settle(settlement, request, context)
                }
            }
    }

    @Sendable private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        try await ask(request, context, ["reason"]) { .cancel(reason: $0.string("reason", maxBytes: Self.maxReason)) }
    }

    @Sendable private func undo(_ request: Request, _ context: APIContext) async throws -> Response {
        try await ask(request, context, ["reason"], needsBody: true) { .undo(reason: Self.reason(&$0)) }
    }

    @Sendable private func pause(_ request: Request, _ context: APIContext) async throws -> Response {
        try await ask(request, context, ["reason", "holdDeadline"]) {
            .pause(
                reason: $0.string("reason", maxBytes: Self.maxReason), holdsDeadline: $0.flag("holdDeadline") ?? false)
        }
    }

    @Sendable private func resume(_ request: Request, _ context: APIContext) async throws -> Response {
        try await ask(request, context, ["reason"]) { .resume(reason: $0.string("reason", maxBytes: Self.maxReason)) }
    }

    /// The body is what the signal says; none is null.
    @Sendable private func signal(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let name = try context.pathText("name")
        let caller = context.principal.name
        let key = try request.headers.idempotencyKey()
        let payload = try await body.optionalJSON(request) ?? .null
        guard !payload.isLonger(than: KeptSignal.maxPayload) else {
            throw Problem(.bodyTooLarge, "A signal has at most \(KeptSignal.maxPayload >> 10) KiB.")
        }
        // The run itself knows who sent it. Where nobody says who they are there is nothing to add.
        return try await door.ask(
            id, InboxRequest(.signal(name: name, payload: payload, key: key), sentBy: caller), from: context.origin,
            isAudited: auditsSignals && caller != AdminToken.anonymous)
    }

    @Sendable private func retry(_ request: Request, _ context: APIContext) async throws -> Response {
        let stepID = try context.pathText("stepId")
        return try await ask(request, context, []) { _ in .retry(stepID: stepID) }
    }

    private func settle(
        _ settlement: Settlement, _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let stepID = try context.pathText("stepId")
        let known = settlement == .complete ? ["output", "reason"] : ["reason"]
        return try await ask(request, context, known, needsBody: true) { fields in
            let reason = Self.reason(&fields)
            let output = fields["output"]
            if let output, output.isLonger(than: Self.maxOutput) {
                fields.refuse(JSONPointer(["output"]), "An output has at most \(Self.maxOutput >> 10) KiB.")
            }
            return .settle(stepID: stepID, settlement, output: output, reason: reason)
        }
    }

    /// Asks for what the members of the body say, all of which are known.
    private func ask(
        _ request: Request, _ context: APIContext, _ known: [String], needsBody: Bool = false,
        _ kind: @Sendable (inout Fields) -> InboxRequest.Kind
    ) async throws -> Response {
        let id = try context.runID()
        let caller = context.principal.name
        let json = needsBody ? try await body.json(request) : try await body.optionalJSON(request)
        var fields = try Fields(json ?? .object(JSONObject()), known: known)
        let asked = kind(&fields)
        try fields.check()
        return try await door.ask(id, InboxRequest(asked, sentBy: caller), from: context.origin)
    }

    /// As long as an answer of a participant may be.
    private static let maxOutput = CallDefinition.keptResponseBytes

    /// What a person has to say to what can't be taken back.
    private static func reason(_ fields: inout Fields) -> String {
        if fields["reason"] == nil { fields.refuse(JSONPointer(["reason"]), "This member is required.") }
        return fields.string("reason", maxBytes: maxReason) ?? ""
    }
}
