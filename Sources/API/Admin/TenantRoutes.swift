import Core
import Hummingbird
import Postgres
import Storage

/// `/v1/admin/tenants`: what each tenant may have of what all share.
struct TenantRoutes: Sendable {
    let writes: Pool
    let reads: Pool
    let book: TenantBook
    let body: BodyReader
    let answers: Answers

    private static let path = "/v1/admin/tenants"
    private static let cursorKind = "tenants"
    /// Runs of a tenant are counted up to this, or to its limit.
    static let mostCounted = 10_000

    var routes: [Route] {
        [
            Route(.put, "\(Self.path)/:tenantId", needs: .manageTenants, counted: .call, put),
            Route(.get, "\(Self.path)/:tenantId", needs: .readTenants, counted: .call, show),
            Route(.get, Self.path, needs: .readTenants, counted: .call, list),
        ]
    }

    @Sendable private func put(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.pathText("tenantId")
        guard ClientLabel.isTenant(id) else {
            throw Problem(.invalidParameter, "A tenant's id is \(ClientLabel.tenantRule).")
        }
        let asked = try Self.read(try await body.json(request))
        let put = PutTenant(
            tenantID: id, state: asked.state, weight: asked.weight, limits: asked.limits, by: context.principal.name,
            origin: context.origin)
        // Where another has made it just then it is changed the second time.
        for _ in 0..<2 {
            guard let (tenant, isNew) = try await writes.execute(put).first else { continue }
            book.forget()
            return .json(isNew ? .created : .ok, .object(Self.shown(tenant)))
        }
        throw Problem(.tenantLimit, "There are \(StoredTenant.most) tenants, and no more can be made.")
    }

    /// What a tenant is to be; what is left out is as usual.
    static func read(_ body: JSON) throws(Problem) -> (state: TenantState, weight: Int, limits: TenantLimits) {
        var fields = try Fields(body, known: ["state", "weight", "limits"])
        let state = state(&fields)
        let weight = fields.integer("weight", in: StoredTenant.weights) ?? StoredTenant.usualWeight
        let limits = limits(&fields)
        try fields.check()
        return (state, weight, limits)
    }

    private static func state(_ fields: inout Fields) -> TenantState {
        guard let text = fields.string("state", maxBytes: 16) else { return .active }
        guard let state = TenantState(rawValue: text) else {
            let known = TenantState.allCases.map(\.rawValue).joined(separator: ", ")
            fields.refuse(JSONPointer(["state"]), "A tenant's state is one of \(known).")
            return .active
        }
        return state
    }

    private static func limits(_ fields: inout Fields) -> TenantLimits {
        var limits = TenantLimits()
        guard let json = fields["limits"] else { return limits }
        guard let members = json.object else {
            fields.refuse(JSONPointer(["limits"]), "This must be an object, not \(json.typeName).")
            return limits
        }
        for (name, value) in members.members {
            let pointer = JSONPointer(["limits", name])
            guard let kind = TenantLimits.Kind(rawValue: name) else {
                let known = TenantLimits.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                fields.refuse(pointer, "There is no such limit; there are \(known).")
                continue
            }
            guard let number = value.whole, kind.range.contains(number) else {
                let (from, to) = (kind.range.lowerBound, kind.range.upperBound)
                fields.refuse(pointer, "This must be a whole number from \(from) to \(to).")
                continue
            }
            limits[kind] = number
        }
        if limits[.startBurst] != nil, limits[.startsPerSecond] == nil {
            fields.refuse(JSONPointer(["limits", "startBurst"]), "A burst is of startsPerSecond, which is not given.")
        }
        return limits
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.pathText("tenantId")
        let unknown = Problem(.notFound, "There is no such tenant.")
        guard context.principal.tenants.sees(id) else { throw unknown }
        guard let tenant = try await reads.execute(ListTenants(tenants: .one(id), after: nil, limit: 1)).first
        else { throw unknown }
        let (most, mostSleeping) = (
            max(Self.mostCounted, tenant.limits[.liveRuns] ?? 0),
            max(Self.mostCounted, tenant.limits[.sleepingRuns] ?? 0)
        )
        let count = CountTenantRuns(number: tenant.number, mostLive: most, mostSleeping: mostSleeping)
        var shown = Self.shown(tenant)
        if let row = try await reads.execute(count).first {
            var usage: JSONObject = [
                "liveRuns": JSON(min(row.live, most)), "sleepingRuns": JSON(min(row.sleeping, mostSleeping)),
                // What is counted no further says so.
                "isMore": .bool(row.live > most || row.sleeping > mostSleeping),
                "storedBytes": .null, "storedBytesAt": .null,
            ]
            if let stored = tenant.stored {
                usage["storedBytes"] = JSON(Int(stored.bytes))
                usage["storedBytesAt"] = RunJSON.time(stored.at)
            }
            shown["usage"] = .object(usage)
        }
        return .json(.ok, .object(shown))
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["limit", "cursor"])
        let limit = try query.limit()
        let after = try query.cursor { TextCursor($0, of: Self.cursorKind)?.last }
        let rows = try await reads.execute(
            ListTenants(tenants: context.principal.tenants, after: after, limit: limit + 1))
        let page = Page(rows.prefix(limit).lazy.map { .object(Self.shown($0)) })
        let last = rows.prefix(page.count).last
        let next = rows.count > page.count ? last.map { TextCursor(after: $0.tenantID) } : nil
        return try answers.json(
            page.text("tenants", ["nextCursor": JSON(next?.text(of: Self.cursorKind))]), to: context)
    }

    private static func shown(_ tenant: StoredTenant) -> JSONObject {
        [
            "id": .string(tenant.tenantID), "state": .string(tenant.state.rawValue), "weight": JSON(tenant.weight),
            "limits": tenant.limits.json, "createdAt": RunJSON.time(tenant.createdAt),
            "updatedAt": RunJSON.time(tenant.updatedAt), "updatedBy": .string(tenant.updatedBy),
        ]
    }
}
