import Basics
import Console
import Core
import HTTPTypes
import Hummingbird
import Storage

/// A run that somebody starts by hand. Its form has an idempotency key of its own, so that sending it twice starts one run.
struct ConsoleStarts: Sendable {
    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let sight = WorkflowSight(visit)
        let workflow = try await ConsoleWorkflows.workflow(visit, sight)
        var draft = StartDraft(key: Self.newKey())
        draft.version = visit.query["version"] ?? ""
        draft.tenantID = sight.tenantOfRuns ?? ""
        let version = try await Self.version(draft, workflow, visit, sight)
        let wanted = visit.query["fill"].flatMap { StartPage.Filling(rawValue: $0) }
        let filling: StartPage.Filling
        (draft.input, filling) = try await input(wanted, workflow, version, visit, sight)
        let page = StartPage(workflow, version, draft, refusal: nil, filling: filling, sight, visit.frame)
        return .page(page.html)
    }

    /// The version that a start would take; nil where there is none, or it is not for this reader.
    private static func version(
        _ draft: StartDraft, _ workflow: WorkflowView, _ visit: ConsoleVisit, _ sight: WorkflowSight
    ) async throws -> VersionView? {
        let named = draft.version.isEmpty ? workflow.latest : draft.version
        guard let named else { return nil }
        do { return try await ConsoleWorkflows.version(workflow.name, named, visit, sight) } catch {
            guard (error as? Problem)?.kind == .unknownWorkflow else { throw error }
            return nil
        }
    }

    // MARK: What it begins with

    /// What is asked for, or else an example, or else the last run's.
    private func input(
        _ wanted: StartPage.Filling?, _ workflow: WorkflowView, _ version: VersionView?, _ visit: ConsoleVisit,
        _ sight: WorkflowSight
    ) async throws -> (String, StartPage.Filling) {
        if wanted == nil || wanted == .example, let example = Self.example(version) {
            return (StartDraft.lines(example), .example)
        }
        if wanted == nil || wanted == .last, let last = try await last(workflow, visit, sight) {
            return (StartDraft.lines(last), .last)
        }
        return ("{}", .nothing)
    }

    /// The first of the definition's own, or what its schema asks for.
    private static func example(_ version: VersionView?) -> JSON? {
        if let own = version?.definition?.contract.examples.first { return own }
        return version?.source["inputSchema"].flatMap { SchemaSample.value(of: $0) }
    }

    /// The input of the newest run, for whoever sees all of it.
    private func last(
        _ workflow: WorkflowView, _ visit: ConsoleVisit, _ sight: WorkflowSight
    ) async throws -> JSON? {
        guard visit.principal.payloads == .everything else { return nil }
        let list = try await visit.getIfAllowed(
            "/v1/runs", [], [("workflow", workflow.name), ("tenantId", sight.tenantOfRuns), ("limit", "1")])
        guard let id = list?["runs"]?[0]?["runId"]?.string,
            let input = try await visit.getIfAllowed("/v1/runs/:runId", [id])?["run"]?["input"]
        else { return nil }
        // Too long for a page.
        return input["large"] == true && input["bytes"]?.int != nil ? nil : input
    }

    // MARK: The start

    @Sendable func start(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let sight = WorkflowSight(visit)
        let workflow = try await ConsoleWorkflows.workflow(visit, sight)
        var draft = StartDraft(key: form["key"] ?? Self.newKey()) { form[$0] }
        do {
            let body = try draft.body()
            return .seeOther(try await start(workflow.name, body, draft.key, visit, sight))
        } catch let faults as StartFaults {
            let refusal = StartPage.Refusal("This is no start.", "What is given as JSON is none.", faults.faults)
            return try await refused(refusal, .unprocessableContent, draft, workflow, visit, sight)
        } catch let problem as Problem where Self.isAboutForm(problem) {
            var detail = problem.detail
            if problem.kind == .keyReused {
                draft.key = Self.newKey()
                detail =
                    "This form has started a run before, with something else in it. Sent once more it starts another one."
            }
            let faults = problem.places.map { StartDraft.Fault($0.pointer, $0.detail) }
            let refusal = StartPage.Refusal(problem.kind.title, detail, faults)
            return try await refused(refusal, problem.kind.status, draft, workflow, visit, sight)
        }
    }

    /// What whoever wrote it can mend, or wait for: what they have written is kept for them.
    private static func isAboutForm(_ problem: Problem) -> Bool {
        ![.unauthorized, .missingPermission, .unknownWorkflow].contains(problem.kind)
    }

    private func start(
        _ name: String, _ body: JSON, _ key: String, _ visit: ConsoleVisit, _ sight: WorkflowSight
    ) async throws -> String {
        var headers = visit.headers
        headers[.idempotencyKey] = key
        let answer = try await visit.api.call(
            .post, "/v1/workflows/:name/start", [name], body: body, headers: headers, visit.request, visit.context)
        let did = answer.headers[.idempotencyReplayed] == nil ? "start" : "started-before"
        guard let id = try await answer.pageJSON()["runId"]?.string, visit.principal.permissions.contains(.readRuns)
        else {
            // Who may start and not read is told that it was started.
            return visit.paths.workflow(name, sight.members + [("did", did)])
        }
        return Paths.query(visit.paths.run(id), [("did", did)])
    }

    private func refused(
        _ refusal: StartPage.Refusal, _ status: HTTPResponse.Status, _ draft: StartDraft, _ workflow: WorkflowView,
        _ visit: ConsoleVisit, _ sight: WorkflowSight
    ) async throws -> ConsoleAnswer {
        let version = try await Self.version(draft, workflow, visit, sight)
        let page = StartPage(workflow, version, draft, refusal: refusal, filling: .nothing, sight, visit.frame)
        return .page(page.html, status)
    }

    private static func newKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return "console-" + Base64URL.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
