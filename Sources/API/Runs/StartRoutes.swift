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

    var routes: [Route] { [Route(.post, "/v1/workflows/:name/start", start)] }

    @Sendable private func start(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.pathText("name")
        // Read before its turn comes: a client that takes its time to send must not keep others from theirs.
        let accepted = try await body.hold(request) { text in
            try await values.hold(JSON.mostMemory(ofText: text.readableBytes)) {
                let asked = try StartRequest(
                    try body.parse(text), request.headers,
                    origin: try StartOrigin(workflow: name, request.headers, context.trace))
                return try await window.pass { try await starts.start(asked) }
            }
        }
        var headers: HTTPFields = [:]
        headers[.deprecation] = accepted.deprecation?.headerValue
        if accepted.isReplay { headers[.idempotencyReplayed] = "true" }
        return try await answer(accepted, wait: Preference.wait(request.headers[values: .prefer]), headers: headers)
    }

    /// - Parameter wait: how long the client would wait for the run's end, in seconds.
    private func answer(_ accepted: RunStarts.Accepted, wait: Int?, headers: HTTPFields) async throws -> Response {
        var (headers, status) = (headers, accepted.status)
        let text = accepted.runID.description
        headers[.location] = "/v1/runs/\(text)"
        if let wait {
            headers[.preferenceApplied] = "wait=\(wait)"
            let watcher = starts.watcher
            status = try await watcher.waitForEnd(of: accepted.runID, atMost: .seconds(wait)) ?? status
            if status.isTerminal, let (run, steps) = try await watcher.reader.find(accepted.runID) {
                return .json(.ok, RunJSON.run(run, steps), headers: headers)
            }
        }
        return .json(.accepted, ["runId": .string(text), "status": .string(status.rawValue)], headers: headers)
    }
}
