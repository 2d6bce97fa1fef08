import Console
import Core
import HTTPTypes
import Hummingbird

/// What people change about workflows: whether they take starts, and which versions starts take. Done, one is on its page again; refused, one is
/// told why there.
struct ConsoleWorkflowChanges: Sendable {
    @Sendable func pause(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        var body = reason(form)
        if let starts = form["starts"] { body["starts"] = .string(starts) }
        return try await ofWorkflow(.post, "/v1/admin/workflows/:name/pause", "pause-workflow", visit, form, body)
    }

    @Sendable func resume(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await ofWorkflow(
            .post, "/v1/admin/workflows/:name/resume", "resume-workflow", visit, form, reason(form))
    }

    @Sendable func deprecate(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await ofVersion(.put, "deprecate", visit, form, reason(form))
    }

    @Sendable func restore(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await ofVersion(.delete, "restore", visit, form, nil)
    }

    private func ofWorkflow(
        _ method: HTTPRequest.Method, _ path: String, _ did: String, _ visit: ConsoleVisit, _ form: ConsoleForm,
        _ body: JSONObject
    ) async throws -> ConsoleAnswer {
        let name = try visit.pathText("name")
        try await ask(method, path, [name], visit, form, body)
        return .seeOther(visit.paths.workflow(name, WorkflowSight(visit).members + [("did", did)]))
    }

    private func ofVersion(
        _ method: HTTPRequest.Method, _ did: String, _ visit: ConsoleVisit, _ form: ConsoleForm, _ body: JSONObject?
    ) async throws -> ConsoleAnswer {
        let (name, version) = (try visit.pathText("name"), try visit.pathText("version"))
        try await ask(
            method, "/v1/admin/workflows/:name/:version/deprecation", [name, version], visit, form, body)
        return .seeOther(visit.paths.version(name, version, WorkflowSight(visit).members + [("did", did)]))
    }

    private func ask(
        _ method: HTTPRequest.Method, _ path: String, _ variables: [String], _ visit: ConsoleVisit,
        _ form: ConsoleForm, _ body: JSONObject?
    ) async throws {
        // The one that was on the page, also when there is another of the name by now.
        let owner = visit.principal.tenants == .all ? form["owner"] : nil
        _ = try await visit.api.call(
            method, path, variables, query: [("tenant", owner)], body: body.map { .object($0) }, headers: visit.headers,
            visit.request, visit.context)
    }

    private func reason(_ form: ConsoleForm) -> JSONObject {
        form["reason"].map { ["reason": .string($0)] } ?? JSONObject()
    }

    /// What is said on top of the page then; nil for what is none of these.
    static func notice(_ did: String) -> String? {
        switch did {
        case "pause-workflow": "Its starts are paused."
        case "resume-workflow": "It takes starts again. Runs that have waited for it begin."
        case "deprecate": "A start without a version skips it from now on."
        case "restore": "A start without a version may take it again."
        case "start": "It is started."
        case "started-before": "This form had started it before: there is one run."
        default: nil
        }
    }
}
