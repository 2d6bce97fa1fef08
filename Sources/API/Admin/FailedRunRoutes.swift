import Core
import HTTPTypes
import Hummingbird
import Logging
import Storage

/// FAILED runs, which wait for a person, and what a person can do about them: try again, or say that a step was undone
/// by hand. Both are requests to the engine that takes the run up.
struct FailedRunRoutes: Sendable {
    let reader: RunReader
    let answers: Answers
    let waiting: WaitingFor
    let inbox: RunInbox
    let notifier: OutboxNotifier
    let body: BodyReader
    let gate: AdminGate

    var routes: [Route] {
        [
            gate.guarded(.get, "/v1/admin/runs/failed", list),
            gate.guarded(.post, "/v1/admin/runs/failed/retry", retryMany),
            gate.guarded(.post, "/v1/admin/runs/:runId/retry", retry),
            gate.guarded(.post, "/v1/admin/runs/:runId/resolve", resolve),
        ]
    }

    @Sendable private func list(
        _ request: Request, _ context: APIContext, _ admin: AdminGate.Admission
    ) async throws -> Response {
        let asked = try FailedRunRequest.query(request)
        var query = asked
        query.runs.limit += 1
        let rows = try await reader.failed(query)
        let shown = rows.prefix(asked.runs.limit)
        let waits = try await waiting.json(of: shown.map(\.run))
        let page = Page(shown.lazy.map { JSON.object($0.json(waitingFor: waits[$0.run.runID])) })
        // The rows themselves may have ended early.
        let hasMore = page.count < rows.count || rows.last?.isLast == false
        let next = hasMore ? rows.prefix(page.count).last.map { Cursor(after: $0.run.runID).text } : nil
        return try answers.json(page.text("runs", ["nextCursor": JSON(next)]), to: context)
    }

    /// All failed compensations of a run, or one of them, or the quarantined run as a whole.
    @Sendable private func retry(
        _ request: Request, _ context: APIContext, _ admin: AdminGate.Admission
    ) async throws -> Response {
        let id = try context.runID()
        var fields = try Fields(
            try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["stepId", "reason"])
        let stepID = fields.string("stepId", maxBytes: 63)
        let reason = fields.string("reason", maxBytes: 1000)
        try fields.check()
        let (_, steps) = try await failedRun(id)
        if let stepID {
            let step = try Self.step(stepID, of: steps)
            guard step.compensationStatus == .failed || !steps.contains(where: { $0.hasGivenUp }) else {
                throw Problem(.stepNotRetryable, "The compensation of this step has not given up; others have.")
            }
        }
        let asked = InboxRequest(.retry(stepID: stepID, reason: reason), sentBy: admin.name)
        return try await answer(try await inbox.askFailed(id, asked, .retryRun), id, context)
    }

    @Sendable private func resolve(
        _ request: Request, _ context: APIContext, _ admin: AdminGate.Admission
    ) async throws -> Response {
        let id = try context.runID()
        let resolution = try ResolveRequest(try await body.json(request))
        let (run, steps) = try await failedRun(id)
        let isQuarantined = run.isQuarantined
        var refused: [String] = []
        for stepID in resolution.stepIDs
        where try !Self.step(stepID, of: steps).isResolvable(inQuarantine: isQuarantined) { refused.append(stepID) }
        guard refused.isEmpty else {
            throw Problem(
                .stepNotResolvable,
                "Only a step whose compensation gave up can be resolved, or one of a quarantined run that may have had "
                    + "an effect and is not undone. That is not so of \(refused.joined(separator: ", ")).")
        }
        let asked = InboxRequest(.resolve(stepIDs: resolution.stepIDs, reason: resolution.reason), sentBy: admin.name)
        // After whatever is asked first a quarantined run is quarantined no more, and its other steps are the engine's.
        let outcome = try await inbox.askFailed(id, asked, .resolveStep, repeats: !isQuarantined)
        return try await answer(outcome, id, context)
    }

    @Sendable private func retryMany(
        _ request: Request, _ context: APIContext, _ admin: AdminGate.Admission
    ) async throws -> Response {
        let asked = try FailedRunRequest(try await body.optionalJSON(request) ?? .object(JSONObject()))
        var query = asked.query
        query.showsErrors = false
        let rows = try await reader.failed(query)
        let (busy, free) = (rows.filter(\.isAsked).map(\.run.runID), rows.filter { !$0.isAsked }.map(\.run.runID))
        var skipped = busy.map { ($0, "Something is asked of this run already.") }
        var retried = free
        if !asked.isDryRun, !free.isEmpty {
            let request = InboxRequest(.retry(stepID: asked.query.stepID, reason: asked.reason), sentBy: admin.name)
            let sent = try await inbox.askFailed(free, request, .retryRun)
            retried = free.filter { sent.contains($0) }
            skipped += free.filter { !sent.contains($0) }.map { ($0, "Somebody else took this run up meanwhile.") }
            notifier.wake()
            context.logger.notice(
                "failed runs are retried",
                metadata: ["count": .stringConvertible(retried.count), "by": "\(admin.name)"])
        }
        return .json(
            .ok,
            [
                "dryRun": .bool(asked.isDryRun), "matched": JSON(rows.count),
                "retried": .array(retried.map { .string($0.description) }),
                "skipped": .array(
                    skipped.map { ["runId": .string($0.0.description), "reason": .string($0.1)] }),
            ])
    }

    private func failedRun(_ id: RunID) async throws -> (run: RunHead, steps: [StepRow]) {
        guard let (run, steps) = try await reader.standing(of: id) else { throw Problem.unknownRun }
        guard run.status == .failed else { throw Problem.notFailed(run.status) }
        return (run, steps)
    }

    private static func step(_ stepID: String, of steps: [StepRow]) throws(Problem) -> Step {
        guard let row = steps.first(where: { $0.stepID == stepID }) else {
            throw Problem(.unknownStep, "The run's workflow has no step \(stepID).")
        }
        return row.step
    }

    private func answer(_ outcome: InboxOutcome, _ id: RunID, _ context: APIContext) async throws -> Response {
        switch outcome {
        case .accepted:
            notifier.wake()
            notifier.inboxFilled(id)
            let text = id.description
            return .json(.accepted, ["runId": .string(text)], headers: [.location: "/v1/runs/\(text)"])
        case .unknownRun: throw Problem.unknownRun
        case .notFailed, .notRetryable: throw Problem.notFailed(nil)
        case .terminal(let status): throw Problem.notFailed(status)
        case .alreadyAsked:
            throw Problem(
                .stepNotResolvable,
                "Something is asked of this quarantined run already, and an engine is about to take it up.")
        }
    }
}

extension StepRow {
    /// Its compensation was tried as often as it may be.
    fileprivate var hasGivenUp: Bool { step.compensationStatus == .failed }
}

extension Problem {
    /// - Parameter status: where the run stands; nil when it has just changed.
    fileprivate static func notFailed(_ status: RunStatus?) -> Problem {
        Problem(.runNotFailed, "Only a FAILED run waits for a person; this one is \(status?.rawValue ?? "so no more").")
    }
}
