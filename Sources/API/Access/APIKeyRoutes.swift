import Core
import Hummingbird
import Logging
import Postgres
import Storage

/// `/v1/admin/api-keys`: keys are made, listed and revoked. A key is shown once, when it is made.
struct APIKeyRoutes: Sendable {
    let writes: Pool
    let reads: Pool
    let body: BodyReader
    let answers: Answers

    private static let path = "/v1/admin/api-keys"
    private static let cursorKind = "api-keys"
    /// Bytes of a name at most.
    static let maxName = 64
    /// How far ahead a key may expire.
    static let longestLife = Duration.seconds(10 * 366 * 86_400)

    var routes: [Route] {
        [
            Route(.post, Self.path, needs: .manageKeys, counted: .call, create),
            Route(.get, Self.path, needs: .manageKeys, counted: .call, list),
            Route(.delete, "\(Self.path)/:keyId", needs: .manageKeys, counted: .call, revoke),
        ]
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        var fields = try Fields(
            try await body.json(request), known: ["name", "tenant", "workflows", "roles", "expiresAt"])
        let name = fields.string("name", maxBytes: Self.maxName)
        if let name {
            let isLabel = name.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !name.isEmpty
            if !isLabel { fields.refuse(JSONPointer(["name"]), "A name has visible ASCII characters, without blanks.") }
        } else if fields["name"] == nil {
            fields.refuse(JSONPointer(["name"]), "This member is required.")
        }
        let roles = Self.roles(&fields)
        let tenants = Self.tenants(&fields) ?? context.principal.tenants
        let workflows = Self.workflows(&fields) ?? context.principal.scope.workflows
        let expiresAt = Self.expiry(&fields)
        try fields.check()
        // Nobody gives what they have not.
        guard context.principal.tenants.covers(tenants) else {
            throw Problem(
                .missingPermission,
                "A key of the tenant \(tenants.name) can't be given by \(context.principal.name), which is of \(context.principal.tenants.name)."
            )
        }
        let scope = RunScope(tenants: tenants, workflows: workflows)
        let given = (Role.permissions(of: roles) ?? []).filter { $0.canBeHad(for: scope) }
        if let lacking = given.subtracting(context.principal.permissions).map(\.rawValue).min() {
            throw Problem(
                .missingPermission, "A key can't be given \(lacking), which \(context.principal.name) has not.")
        }
        let key = APIKey()
        let created = try await writes.execute(
            CreateAPIKey(
                keyID: key.id, name: name ?? "", scope: scope, digest: key.digest, roles: roles,
                expiresAt: expiresAt,
                by: context.principal.name, origin: context.origin))
        guard let row = created.first else { throw StoreError.unavailable(.decoding("no key came back")) }
        context.logger.notice(
            "API key made", metadata: ["key": "\(key.id)", "name": "\(row.name)", "by": "\(context.principal.name)"])
        var shown = Self.shown(row)
        shown["key"] = .string(key.text)
        var response = Response.json(.created, .object(shown))
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private static func roles(_ fields: inout Fields) -> [String] {
        let pointer = JSONPointer(["roles"])
        guard let elements = fields["roles"]?.array, !elements.isEmpty else {
            fields.refuse(
                pointer, "This must be a list of roles: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
            return []
        }
        var roles: [String] = []
        for (index, element) in elements.enumerated() {
            guard let name = element.string, Role.permissions(of: [name]) != nil else {
                let known = Role.allCases.map(\.rawValue) + Permission.allCases.map(\.rawValue)
                fields.refuse(
                    pointer.appending(index),
                    "This is neither a role nor a permission: \(known.joined(separator: ", ")).")
                continue
            }
            if roles.contains(name) { fields.refuse(pointer.appending(index), "This is listed twice.") }
            roles.append(name)
        }
        return roles
    }

    /// Whose runs it is to see; nil where nothing is said.
    private static func tenants(_ fields: inout Fields) -> TenantScope? {
        guard let name = fields.string("tenant", maxBytes: ClientLabel.maxBytes) else { return nil }
        let scope = TenantScope(name: name)
        if let tenantID = scope.tenantID, !ClientLabel.isTenant(tenantID) {
            fields.refuse(
                JSONPointer(["tenant"]), "This must be \(ClientLabel.rule), or \(TenantScope.allName) for all tenants.")
        }
        return scope
    }

    /// Patterns of the workflows it is to be for; nil where nothing is said, or all are.
    static func workflows(_ fields: inout Fields) -> WorkflowScope? {
        guard let json = fields["workflows"], !json.isNull else { return nil }
        let pointer = JSONPointer(["workflows"])
        guard let elements = json.array, (1...WorkflowScope.maxPatterns).contains(elements.count) else {
            fields.refuse(
                pointer,
                "This must be a list of 1 to \(WorkflowScope.maxPatterns) patterns, as [\"orders-*\", \"refund\"].")
            return nil
        }
        var patterns: [WorkflowPattern] = []
        for (index, element) in elements.enumerated() {
            guard let pattern = element.string.flatMap({ WorkflowPattern($0) }) else {
                fields.refuse(pointer.appending(index), "A pattern has \(WorkflowPattern.rule).")
                continue
            }
            if patterns.contains(pattern) { fields.refuse(pointer.appending(index), "This is listed twice.") }
            patterns.append(pattern)
        }
        return .matching(patterns)
    }

    private static func expiry(_ fields: inout Fields) -> Instant? {
        guard let json = fields["expiresAt"], !json.isNull else { return nil }
        let pointer = JSONPointer(["expiresAt"])
        guard let time = json.string.flatMap({ Instant($0) }) else {
            fields.refuse(pointer, "A time is written as RFC 3339 has it, as in \"2030-01-31T12:00:00Z\".")
            return nil
        }
        if time <= .now || time > .now + longestLife {
            fields.refuse(pointer, "A key expires in the future, and within ten years.")
        }
        return time
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["limit", "cursor"])
        let limit = try query.limit()
        let after = try query.cursor { text -> (createdAt: Instant, keyID: String)? in
            guard let cursor = TextCursor(text, of: Self.cursorKind) else { return nil }
            let parts = cursor.last.split(separator: "/")
            guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
            return (Instant(microseconds: time), String(parts[1]))
        }
        let rows = try await reads.execute(
            ListAPIKeys(tenants: context.principal.tenants, after: after, limit: limit + 1))
        let page = Page(rows.prefix(limit).lazy.map { .object(Self.shown($0)) })
        let last = rows.prefix(page.count).last
        let next =
            rows.count > page.count
            ? last.map { TextCursor(after: "\($0.createdAt.microseconds)/\($0.keyID)") } : nil
        return try answers.json(
            page.text("keys", ["nextCursor": JSON(next?.text(of: Self.cursorKind))]), to: context)
    }

    @Sendable private func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.pathText("keyId")
        let revoke = RevokeAPIKey(
            keyID: id, tenants: context.principal.tenants, by: context.principal.name, origin: context.origin)
        guard let row = try await writes.execute(revoke).first else {
            throw Problem(.notFound, "There is no such key.")
        }
        context.logger.notice(
            "API key revoked", metadata: ["key": "\(row.keyID)", "by": "\(context.principal.name)"])
        return .json(.ok, .object(Self.shown(row)))
    }

    /// Everything but the secret.
    private static func shown(_ key: StoredAPIKey) -> JSONObject {
        [
            "id": .string(key.keyID), "name": .string(key.name), "tenant": .string(key.tenants.name),
            "workflows": key.workflows.patterns.map { .array($0.map { .string($0.text) }) } ?? .null,
            "roles": .array(key.roles.map { .string($0) }), "createdAt": RunJSON.time(key.createdAt),
            "createdBy": .string(key.createdBy), "expiresAt": RunJSON.time(key.expiresAt),
            "lastUsedAt": RunJSON.time(key.lastUsedAt), "revokedAt": RunJSON.time(key.revokedAt),
            "revokedBy": JSON(key.revokedBy), "valid": .bool(key.isValid),
        ]
    }
}
