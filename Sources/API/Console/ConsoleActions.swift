import Console
import Core
import HTTPTypes
import Hummingbird

/// What people ask of one run: the routes of the API for it, with what a form says.
struct ConsoleActions: Sendable {
    @Sendable func act(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let id = try visit.pathText("runId")
        guard let action = form["action"].flatMap({ RunAction.Kind(rawValue: $0) }) else {
            throw Problem(.invalidContent, "The form names nothing that can be done.")
        }
        if action == .restart { return try await restart(id, visit, form) }
        try await Self.ask(action, id, visit, form)
        return .seeOther(Paths.query(visit.paths.run(id), [("did", action.rawValue)]))
    }

    private func restart(_ id: String, _ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        var body = Self.reason(form)
        if let step = form["fromStep"] {
            body["fromStep"] = .string(step)
            if form["repeat"] == "true" { body["repeat"] = true }
        }
        let answer = try await visit.post("/v1/runs/:runId/restart", [id], .object(body))
        let other = answer["runId"]?.string ?? id
        return .seeOther(Paths.query(visit.paths.run(other), [("did", "restart")]))
    }

    /// Asks for it.
    static func ask(_ action: RunAction.Kind, _ id: String, _ visit: ConsoleVisit, _ form: ConsoleForm) async throws {
        var body = reason(form)
        func step() throws(Problem) -> String {
            guard let step = form["stepId"] else { throw Problem(.invalidContent, "The form names no step.") }
            return step
        }
        switch action {
        case .cancel: try await visit.post("/v1/runs/:runId/cancel", [id], .object(body))
        case .undo: try await visit.post("/v1/runs/:runId/undo", [id], .object(body))
        case .resume: try await visit.post("/v1/runs/:runId/resume", [id], .object(body))
        case .pause:
            if form["holdDeadline"] == "true" { body["holdDeadline"] = true }
            try await visit.post("/v1/runs/:runId/pause", [id], .object(body))
        case .restart: preconditionFailure("a restart leads to another run")
        case .signal:
            let payload = try json(form["payload"])
            try await visit.post("/v1/runs/:runId/signals/:name", [id, form["name"] ?? ""], payload ?? .null)
        case .retryAll: try await visit.post("/v1/admin/runs/:runId/retry", [id], .object(body))
        case .resolve:
            body["stepIds"] = .array(form.all("stepIds").map { .string($0) })
            body["resolution"] = "compensated"
            try await visit.post("/v1/admin/runs/:runId/resolve", [id], .object(body))
        case .retry: try await visit.post("/v1/runs/:runId/steps/:stepId/retry", [id, try step()], .object([:]))
        case .complete:
            if let output = try json(form["output"]) { body["output"] = output }
            try await visit.post("/v1/runs/:runId/steps/:stepId/complete", [id, try step()], .object(body))
        case .skip: try await visit.post("/v1/runs/:runId/steps/:stepId/skip", [id, try step()], .object(body))
        case .fail: try await visit.post("/v1/runs/:runId/steps/:stepId/fail", [id, try step()], .object(body))
        }
    }

    private static func reason(_ form: ConsoleForm) -> JSONObject {
        form["reason"].map { ["reason": .string($0)] } ?? JSONObject()
    }

    private static func json(_ text: String?) throws(Problem) -> JSON? {
        guard let text else { return nil }
        do { return try JSON(parsing: text) } catch {
            throw Problem(.malformedJSON, "What was given as JSON is none: \(error)")
        }
    }
}
