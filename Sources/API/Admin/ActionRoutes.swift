import Core
import Hummingbird
import Postgres
import Storage

/// `GET /v1/admin/actions`: what admins did, latest first.
struct ActionRoutes: Sendable {
    let reads: Pool
    let answers: Answers

    var routes: [Route] { [Route(.get, "/v1/admin/actions", needs: .readAudit, counted: .call, list)] }

    private static let cursorKind = "actions"

    @Sendable private func list(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let query = try Query(request, known: ["subject", "limit", "cursor"])
        let limit = try query.limit()
        let before = try query.cursor { text in TextCursor(text, of: Self.cursorKind).flatMap { Int64($0.last) } }
        let rows = try await reads.execute(
            ListAdminActions(subject: query["subject"], before: before, limit: limit + 1))
        let page = Page(rows.prefix(limit).lazy.map(Self.shown))
        let last = rows.prefix(page.count).last
        let next = rows.count > page.count ? last.map { TextCursor(after: String($0.actionID)) } : nil
        return try answers.json(
            page.text("actions", ["nextCursor": JSON(next?.text(of: Self.cursorKind))]), to: context)
    }

    private static func shown(_ row: StoredAdminAction) -> JSON {
        [
            "id": JSON(Int(row.actionID)), "at": RunJSON.time(row.at), "admin": .string(row.adminName),
            "action": .string(row.action), "subject": .string(row.subject), "detail": row.detail,
        ]
    }
}
