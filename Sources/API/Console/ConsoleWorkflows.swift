import Console
import Core
import HTTPTypes
import Hummingbird
import Participants
import Storage

extension ConsoleRoutes {
    /// Workflows and their versions.
    var workflowRoutes: [Route] {
        let (pages, changes, starts) = (ConsoleWorkflows(), ConsoleWorkflowChanges(), ConsoleStarts())
        let (one, version) = ("/workflows/:name", "/workflows/:name/:version")
        return [
            page("/workflows", pages.list), page(one, pages.show), page("\(one)/compare", pages.compare),
            page("\(one)/start", starts.show), form("\(one)/start", starts.start),
            form("\(one)/pause", changes.pause), form("\(one)/resume", changes.resume),
            page(version, pages.version), page("\(version)/json", pages.json),
            form("\(version)/deprecate", changes.deprecate), form("\(version)/restore", changes.restore),
        ]
    }
}

/// Workflows, one of them, and one version.
struct ConsoleWorkflows: Sendable {
    /// Rows of a page.
    private static let rows = 100
    /// Newest runs of all workflows that are counted for the list.
    private static let recent = 500

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (sight, cursor) = (WorkflowSight(visit), visit.query["cursor"])
        let json = try await visit.get(
            "/v1/workflows", [], [("tenant", sight.tenant), ("limit", String(Self.rows)), ("cursor", cursor)])
        let workflows = json["workflows"]?.array?.compactMap { WorkflowView($0) } ?? []
        var recent: RecentRuns?
        if !workflows.isEmpty {
            let runs = try await visit.getIfAllowed(
                "/v1/runs", [], [("limit", String(Self.recent)), ("tenantId", sight.tenantOfRuns)])
            recent = runs.map { runs in
                RecentRuns(
                    runs["runs"]?.array?.compactMap { RunSummary($0) } ?? [],
                    isAll: runs["nextCursor"]?.string == nil)
            }
        }
        let page = WorkflowsPage(
            workflows, nextCursor: json["nextCursor"]?.string, isLater: cursor != nil, recent: recent, sight,
            visit.frame)
        return .page(page.html)
    }

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let sight = WorkflowSight(visit)
        return .page(WorkflowPage(try await Self.workflow(visit, sight), sight, visit.frame).html)
    }

    @Sendable func version(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let sight = WorkflowSight(visit)
        let workflow = try await Self.workflow(visit, sight)
        let version = try visit.pathText("version")
        guard var view = try await Self.version(workflow.name, version, visit, sight) else {
            throw Problem(DefinitionProblem.unknown)
        }
        if let place = workflow.versions.firstIndex(where: { $0.version == version }) {
            view.before = workflow.versions.dropFirst(place + 1).first?.version
        }
        view.statistics = try await visit.getIfAllowed(
            "/v1/workflows/:name/:version/statistics", [workflow.name, version], sight.members
        ).flatMap { VersionStatistics($0) }
        try await Self.find(in: &view, visit)
        return .page(VersionPage(view, sight, visit.frame).html)
    }

    /// What a definition's author may not have meant. Whoever may see participants is told of those, too.
    private static func find(in view: inout VersionView, _ visit: ConsoleVisit) async throws {
        guard let definition = view.definition else { return }
        // Whose it is decides which participants it calls.
        let owner = visit.principal.tenants == .all ? view.owner : nil
        let json = try await visit.getIfAllowed("/v1/admin/participants", [], [("tenant", owner)])
        let known = json?["participants"]?.array.map { list in
            let breakers = list.compactMap { each -> (String, BreakerPolicy?)? in
                each["name"]?.string.map { ($0, Self.breaker(of: each)) }
            }
            return KnownParticipants(Dictionary(breakers) { first, _ in first })
        }
        view.knowsParticipants = known != nil
        view.findings = definition.findings(known)
    }

    /// As it was registered, which is how it is shown.
    private static func breaker(of participant: JSON) -> BreakerPolicy? {
        guard var fields = try? Fields(["breaker": participant["breaker"] ?? .null], known: ["breaker"]) else {
            return nil
        }
        return ParticipantRequest.breaker(&fields)
    }

    @Sendable func json(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let (name, version) = (try visit.pathText("name"), try visit.pathText("version"))
        var response = try await visit.api.call(
            .get, "/v1/workflows/:name/:version", [name, version], query: WorkflowSight(visit).members,
            headers: visit.headers, visit.request, visit.context, isWhole: true)
        response.headers[.cacheControl] = "no-store"
        return .whole(response)
    }

    @Sendable func compare(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let sight = WorkflowSight(visit)
        let workflow = try await Self.workflow(visit, sight)
        let names = workflow.versions.map(\.version)
        // By default the highest with the one before it.
        guard let to = visit.query["to"] ?? names.first,
            let from = visit.query["from"] ?? names.first(where: { $0 != to }) ?? names.first,
            let old = try await Self.version(workflow.name, from, visit, sight),
            let new = try await Self.version(workflow.name, to, visit, sight)
        else { throw Problem(DefinitionProblem.unknown) }
        let page = ComparePage(
            old, new, versions: names, isWhole: visit.query["whole"] == "yes", sight, visit.frame)
        return .page(page.html)
    }

    // MARK: What the API tells

    static func workflow(_ visit: ConsoleVisit, _ sight: WorkflowSight) async throws -> WorkflowView {
        let name = try visit.pathText("name")
        guard let workflow = WorkflowView(try await visit.get("/v1/workflows/:name", [name], sight.members)) else {
            throw Problem(DefinitionProblem.unknown)
        }
        return workflow
    }

    static func version(
        _ name: String, _ version: String, _ visit: ConsoleVisit, _ sight: WorkflowSight
    ) async throws -> VersionView? {
        VersionView(try await visit.get("/v1/workflows/:name/:version", [name, version], sight.members))
    }
}

extension WorkflowSight {
    /// As the page's address says, of whoever reads.
    init(_ visit: ConsoleVisit) {
        self.init(tenant: visit.query["tenant"], ownTenant: visit.principal.tenants.tenantID)
    }

    var members: [(String, String?)] { [("tenant", tenant)] }
}
