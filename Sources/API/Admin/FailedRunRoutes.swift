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
    let door: RunDoor
    let body: BodyReader

    var routes: [Route] {
        [
            Route(.get, "/v1/admin/runs/failed", needs: .readRuns, counted: .call, list),
            Route(.post, "/v1/admin/runs/failed/retry", needs: .operateRuns, counted: .call, retryMany),
            Route(.post, "/v1/admin/runs/:runId/retry", needs: .operateRuns, counted: .call, retry),
            Route(.post, "/v1/admin/runs/:runId/resolve", needs: .operateRuns, counted: .call, resolve),
        ]
    }

    @Sendable private func list(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let asked = try FailedRunRequest.query(request, context.principal.scope)
        var query = asked
        query.runs.limit += 1
        let rows = try await reader.failed(query)
        let shown = rows.prefix(asked.runs.limit)
        let sight = context.principal.payloads
        let waits = try await waiting.json(of: shown.map(\.run), for: sight)
        let page = Page(shown.lazy.map { JSON.object($0.json(for: sight, waitingFor: waits[$0.run.runID])) })
        // The rows themselves may have ended early.
        let hasMore = page.count < rows.count || rows.last?.isLast == false
        let next = hasMore ? rows.prefix(page.count).last.map { Cursor(after: $0.run.runID).text } : nil
        return try answers.json(page.text("runs", ["nextCursor": JSON(next)]), to: context)
    }

    /// All failed compensations of a run, or one of them, or the quarantined run as a whole.
    @Sendable private func retry(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let id = try context.runID()
        var fields = try Fields(
            try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["stepId", "reason"])
        let stepID = fields.string("stepId", maxBytes: 255)
        let reason = fields.string("reason", maxBytes: 1000)
        try fields.check()
        return try await door.ask(
            id, InboxRequest(.retry(stepID: stepID, reason: reason), sentBy: context.principal.name),
            from: context.origin)
    }

    @Sendable private func resolve(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let id = try context.runID()
        let resolution = try ResolveRequest(try await body.json(request))
        let kind = InboxRequest.Kind.resolve(stepIDs: resolution.stepIDs, reason: resolution.reason)
        return try await door.ask(id, InboxRequest(kind, sentBy: context.principal.name), from: context.origin)
    }

    @Sendable private func retryMany(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let asked = try FailedRunRequest(
            try await body.optionalJSON(request) ?? .object(JSONObject()), context.principal.scope)
        var query = asked.query
        query.showsErrors = false
        let rows = try await reader.failed(query)
        let (busy, free) = (rows.filter(\.isAsked).map(\.run.runID), rows.filter { !$0.isAsked }.map(\.run.runID))
        var skipped = busy.map { ($0, "Something is asked of this run already.") }
        var retried = free
        if !asked.isDryRun, !free.isEmpty {
            let sent = try await door.inbox.retryFailed(
                free, stepID: asked.query.stepID, reason: asked.reason, by: context.principal.name,
                origin: context.origin)
            retried = free.filter { sent.contains($0) }
            skipped += free.filter { !sent.contains($0) }.map { ($0, "Somebody else took this run up meanwhile.") }
            door.notifier.wake()
            context.logger.notice(
                "failed runs are retried",
                metadata: ["count": .stringConvertible(retried.count), "by": "\(context.principal.name)"])
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
}
