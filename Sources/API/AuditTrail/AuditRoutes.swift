import Core
import HTTPTypes
import Hummingbird
import Postgres
import Storage

/// `GET /v1/admin/audit`: who changed what and who was refused, latest first, page by page; or all of it, oldest first, as a
/// stream of lines.
struct AuditRoutes: Sendable {
    let reads: Pool
    let answers: Answers

    var routes: [Route] { [Route(.get, "/v1/admin/audit", needs: .readAudit, counted: .call, list)] }

    private static let cursorKind = "audit"
    private static let filters: Set<String> = [
        "actor", "action", "subject", "runId", "outcome", "tenant", "from", "until", "requestId",
    ]
    /// Rows of a stream that are read at once.
    private static let streamPage = 100

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let accept = AcceptHeader(request.headers[.accept])
        if accept.prefers("application/x-ndjson", over: "application/json") { return try export(request, context) }
        let query = try Query(request, known: Self.filters.union(["limit", "cursor"]))
        let (limit, before) = (try query.limit(), try query.cursor(read: Self.place))
        let asked = try Self.asked(query, context.principal.tenants)
        let rows =
            asked.isVain ? [] : try await reads.execute(ListAuditEntries(asked, before: before, limit: limit + 1))
        var page = Page()
        for row in rows.prefix(limit) where !page.isFull { page.add(row.text) }
        let next = rows.count > page.count ? rows.prefix(page.count).last.map { AuditPlace($0) } : nil
        return try answers.json(
            page.text(
                "entries", ["nextCursor": JSON(next.map { TextCursor(after: Self.text($0)).text(of: Self.cursorKind) })]
            ),
            to: context)
    }

    private func export(_ request: Request, _ context: APIContext) throws -> Response {
        let query = try Query(request, known: Self.filters)
        let asked = try Self.asked(query, context.principal.tenants)
        return try answers.stream("application/x-ndjson", to: context) { [reads] stream in
            var after: AuditPlace?
            while !asked.isVain {
                let page = try await reads.execute(ExportAuditEntries(asked, after: after, limit: Self.streamPage))
                try await stream.write(page.flatMap { $0.text + [UInt8(ascii: "\n")] })
                guard page.count == Self.streamPage, let last = page.last else { break }
                after = AuditPlace(last)
            }
        }
    }

    private static func asked(_ query: Query, _ tenants: TenantScope) throws(Problem) -> AuditQuery {
        var asked = AuditQuery(tenants: tenants)
        asked.actor = query["actor"]
        asked.action = query["action"]
        asked.subject = query["subject"]
        if let runID = try query.value("runId", "must be the id of a run.", read: { RunID($0) }) {
            guard asked.subject == nil else { throw Problem(.invalidParameter, "Give subject or runId, not both.") }
            asked.subject = "runs/\(runID)"
        }
        asked.outcome = try query.value("outcome", "must be done or refused.") {
            ["done", "refused"].contains($0) ? $0 : nil
        }
        asked.tenantID = try query.value("tenant", "must be a tenant's id, or \(TenantScope.allName).") {
            ClientLabel.isValid($0) ? $0 : nil
        }
        asked.from = try query.time("from")
        asked.until = try query.time("until")
        asked.requestID = query["requestId"]
        return asked
    }

    private static func text(_ place: AuditPlace) -> String {
        "\(place.at.microseconds)/\(place.number)/\(place.tenantID)"
    }

    private static func place(_ text: String) -> AuditPlace? {
        guard let cursor = TextCursor(text, of: cursorKind) else { return nil }
        let parts = cursor.last.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, let time = Int64(parts[0]), let number = Int64(parts[1]) else { return nil }
        return AuditPlace(at: Instant(microseconds: time), tenantID: String(parts[2]), number: number)
    }
}

extension AuditEntry {
    /// The row as the API shows it, one line of JSON; what is not there is null. With all of what its hash is made of.
    var text: [UInt8] {
        var object = JSONObject()
        object["tenant"] = .string(tenantID)
        object["number"] = JSON(Int(number))
        object["at"] = RunJSON.time(at)
        object["actor"] = .string(actor)
        object["action"] = .string(action)
        object["subject"] = JSON(subject)
        object["outcome"] = .string(outcome)
        object["reason"] = JSON(reason)
        object["clientAddress"] = JSON(clientAddress)
        object["requestId"] = JSON(requestID)
        object["traceId"] = JSON(traceID)
        object["previousHash"] = .string(AuditHead.text(of: previousHash))
        object["hash"] = .string(AuditHead.text(of: hash))
        var text = JSONText()
        text.begin(object)
        text.member("detail", detail)
        text.end()
        return text.whole ?? []
    }
}
