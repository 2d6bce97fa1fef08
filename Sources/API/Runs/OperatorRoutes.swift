import Core
import HTTPTypes
import Hummingbird
import Storage

/// What can be asked of runs. Requests go into their inboxes: only the engine that holds a run changes it.
struct OperatorRoutes: Sendable {
    let door: RunDoor
    let body: BodyReader
    /// Tells who asks, when an admin does.
    let gate: AdminGate

    private static let maxReason = 1000

    var routes: [Route] {
        [
            Route(.post, "/v1/runs/:runId/cancel", cancel),
            Route(.post, "/v1/runs/:runId/undo", undo),
            Route(.post, "/v1/runs/:runId/pause", pause),
            Route(.post, "/v1/runs/:runId/resume", resume),
            Route(.post, "/v1/runs/:runId/signals/:name", signal),
            Route(.post, "/v1/runs/:runId/steps/:stepId/retry", retry),
        ]
            + Settlement.allCases.map { settlement in
                Route(.post, "/v1/runs/:runId/steps/:stepId/\(settlement.rawValue)") { request, context in
                    try await settle(settlement, request, context)
                }
            }
    }

    @Sendable private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let caller = try await gate.caller(request, context)
        var fields = try await optionalFields(request, ["reason"])
        let reason = fields.string("reason", maxBytes: Self.maxReason)
        try fields.check()
        return try await door.ask(id, InboxRequest(.cancel(reason: reason), sentBy: caller))
    }

    @Sendable private func undo(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let caller = try await gate.caller(request, context)
        var fields = try Fields(try await body.json(request), known: ["reason"])
        let reason = Self.reason(&fields)
        try fields.check()
        return try await door.ask(id, InboxRequest(.undo(reason: reason), sentBy: caller))
    }

    @Sendable private func pause(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let caller = try await gate.caller(request, context)
        var fields = try await optionalFields(request, ["reason", "holdDeadline"])
        let reason = fields.string("reason", maxBytes: Self.maxReason)
        let holdsDeadline = fields.flag("holdDeadline") ?? false
        try fields.check()
        return try await door.ask(
            id, InboxRequest(.pause(reason: reason, holdsDeadline: holdsDeadline), sentBy: caller))
    }

    @Sendable private func resume(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let caller = try await gate.caller(request, context)
        var fields = try await optionalFields(request, ["reason"])
        let reason = fields.string("reason", maxBytes: Self.maxReason)
        try fields.check()
        return try await door.ask(id, InboxRequest(.resume(reason: reason), sentBy: caller))
    }

    /// The body is what the signal says; none is null.
    @Sendable private func signal(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let name = try context.pathText("name")
        let caller = try await gate.caller(request, context)
        let key = try request.headers.idempotencyKey()
        let payload = try await body.optionalJSON(request) ?? .null
        guard !payload.isLonger(than: KeptSignal.maxPayload) else {
            throw Problem(.bodyTooLarge, "A signal has at most \(KeptSignal.maxPayload >> 10) KiB.")
        }
        return try await door.ask(id, InboxRequest(.signal(name: name, payload: payload, key: key), sentBy: caller))
    }

    @Sendable private func retry(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let stepID = try context.pathText("stepId")
        let caller = try await gate.caller(request, context)
        if let json = try await body.optionalJSON(request) { try Fields(json, known: []).check() }
        return try await door.ask(id, InboxRequest(.retry(stepID: stepID), sentBy: caller))
    }

    private func settle(
        _ settlement: Settlement, _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let id = try context.runID()
        let stepID = try context.pathText("stepId")
        let caller = try await gate.caller(request, context)
        let known = settlement == .complete ? ["output", "reason"] : ["reason"]
        var fields = try Fields(try await body.json(request), known: known)
        let reason = Self.reason(&fields)
        let output = fields["output"]
        if let output, output.isLonger(than: Self.maxOutput) {
            fields.refuse(JSONPointer(["output"]), "An output has at most \(Self.maxOutput >> 10) KiB.")
        }
        try fields.check()
        let kind = InboxRequest.Kind.settle(stepID: stepID, settlement, output: output, reason: reason)
        return try await door.ask(id, InboxRequest(kind, sentBy: caller))
    }

    /// As long as an answer of a participant may be.
    private static let maxOutput = CallDefinition.keptResponseBytes

    /// What a person has to say to what can't be taken back.
    private static func reason(_ fields: inout Fields) -> String {
        if fields["reason"] == nil { fields.refuse(JSONPointer(["reason"]), "This member is required.") }
        return fields.string("reason", maxBytes: maxReason) ?? ""
    }

    private func optionalFields(_ request: Request, _ known: [String]) async throws -> Fields {
        try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: known)
    }
}
