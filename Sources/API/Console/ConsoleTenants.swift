import Console
import Core
import HTTPTypes
import Hummingbird

/// Engines, and tenants.
struct ConsoleEngines: Sendable {
    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        guard let cluster = ClusterView(try await visit.get("/health/cluster")) else {
            preconditionFailure("/health/cluster tells of engines")
        }
        return .page(EnginesPage(cluster, visit.frame).html)
    }
}

/// What each tenant may have of what all share.
struct ConsoleTenants: Sendable {
    private static let path = "/v1/admin/tenants/:tenantId"
    private static let limits = TenantLimits.Kind.allCases.map { TenantLimit($0.rawValue, $0.range) }
    private static let notices = ["tenant-saved": "It is saved, and holds everywhere within a second."]

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await list(visit, form: nil) }

    private func list(_ visit: ConsoleVisit, form: TenantForm?) async throws -> ConsoleAnswer {
        let cursor = visit.query["cursor"]
        let json = try await visit.get("/v1/admin/tenants", [], [("limit", "100"), ("cursor", cursor)])
        let page = TenantsPage(
            json["tenants"]?.array?.compactMap { TenantView($0) } ?? [], isFirst: cursor == nil,
            nextCursor: json["nextCursor"]?.string, form: form ?? .of(nil, limits: Self.limits),
            visit.frame(saying: Self.notices))
        return .page(page.html, form == nil ? .ok : .unprocessableContent)
    }

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await show(visit, form: nil) }

    private func show(_ visit: ConsoleVisit, form: ((TenantView) -> TenantForm)?) async throws -> ConsoleAnswer {
        guard let tenant = TenantView(try await visit.get(Self.path, [try visit.pathText("tenantId")])) else {
            preconditionFailure("a tenant has an id")
        }
        let page = TenantPage(
            tenant, form: form?(tenant) ?? .of(tenant, limits: Self.limits), visit.frame(saying: Self.notices))
        return .page(page.html, form == nil ? .ok : .unprocessableContent)
    }

    @Sendable func create(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        do {
            guard let id = form.text("id") else {
                throw Problem.content(JSONPointer(["id"]), "This member is required.")
            }
            if try await isThere(id, visit) {
                throw Problem.content(JSONPointer(["id"]), "There is one of this id already. Open it to change it.")
            }
            return try await put(id, visit, form)
        } catch {
            guard let faults = FormFaults(error) else { throw error }
            return try await list(visit, form: TenantForm(nil, limits: Self.limits, Self.kept(form), faults))
        }
    }

    private func isThere(_ id: String, _ visit: ConsoleVisit) async throws -> Bool {
        do {
            _ = try await visit.get(Self.path, [id])
            return true
        } catch let problem as Problem where problem.kind == .notFound { return false }
    }

    @Sendable func save(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        do { return try await put(try visit.pathText("tenantId"), visit, form) } catch {
            guard let faults = FormFaults(error), (error as? Problem)?.kind != .notFound else { throw error }
            return try await show(visit) { TenantForm($0, limits: Self.limits, Self.kept(form), faults) }
        }
    }

    private static func kept(_ form: ConsoleForm) -> FormText {
        form.kept(["id", "state", "weight"] + limits.map(\.name))
    }

    private func put(_ id: String, _ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        var (body, limits) = (JSONObject(), JSONObject())
        body["state"] = form.text("state").map { .string($0) }
        body["weight"] = form.number("weight")
        for limit in Self.limits { limits[limit.name] = form.number(limit.name) }
        body["limits"] = .object(limits)
        try await visit.change(.put, Self.path, [id], body)
        return .seeOther(Paths.query(visit.paths.tenant(id), [("did", "tenant-saved")]))
    }
}
