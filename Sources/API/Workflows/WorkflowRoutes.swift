import Core
import HTTPTypes
import Hummingbird
import Postgres
import Storage

/// Workflow definitions, for everybody to read.
struct WorkflowRoutes: Sendable {
    let reads: Pool

    var routes: [Route] {
        [
            Route(.get, "/v1/workflows", list),
            Route(.get, "/v1/workflows/:name", versions),
            Route(.get, "/v1/workflows/:name/:version", get),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let rows = try await reads.execute(ListVersions())
        var workflows: [JSON] = []
        for name in rows.map(\.name).uniqued() { workflows.append(Self.summary(name, rows.filter { $0.name == name })) }
        return .json(.ok, ["workflows": .array(workflows)])
    }

    @Sendable private func versions(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try context.pathText("name")
        let rows = try await reads.execute(ListVersions(name: name))
        guard !rows.isEmpty else { throw Problem(DefinitionProblem.unknown) }
        return .json(.ok, Self.summary(name, rows))
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        let (name, version) = (try context.pathText("name"), try context.pathText("version"))
        guard let row = try await reads.execute(FindDefinition(name: name, version: version)).first else {
            throw Problem(DefinitionProblem.unknown)
        }
        return .json(
            .ok,
            [
                "name": .string(row.name), "version": .string(row.version), "createdAt": RunJSON.time(row.createdAt),
                "definition": row.spec,
            ])
    }

    /// `latest` is what a start without a version takes; null when there are only prereleases.
    private static func summary(_ name: String, _ rows: [ListVersions.Row]) -> JSON {
        let latest = SemanticVersion.highestRelease(rows.compactMap { SemanticVersion($0.version) })
        return [
            "name": .string(name), "latest": JSON(latest?.description),
            "versions": .array(
                rows.map { ["version": .string($0.version), "createdAt": RunJSON.time($0.createdAt)] }),
        ]
    }
}

extension [String] {
    /// Neighbours that are equal become one.
    fileprivate func uniqued() -> [String] {
        reduce(into: []) { names, name in if names.last != name { names.append(name) } }
    }
}
