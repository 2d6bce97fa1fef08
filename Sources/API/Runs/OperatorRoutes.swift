import Core
import HTTPTypes
import Hummingbird
import Storage

/// What can be asked of runs. Requests go into their inboxes: only the engine that holds a run changes it.
struct OperatorRoutes: Sendable {
    let reader: RunReader
    let inbox: RunInbox
    let notifier: OutboxNotifier
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
        return try answer(try await inbox.cancel(id, reason: reason, by: caller), id)
    }

    @Sendable private func retry(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let stepID = try context.pathText("stepId")
        let caller = try await gate.caller(request, context)
        if let json = try await body.optionalJSON(request) { try Fields(json, known: []).check() }
        guard let (_, steps) = try await reader.standing(of: id) else { throw Problem.unknownRun }
        guard steps.contains(where: { $0.stepID == stepID }) else {
            throw Problem(.unknownStep, "The run's workflow has no step of this id.")
        }
        let outcome = try await inbox.retry(id, stepID: stepID, by: caller) { run, steps in
            Self.canRetry(stepID, run, steps)
        }
        return try answer(outcome, id)
    }

    private func answer(_ outcome: InboxOutcome, _ id: RunID) throws(Problem) -> Response {
        switch outcome {
        case .accepted:
            notifier.wake()
            notifier.inboxFilled(id)
            let text = id.description
            return .json(.accepted, ["runId": .string(text)], headers: [.location: "/v1/runs/\(text)"])
        case .terminal(let status):
            throw Problem(.runEnded, "The run is \(status.rawValue); it can't be cancelled any more.")
        case .unknownRun:
            throw .unknownRun
        case .notRetryable, .notFailed, .alreadyAsked:
            throw Problem(
                .stepNotRetryable,
                "Only a step that waits for its next attempt, or what a FAILED run gave up on, can be retried.")
        }
    }

    /// The rule of `Run.canRetry`, on rows.
    private static func canRetry(_ stepID: String, _ run: RunHead, _ steps: [StepRow]) -> Bool {
        guard let step = steps.first(where: { $0.stepID == stepID })?.step else { return false }
        switch run.status {
        case .pending, .running, .compensating: return step.isWaitingForRetry
        case .failed:
            return step.compensationStatus == .failed || !steps.contains { $0.step.compensationStatus == .failed }
        case nil, .completed, .compensated, .cancelled: return false
        }
    }
}
