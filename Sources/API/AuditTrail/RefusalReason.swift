import Core
import Hummingbird
import Storage

/// Why a call was refused, because of who made it. The raw values are public: labels of `auth_refusals_total`, reasons in the
/// audit.
enum RefusalReason: String, CaseIterable, Sendable {
    /// Nobody said who they are.
    case anonymous
    /// A credential that nobody knows.
    case unknown
    /// The id of a key that there is, with another secret.
    case wrongSecret = "wrong-secret"
    /// A key that was revoked.
    case revoked
    /// A key past its time.
    case expired
    /// A key that was given what this release does not know.
    case unknownRole = "unknown-role"
    /// It lacks the permission.
    case permission
    /// A run of another tenant, which is answered like one that there is not.
    case otherTenant = "other-tenant"
    /// Too many calls of an administrator, or guesses.
    case rateLimited = "rate-limited"
    /// Its tenant is suspended or closed.
    case tenantState = "tenant-state"
    /// Its tenant starts too fast, or has as much as it may have.
    case tenantLimit = "tenant-limit"
    /// A token whose issuer's keys can't be had.
    case unavailable
}

extension RefusalReason {
    /// Why a caller who was let in is refused all the same; nil where that is because of what was asked.
    init?(_ problem: Problem) {
        switch problem.kind {
        case .missingPermission: self = .permission
        case .tenantSuspended, .tenantClosed: self = .tenantState
        case .tenantLimit, .rateLimited: self = .tenantLimit
        default: return nil
        }
    }
}

extension RefusedCall {
    /// - Parameters:
    ///   - actor: whoever called, or said to.
    ///   - tenants: whose they are.
    init(
        _ refusal: RefusalReason, of actor: String, _ tenants: TenantScope, _ request: Request, _ context: APIContext,
        _ route: Route
    ) {
        self.init(
            tenantID: tenants.name, actor: actor, action: "\(request.method.rawValue) \(route.documentedPath)",
            subject: Self.subject(route, context), reason: refusal.rawValue, origin: context.origin)
    }

    /// What the path names, as changes name it; nil where it names nothing, or what nothing can be called.
    private static func subject(_ route: Route, _ context: APIContext) -> String? {
        func part(_ name: Substring) -> String? {
            guard let raw = context.parameters[name], let text = decodedText(raw) else { return nil }
            return ClientLabel.isValid(text) ? text : nil
        }
        if let runID = part("runId") { return RunID(runID).map { "runs/\($0)" } }
        if let keyID = part("keyId") { return "keys/\(keyID)" }
        guard let name = part("name") else { return nil }
        if route.path.contains("/participants/") { return "participants/\(name)" }
        return part("version").map { "workflows/\(name)/\($0)" } ?? "workflows/\(name)"
    }
}

extension Route {
    /// The path as the manual writes it: `/v1/runs/{runId}`.
    var documentedPath: String {
        path.split(separator: "/").map { part in part.hasPrefix(":") ? "/{\(part.dropFirst())}" : "/\(part)" }.joined()
    }
}
