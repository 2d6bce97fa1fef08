import Console
import Core
import Hummingbird
import Storage

/// How everything stands, put together from what the API tells this reader.
struct ConsoleNow: Sendable {
    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        var now = NowView()
        if visit.frame.may("runs:read") { try await addRuns(to: &now, visit) }
        if visit.frame.may("cluster:read") {
            now.cluster = NowView.Cluster(try await visit.get("/health/cluster"))
        }
        if visit.isKnown, visit.frame.may("participants:read") {
            let participants = try await visit.get("/v1/admin/participants")["participants"]?.array
            now.knowsParticipants = true
            now.participants = participants?.compactMap { NowView.Participant($0) } ?? []
        }
        if visit.frame.may("workflows:read") {
            let workflows = try await visit.get("/v1/workflows", [], [("limit", "500")])["workflows"]?.array
            now.pausedWorkflows = workflows?.compactMap { NowView.Pause($0) } ?? []
            now.isEmpty = workflows?.isEmpty ?? false
        }
        return .page(NowPage(now, visit.frame).html)
    }

    private func addRuns(to now: inout NowView, _ visit: ConsoleVisit) async throws {
        func runs(_ kind: String, limit: Int) async throws -> (runs: [RunSummary], isMore: Bool) {
            let json = try await visit.get("/v1/runs", [], [("waitingFor", kind), ("limit", String(limit))])
            return (
                json["runs"]?.array?.compactMap { RunSummary($0) } ?? [], json["nextCursor"]?.string != nil
            )
        }
        let failed = try await visit.get("/v1/statistics/failed")
        now.failed = failed["groups"]?.array?.compactMap { FailedGroup($0) } ?? []
        now.hasMoreFailed = failed["isMore"]?.bool ?? false
        (now.stuck, now.hasMoreStuck) = try await runs("operator", limit: 50)
        now.paused = try await runs("paused", limit: 6).runs
        let slow = try await visit.get("/v1/statistics/slow", [], [("limit", "20")])
        now.overdue = NowView.Slow(slow["overdue"])
        now.attempts = NowView.Slow(slow["attempts"])
        now.retrying = NowView.Slow(slow["retrying"])
        now.due = NowView.Slow(slow["due"])
        let minutes = try await visit.get("/v1/statistics/minutes")
        now.minutes = minutes["minutes"]?.array?.compactMap { RunMinute($0) }
        now.isMinutesComplete = minutes["complete"]?.bool ?? true
    }
}
