import Core
import Crypto
import HTTPTypes
import Hummingbird
import Logging
import Storage

/// `POST /v1/admin/workflows`: registers a version of a workflow, for good.
struct DefinitionRoutes: Sendable {
    let definitions: DefinitionStore
    let body: BodyReader
    let gate: AdminGate

    var routes: [Route] { [gate.guarded(.post, "/v1/admin/workflows", register)] }

    @Sendable private func register(
        _ request: Request, _ context: APIContext, _ admin: AdminGate.Admission
    ) async throws -> Response {
        let definition = try WorkflowDefinition(try await body.json(request))
        let hash = Array(SHA256.hash(data: definition.canonicalBytes))
        let version = definition.version.description
        let outcome = try await definitions.register(definition, specHash: hash, by: admin.name)
        let answer: JSON = ["name": .string(definition.name), "version": .string(version)]
        let headers: HTTPFields = [.location: "/v1/workflows/\(definition.name)/\(PercentEncoding.segment(version))"]
        switch outcome {
        case .created:
            context.logger.info(
                "workflow registered",
                metadata: ["workflow": "\(definition.name)", "version": "\(version)", "by": "\(admin.name)"])
            return .json(.created, answer, headers: headers)
        case .identical: return .json(.ok, answer, headers: headers)
        case .conflict:
            throw Problem(.versionExists, "Versions never change: register this content under a new version.")
        }
    }
}
