import Core
import HTTPTypes
import Hummingbird
import Storage

/// `POST /v1/workflows/{name}/start`: the hot path.
struct StartRoutes: Sendable {
    let starts: RunStarts
    let body: BodyReader
    /// For the values of bodies, which take more memory than their text.
    let values: ByteRoom
    let window: StartWindow
    let watch: RunWatch
    let places: WatchPlaces
    let answers: Answers
    let waiting: WaitingFor

    var routes: [Route] { [Route(.post, "/v1/workflows/:name/start", needs: .startRuns, start)] }

    @Sendable private func start(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.pathText("name")
        // Read before its turn comes: a client that takes its time to send must not keep others from theirs.
        let wait = Preference.wait(request.headers[values: .prefer])
        // Before anything is written: who is refused here may simply try again.
        let place = try (wait ?? 0) > 0 ? places.take(.wait, for: context) : nil
        defer { withExtendedLifetime(place) {} }
        let accepted = try await body.hold(request) { text in
            try await values.hold(JSON.mostMemory(ofText: text.readableBytes)) {
                let origin = try StartOrigin(
                    workflow: name, tenants: context.principal.tenants, request.headers, context.trace)
                return try await body.aside(from: text) {
                    let asked = try await body.make(of: text) { [headers = request.headers] json throws(Problem) in
                        try StartRequest(json, headers, origin: origin)
                    }
                    return try await window.pass(of: asked.tenantID) { try await starts.start(asked) }
                }
            }
        }
        var headers: HTTPFields = [:]
        headers[.deprecation] = accepted.deprecation?.headerValue
        if accepted.isReplay { headers[.idempotencyReplayed] = "true" }
        headers[.location] = "/v1/runs/\(accepted.runID)"
        return try await answer(accepted, context, wait: wait, headers: headers)
    }

    /// - Parameter wait: how long the client would wait for the run's end, in seconds.
    private func answer(
        _ accepted: RunStarts.Accepted, _ context: APIContext, wait: Int?, headers: HTTPFields
    ) async throws -> Response {
        var (headers, status) = (headers, accepted.status)
        // Who may start and not read is told that it was started.
        if let wait, context.principal.permissions.contains(.readRuns) {
            headers[.preferenceApplied] = "wait=\(wait)"
            if !status.isTerminal, wait > 0 {
                let outcome = await watch.wait(for: accepted.runID, atMost: .seconds(wait), pace: .end) { $0.isOver }
                if case .happened(let sight) = outcome, let seen = sight.status { status = seen }
            }
            if status.isTerminal, let (run, steps, definition, waits) = try await shown(accepted.runID, context) {
                return try answers.json(
                    RunJSON.run(run, steps, of: definition, for: context.principal.payloads, waitingFor: waits),
                    of: accepted.runID, to: context, headers: headers)
            }
        }
        return .json(
            .accepted, ["runId": .string(accepted.runID.description), "status": .string(status.rawValue)],
            headers: headers)
    }

    /// The run as it ended; nil when it can't be read. It is committed and over: no reason to answer that it may not be.
    private func shown(
        _ runID: RunID, _ context: APIContext
    ) async throws -> (run: ShownRun, steps: [ShownStep], definition: WorkflowDefinition?, waitingFor: JSON?)? {
        do throws(StoreError) {
            guard let (run, steps) = try await starts.reader.shown(runID) else { return nil }
            return (
                run, steps, try await waiting.definition(of: run.head),
                try await waiting.json(of: [run.head], for: context.principal.payloads)[runID]
            )
        } catch {
            return nil
        }
    }
}
