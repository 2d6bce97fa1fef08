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
        let (isStrict, owner) = try Self.query(request, context)
        let definition = try await definition(in: request, of: owner, for: context.principal)
        let version = definition.versionText
        let review = DefinitionReview(
            definition, registered: nil, hidesShared: try await hidesShared(definition),
            participants: try await reads.participants(visibleTo: owner), rules: rules)
        try review.refuse(isStrict: isStrict)
        let outcome = try await definitions.register(
            definition, specHash: Self.hash(definition), by: context.principal.name, origin: context.origin)
        let answer: JSON = [
            "name": .string(definition.name), "tenant": .string(owner.name), "version": .string(version),
            "findings": .array(review.findings.map(\.json)),
        ]
        // Who is of one tenant sees its own there.
        let named = context.principal.tenants == .all ? owner.tenantID : nil
        let query = named.map { "?\(Query.tenant)=\(PercentEncoding.segment($0))" } ?? ""
        let headers: HTTPFields = [
            .location: "/v1/workflows/\(definition.name)/\(PercentEncoding.segment(version))\(query)"
        ]
        switch outcome {
        case .created:
            context.logger.info(
                "workflow registered",
                metadata: [
                    "workflow": "\(definition.name)", "version": "\(version)", "tenant": "\(owner.name)",
                    "by": "\(context.principal.name)",
                ])
            return .json(.created, answer, headers: headers)
        case .identical: return .json(.ok, answer, headers: headers)
        case .conflict:
            throw Problem(.versionExists, "Versions never change: register this content under a new version.")
        }
    }

    /// With `?strict=true` warnings refuse a definition.
    private static func query(
        _ request: Request, _ context: APIContext
    ) throws(Problem) -> (isStrict: Bool, owner: Owner) {
        let query = try Query(request, known: ["strict", Query.tenant])
        let isStrict = try query.value("strict", "must be true or false.") { Bool($0) } ?? false
        return (isStrict, try query.owner(for: context.principal))
    }

    private func hidesShared(_ definition: WorkflowDefinition) async throws(PostgresError) -> Bool {
        guard definition.owner != .shared else { return false }
        let seen = ListVersions(name: definition.name, seenBy: definition.owner)
        return try await reads.execute(seen).first?.owner == .shared
    }

    /// Says what registering would, and what its author may not have meant. Writes nothing.
    @Sendable private func validate(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let (isStrict, owner) = try Self.query(request, context)
        let definition = try await definition(in: request, of: owner, for: context.principal)
        let known = try await reads.execute(FindDefinition(definition.id)).first
        let participants = try await reads.participants(visibleTo: owner)
        let review = DefinitionReview(
            definition, registered: known.map { $0.specHash == Self.hash(definition) ? .identical : .conflict },
            hidesShared: try await hidesShared(definition), participants: participants, rules: rules)
        try review.refuse(isStrict: isStrict)
        return .json(.ok, review.json)
    }

    @Sendable private func deprecate(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let id = try Self.id(request, context)
        var fields = try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["reason"])
        let reason = fields.string("reason", maxBytes: 1000)
        try fields.check()
        guard
            let deprecation = try await definitions.deprecate(
                id, by: context.principal.name, reason: reason, origin: context.origin)
        else { throw try await unchanged(id, context) }
        context.logger.info(
            "workflow deprecated",
            metadata: [
                "workflow": "\(id.name)", "version": "\(id.version)", "tenant": "\(id.owner.name)",
                "by": "\(context.principal.name)",
            ])
        return .json(
            .ok,
            [
                "name": .string(id.name), "tenant": .string(id.owner.name), "version": .string(id.version),
                "deprecation": deprecation.json,
            ])
    }

    @Sendable private func restore(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let id = try Self.id(request, context)
        guard try await definitions.restore(id, by: context.principal.name, origin: context.origin) else {
            throw try await unchanged(id, context)
        }
        return Response(status: .noContent)
    }

    /// The version in the path, of the owner whose the caller changes.
    private static func id(_ request: Request, _ context: APIContext) throws(Problem) -> DefinitionID {
        DefinitionID(
            owner: try Query(request, known: [Query.tenant]).owner(for: context.principal),
            name: try context.pathText("name"), version: try context.pathText("version"))
    }

    private func unchanged(_ id: DefinitionID, _ context: APIContext) async throws -> any Error {
        let seen = try await reads.execute(FindSeenDefinition(name: id.name, version: id.version, seenBy: id.owner))
        return SharedWorkflow.refusal(of: id.name, seen.first?.owner, id.owner, .writeWorkflows, context.principal)
    }

    /// A large one is read beside the event loops.
    ///
    /// - Throws: `missing-permission` for a workflow that the caller's key is not for, and for one that starts runs of such a workflow.
    private func definition(
        in request: Request, of owner: Owner, for principal: Principal
    ) async throws -> WorkflowDefinition {
        let definition = try await body.document(request) { json throws(Problem) in
            do throws(DefinitionErrors) { return try WorkflowDefinition(json, owner: owner) } catch {
                throw Problem(error)
            }
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

/// What all tenants share is changed for all of them alone.
enum SharedWorkflow {
    /// Why a workflow that its owner has not is not changed.
    ///
    /// Who may see it is told why it is not theirs to change. What is another tenant's is as unknown as what there is not.
    ///
    /// - Parameters:
    ///   - seen: whose the workflow is that the owner sees; nil where it sees none.
    ///   - owner: whose was to be changed.
    static func refusal(
        of name: String, _ seen: Owner?, _ owner: Owner, _ permission: Permission, _ principal: Principal
    ) -> any Error {
        guard seen == .shared, owner != .shared, let own = principal.tenants.tenantID else {
            return DefinitionProblem.unknown
        }
        return Problem(
            .missingPermission,
            """
            The tenant \(own) has no such \(name) of its own, and the one it sees is shared by all tenants: to change that \
            needs \(permission.rawValue) for all of them.
            """)
    }
}
