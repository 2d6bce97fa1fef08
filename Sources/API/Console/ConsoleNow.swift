import Console
import Core
import Hummingbird
import Storage

/// How everything stands, put together from what the API tells this reader.
struct ConsoleNow: Sendable {
    /// Failed runs that are looked at for their groups.
    static let mostFailed = 500

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        var now = NowView()
        (now.failed, now.hasMoreFailed) = try await Self.failed(visit)
        func runs(_ kind: String) async throws -> [RunSummary] {
            let json = try await visit.getIfAllowed("/v1/runs", [], [("waitingFor", kind), ("limit", "50")])
            return json?["runs"]?.array?.compactMap { RunSummary($0) } ?? []
        }
        now.stuck = try await runs("operator")
        now.paused = try await runs("paused")
        now.retrying = try await runs("retry")
        now.cluster = try await visit.getIfAllowed("/health/cluster").flatMap { NowView.Cluster($0) }
        let participants = try await visit.getIfAllowed("/v1/admin/participants", [], [])
        now.participants = participants?["participants"]?.array?.compactMap { NowView.Participant($0) } ?? []
        let workflows = try await visit.getIfAllowed("/v1/workflows", [], [("limit", "500")])?["workflows"]?.array
        now.pausedWorkflows = workflows?.compactMap { NowView.Pause($0) } ?? []
        now.isEmpty = workflows?.isEmpty ?? false
        return .page(NowPage(now, visit.frame).html)
    }

    /// The newest failed runs. To whoever has not said who they are the list of runs tells as much, without what gave up.
    static func failed(
        _ visit: ConsoleVisit, _ filter: [(String, String?)] = []
    ) async throws -> (runs: [FailedRun], isMore: Bool) {
        let query = filter + [("limit", String(mostFailed))]
        let json =
            visit.isKnown
            ? try await visit.getIfAllowed("/v1/admin/runs/failed", [], query)
            : try await visit.getIfAllowed(
                "/v1/runs", [], query.filter { $0.0 != "stepId" } + [("status", RunStatus.failed.rawValue)])
        let runs = json?["runs"]?.array?.compactMap { FailedRun($0) } ?? []
        return (runs, json?["nextCursor"]?.string != nil)
    }
}
