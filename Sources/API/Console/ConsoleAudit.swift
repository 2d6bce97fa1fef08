import Console
import Core
import HTTPTypes
import Hummingbird
import Storage

/// Who changed what, and who was refused.
struct ConsoleAudit: Sendable {
    private static let actions = AuditAction.allCases.map(\.rawValue)

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let query = visit.query
        let filter = AuditFilter { query[$0] }
        do {
            let json = try await visit.get(
                "/v1/admin/audit", [], filter.members + [("cursor", filter.cursor), ("limit", "50")])
            let entries = json["entries"]?.array?.compactMap { AuditEntryView($0) } ?? []
            let page = AuditPage(
                entries, filter, nextCursor: json["nextCursor"]?.string, actions: Self.actions, visit.frame)
            return .page(page.html)
        } catch let problem as Problem where problem.kind == .invalidParameter {
            // The filter stays, to be mended.
            var frame = visit.frame
            frame.notice = Notice(problem.detail, isProblem: true)
            return .page(
                AuditPage([], filter, nextCursor: nil, actions: Self.actions, frame).html, problem.kind.status)
        }
    }

    /// All that is known of a run, as one document to keep.
    @Sendable func report(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathText("runId")
        var response = try await visit.api.call(
            .get, "/v1/admin/reports/runs/:runId", [id], headers: visit.headers, visit.request, visit.context,
            isWhole: true)
        response.headers[.cacheControl] = "no-store"
        // The id of a run that there is has no character that would end the name.
        response.headers[.contentDisposition] = "attachment; filename=\"run-\(id).json\""
        return .whole(response)
    }
}
