import Core
import HTTPTypes
import Hummingbird
import Postgres
import Storage

/// Workflow definitions to read, as the caller's tenant sees them.
struct WorkflowRoutes: Sendable {
    let reads: Pool
    let answers: Answers

    var routes: [Route] {
        [
            Route(.get, "/v1/workflows", needs: .readWorkflows, list),
            Route(.get, "/v1/workflows/:name", needs: .readWorkflows, versions),
            Route(.get, "/v1/workflows/:name/:version", needs: .readWorkflows, get),
        ]
    }

    /// Versions that a list shows of each workflow; all are at the workflow's own address.
    private static let shownVersions = 10
    private static let cursorKind = "workflows"

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["limit", "cursor", Query.tenant])
        let limit = try query.limit()
        let after = try query.cursor { TextCursor($0, of: Self.cursorKind) }?.last
        let rows = try await reads.execute(
            ListWorkflows(
                seenBy: try query.sight(for: context.principal), scope: context.principal.scope.workflows,
                after: after ?? "", limit: limit + 1))
        var groups: [[StoredVersion]] = []
        for row in rows {
            if groups.last?.first?.name == row.name {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
        }
        let page = Page(groups.prefix(limit).lazy.map { Self.summary($0, atMost: Self.shownVersions) })
        let last = groups.prefix(page.count).last?.first
        let next = groups.count > page.count ? last.map { TextCursor(after: $0.name) } : nil
        return try answers.json(
            page.text("workflows", ["nextCursor": JSON(next?.text(of: Self.cursorKind))]), to: context)
    }

    @Sendable private func versions(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.pathText("name")
        let sight = try Query(request, known: [Query.tenant]).sight(for: context.principal)
        let rows = try await reads.execute(ListVersions(name: name, seenBy: sight))
        guard !rows.isEmpty else { throw Problem(DefinitionProblem.unknown) }
        return .json(.ok, Self.summary(rows, atMost: rows.count))
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        let (name, version) = (try context.pathText("name"), try context.pathText("version"))
        let sight = try Query(request, known: [Query.tenant]).sight(for: context.principal)
        let found = try await reads.execute(FindSeenDefinition(name: name, version: version, seenBy: sight))
        guard let row = found.first else {
            throw Problem(DefinitionProblem.unknown)
        }
        var headers: HTTPFields = [:]
        headers[.deprecation] = row.deprecation?.headerValue
        return .json(
            .ok,
            [
                "name": .string(row.name), "tenant": .string(row.owner.name), "version": .string(row.version),
                "createdAt": RunJSON.time(row.createdAt),
                "createdBy": .string(row.createdBy), "deprecation": row.deprecation?.json ?? .null,
                "definition": row.spec,
            ], headers: headers)
    }

    /// The versions of one workflow, highest first.
    ///
    /// `latest` is what a start without a version takes; null when there are only prereleases and deprecated versions.
    private static func summary(_ rows: [StoredVersion], atMost limit: Int) -> JSON {
        let known = rows.compactMap { row in SemanticVersion(row.version).map { (version: $0, row: row) } }
            .sorted { $0.version > $1.version }
        let latest = known.first { $0.version.isRelease && $0.row.deprecation == nil }?.version
        return [
            "name": .string(rows.first?.name ?? ""), "tenant": .string((rows.first?.owner ?? .shared).name),
            "latest": JSON(latest?.description),
            "paused": rows.first?.pause?.json ?? .null, "versionCount": JSON(rows.count),
            "versions": .array(
                known.prefix(limit).map { _, row in
                    [
                        "version": .string(row.version), "createdAt": RunJSON.time(row.createdAt),
                        "createdBy": .string(row.createdBy), "deprecation": row.deprecation?.json ?? .null,
                    ]
                }),
        ]
    }
}

extension WorkflowPause {
    /// `{since, by, reason, starts}`.
    var json: JSON {
        [
            "since": RunJSON.time(since), "by": .string(by), "reason": .string(reason),
            "starts": .string(starts.rawValue),
        ]
    }
}

extension Deprecation {
    /// `{at, by, reason}`.
    var json: JSON { ["at": RunJSON.time(at), "by": .string(by), "reason": JSON(reason)] }

    /// The value of a `Deprecation` header: whole seconds since 1970 after an at sign (RFC 9745 §2.1).
    var headerValue: String { "@\(at.microseconds / 1_000_000)" }
}
