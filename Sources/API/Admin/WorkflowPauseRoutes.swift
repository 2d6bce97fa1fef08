import Core
import Hummingbird
import Logging
import Storage

/// Whether runs of a workflow begin: paused, its starts wait or are refused.
struct WorkflowPauseRoutes: Sendable {
    let definitions: DefinitionStore
    /// Tells engines that runs are due.
    let notifier: OutboxNotifier
    let body: BodyReader

    var routes: [Route] {
        [
            Route(.post, "/v1/admin/workflows/:name/pause", needs: .operateWorkflows, counted: .call, pause),
            Route(.post, "/v1/admin/workflows/:name/resume", needs: .operateWorkflows, counted: .call, resume),
        ]
    }

    @Sendable private func pause(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        try Self.checkTenants(of: context)
        let name = try context.pathText("name")
        var fields = try Fields(try await body.json(request), known: ["reason", "starts"])
        let reason = fields.reason()
        let starts = Self.starts(&fields)
        try fields.check()
        guard
            let pause = try await definitions.pause(
                name, by: context.principal.name, reason: reason, starts: starts, origin: context.origin)
        else {
            throw DefinitionProblem.unknown
        }
        context.logger.notice(
            "workflow paused",
            metadata: ["workflow": "\(name)", "starts": "\(starts.rawValue)", "by": "\(context.principal.name)"])
        return .json(.ok, ["name": .string(name), "paused": pause.json])
    }

    @Sendable private func resume(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        try Self.checkTenants(of: context)
        let name = try context.pathText("name")
        var fields = try Fields(try await body.optionalJSON(request) ?? .object(JSONObject()), known: ["reason"])
        let reason = fields.string("reason", maxBytes: Fields.maxReason)
        try fields.check()
        guard
            let resumed = try await definitions.resume(
                name, by: context.principal.name, reason: reason, origin: context.origin)
        else {
            throw DefinitionProblem.unknown
        }
        notifier.wake()
        context.logger.notice(
            "workflow resumed",
            metadata: ["workflow": "\(name)", "runs": .stringConvertible(resumed), "by": "\(context.principal.name)"])
        return .json(.ok, ["name": .string(name), "paused": .null, "resumedRuns": JSON(resumed)])
    }

    /// Workflows are shared by all tenants.
    private static func checkTenants(of context: APIContext) throws(Problem) {
        guard context.principal.tenants != .all else { return }
        throw Problem(
            .missingPermission,
            "Workflows are shared by all tenants: workflows:operate of one tenant is for its own participants.")
    }

    private static func starts(_ fields: inout Fields) -> WorkflowPause.Starts {
        guard let json = fields["starts"] else { return .wait }
        if let known = json.string.flatMap({ WorkflowPause.Starts(rawValue: $0) }) { return known }
        let all = WorkflowPause.Starts.allCases.map(\.rawValue).joined(separator: " or ")
        fields.refuse(JSONPointer(["starts"]), "This must be \(all).")
        return .wait
    }
}

extension Fields {
    static let maxReason = 1000

    /// What has to be said, because others will ask: 1 to `maxReason` bytes.
    mutating func reason() -> String {
        if self["reason"] == nil { refuse(JSONPointer(["reason"]), "This member is required.") }
        return string("reason", maxBytes: Self.maxReason) ?? ""
    }
}
