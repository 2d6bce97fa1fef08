import Console
import Core
import Hummingbird

/// FAILED runs: groups of them, and those of one group.
struct ConsoleFailed: Sendable {
    /// Rows of a page, about, and runs that it is looked for among at the most.
    private static let rows = 50
    private static let mostPages = 10

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let query = visit.query
        guard let workflow = query["workflow"] else { return try await overview(visit) }
        let key = FailedGroup.Key(workflow: workflow, stepID: query["stepId"], error: query["error"] ?? "")
        var (runs, cursor) = ([FailedRun](), query["cursor"])
        for _ in 0..<Self.mostPages {
            let page = try await Self.page(of: key, after: cursor, limit: 100, visit)
            runs += page.runs
            cursor = page.next
            if cursor == nil || runs.count >= Self.rows { break }
        }
        return .page(FailedGroupPage(runs, key: key, nextCursor: cursor, visit.frame).html)
    }

    private func overview(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let json = try await visit.get("/v1/statistics/failed")
        let page = FailedPage(
            json["groups"]?.array?.compactMap { FailedGroup($0) } ?? [], count: json["count"]?.int ?? 0,
            isMore: json["isMore"]?.bool ?? false, visit.frame)
        return .page(page.html)
    }

    /// Of the next FAILED runs those of a group, and where it goes on; nil at the end. To whoever has not said who they are the list of
    /// runs tells as much, without what gave up.
    static func page(
        of key: FailedGroup.Key, after cursor: String?, limit: Int, _ visit: ConsoleVisit
    ) async throws -> (runs: [FailedRun], next: String?) {
        let query = [("workflow", key.workflow), ("limit", String(limit)), ("cursor", cursor)] as [(String, String?)]
        let json =
            visit.isKnown
            ? try await visit.get("/v1/admin/runs/failed", [], query)
            : try await visit.get("/v1/runs", [], query + [("status", RunStatus.failed.rawValue)])
        let runs = json["runs"]?.array?.compactMap { FailedRun($0) } ?? []
        return (runs.filter { $0.group == key }, json["nextCursor"]?.string)
    }
}
