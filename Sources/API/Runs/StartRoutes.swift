import Core
import HTTPTypes
import Hummingbird
import Storage
import Telemetry

/// `POST /v1/workflows/{name}/start`: the hot path.
struct StartRoutes: Sendable {
    let definitions: DefinitionStore
    let starter: RunStarter
    let notifier: OutboxNotifier
    let ids: RunIDSource
    let body: BodyReader
    let watcher: RunWatcher
    let keyLifetime: Duration
    let metrics: APIMetrics

    var routes: [Route] { [Route(.post, "/v1/workflows/:name/start", start)] }

    @Sendable private func start(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.pathText("name")
        let asked = try StartRequest(
            try await body.json(request), request.headers, workflow: name, keyLifetime: keyLifetime)
        let definition: WorkflowDefinition
        var headers: HTTPFields = [:]
        if let version = asked.version {
            definition = try await definitions.definition(name, version: version)
            headers[.deprecation] = try await definitions.deprecation(name, version: version)?.headerValue
        } else {
            definition = try await definitions.highestRelease(name)
        }
        let (id, now) = ids.next()
        let new = NewRun(
            run: Run(id: id, definition: definition, input: asked.input, context: asked.context, createdAt: now),
            tenantID: asked.tenantID, correlationID: asked.correlationID,
            traceparent: context.trace?.traceparent ?? asked.traceparent,
            idempotency: asked.idempotency)
        switch try await starter.submit(new) {
        case .started:
            metrics.countStart(of: new.run)
            notifier.wake()
            return try await answer(id, new.run.status, wait: asked.wait, headers: headers)
        case .replayed(let known):
            guard let status = try await watcher.status(of: known) else {
                throw Problem(.unknownRun, "The run this key stands for has been removed.")
            }
            headers[.idempotencyReplayed] = "true"
            return try await answer(known, status, wait: asked.wait, headers: headers)
        case .keyReused:
            throw Problem(.keyReused, "Use a new Idempotency-Key for another request.")
        }
    }

    private func answer(
        _ id: RunID, _ status: RunStatus, wait: Int?, headers: HTTPFields
    ) async throws -> Response {
        var (headers, status) = (headers, status)
        let text = id.description
        headers[.location] = "/v1/runs/\(text)"
        if let wait {
            headers[.preferenceApplied] = "wait=\(wait)"
            status = try await watcher.waitForEnd(of: id, atMost: .seconds(wait)) ?? status
            if status.isTerminal, let (run, steps) = try await watcher.reader.find(id) {
                return .json(.ok, RunJSON.run(run, steps), headers: headers)
            }
        }
        return .json(.accepted, ["runId": .string(text), "status": .string(status.rawValue)], headers: headers)
    }
}
