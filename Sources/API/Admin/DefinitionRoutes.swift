import Basics
import Core
import Crypto
import HTTPTypes
import Hummingbird
import Logging
import Participants
import Postgres
import Storage

/// Versions of workflows: registered for good, tried out before, deprecated afterwards.
struct DefinitionRoutes: Sendable {
    let definitions: DefinitionStore
    let reads: Pool
    let rules: AddressRules
    let body: BodyReader

    var routes: [Route] {
        [
            Route(.post, "/v1/admin/workflows", needs: .writeWorkflows, counted: .call, register),
            Route(.post, "/v1/admin/workflows/validate", needs: .writeWorkflows, counted: .trial, validate),
            Route(
                .put, "/v1/admin/workflows/:name/:version/deprecation", needs: .writeWorkflows, counted: .call,
                deprecate),
            Route(
                .delete, "/v1/admin/workflows/:name/:version/deprecation", needs: .writeWorkflows, counted: .call,
                restore),
        ]
    }

    @Sendable private func register(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let isStrict = try Self.isStrict(request)
        let definition = try await definition(in: request, for: context.principal)
        let version = definition.version.description
        let review = DefinitionReview(
            definition, registered: nil, participants: try await reads.participants(visibleTo: .shared), rules: rules)
        try review.refuse(isStrict: isStrict)
        let outcome = try await definitions.register(
            definition, specHash: Self.hash(definition), by: context.principal.name, origin: context.origin)
        let answer: JSON = [
            "name": .string(definition.name), "version": .string(version),
            "findings": .array(review.findings.map(\.json)),
        ]
        let headers: HTTPFields = [.location: "/v1/workflows/\(definition.name)/\(PercentEncoding.segment(version))"]
        switch outcome {
        case .created:
            context.logger.info(
                "workflow registered",
                metadata: [
                    "workflow": "\(definition.name)", "version": "\(version)", "by": "\(context.principal.name)",
                ])
            return .json(.created, answer, headers: headers)
        case .identical: return .json(.ok, answer, headers: headers)
        case .conflict:
            throw Problem(.versionExists, "Versions never change: register this content under a new version.")
        }
    }

    /// With `?strict=true` warnings refuse a definition.
    private static func isStrict(_ request: Request) throws(Problem) -> Bool {
        try Query(request, known: ["strict"]).value("strict", "must be true or false.") { Bool($0) } ?? false
    }

    /// Says what registering would, and what its author may not have meant. Writes nothing.
    @Sendable private func validate(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let isStrict = try Self.isStrict(request)
        let definition = try await definition(in: request, for: context.principal)
        let version = definition.version.description
        let known = try await reads.execute(FindDefinition(name: definition.name, version: version)).first
        let participants = try await reads.participants(visibleTo: .shared)
        let review = DefinitionReview(
            definition, registered: known.map { $0.specHash == Self.hash(definition) ? .identical : .conflict },
            participants: participants, rules: rules)
        try review.refuse(isStrict: isStrict)
        return .json(.ok, review.json)
    }

    @Sendable private func deprecate(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let (name, version) = (try context.pathText("name"), try context.pathText("version"))
        var fields = try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["reason"])
        let reason = fields.string("reason", maxBytes: 1000)
        try fields.check()
        guard
            let deprecation = try await definitions.deprecate(
                name, version: version, by: context.principal.name, reason: reason, origin: context.origin)
        else { throw DefinitionProblem.unknown }
        context.logger.info(
            "workflow deprecated",
            metadata: ["workflow": "\(name)", "version": "\(version)", "by": "\(context.principal.name)"])
        return .json(
            .ok, ["name": .string(name), "version": .string(version), "deprecation": deprecation.json])
    }

    @Sendable private func restore(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let (name, version) = (try context.pathText("name"), try context.pathText("version"))
        guard
            try await definitions.restore(
                name, version: version, by: context.principal.name, origin: context.origin)
        else {
            throw DefinitionProblem.unknown
        }
        return Response(status: .noContent)
    }

    /// A large one is read beside the event loops.
    ///
    /// - Throws: `missing-permission` for a workflow that the caller's key is not for, and for one that starts runs of such a workflow.
    private func definition(in request: Request, for principal: Principal) async throws -> WorkflowDefinition {
        let definition = try await body.document(request) { json throws(Problem) in
            do throws(DefinitionErrors) { return try WorkflowDefinition(json) } catch { throw Problem(error) }
        }
        let started = definition.steps.compactMap { step in
            if case .run(let child) = step.action { child.workflow } else { nil }
        }
        for name in [definition.name] + started where !principal.scope.workflows.sees(name) {
            let patterns = (principal.scope.workflows.patterns ?? []).map(\.text).joined(separator: ", ")
            throw Problem(
                .missingPermission, "\(principal.name) is for the workflows \(patterns) only, not for \(name).")
        }
        return definition
    }

    private static func hash(_ definition: WorkflowDefinition) -> [UInt8] {
        Array(SHA256.hash(data: definition.canonicalBytes))
    }
}
