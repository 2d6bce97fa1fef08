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

    var routes: [Route] {
        [
            Route(.post, "/v1/runs/:runId/cancel", cancel),
            Route(.post, "/v1/runs/:runId/steps/:stepId/retry", retry),
        ]
    }

    @Sendable private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let caller = try await gate.caller(request, context)
        var fields = try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["reason"])
        let reason = fields.string("reason", maxBytes: 1000)
        try fields.check()
        return try await door.ask(id, InboxRequest(.cancel(reason: reason), sentBy: caller))
    }

    @Sendable private func retry(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let stepID = try context.pathText("stepId")
        let caller = try await gate.caller(request, context)
        if let json = try await body.optionalJSON(request) { try Fields(json, known: []).check() }
        return try await door.ask(id, InboxRequest(.retry(stepID: stepID), sentBy: caller))
    }
}
