package import Core
package import Storage

extension AuditQuery {
    /// All rows about something, whosever they are.
    package static func about(_ subject: String) -> AuditQuery {
        var query = AuditQuery(tenants: .all)
        query.subject = subject
        return query
    }
}

extension AuditEntry {
    /// Its detail, parsed.
    package var said: JSON? { try? JSON(parsing: detail) }
}

extension RefusedCall {
    /// A call that was refused.
    package static func sample(
        tenant: String = "acme", actor: String = "key:ann/0011aabb", reason: String = "permission"
    ) -> RefusedCall {
        RefusedCall(
            tenantID: tenant, actor: actor, action: "GET /v1/admin/participants", subject: nil, reason: reason,
            origin: CallOrigin(address: "10.0.0.7", requestID: "r-1", traceID: nil))
    }
}

extension TestDatabase {
    /// Changes the audit trail as its owner can, past the triggers that guard it.
    package func tamper(_ sql: String) async throws {
        try await execute("BEGIN; SET LOCAL session_replication_role = replica; \(sql); COMMIT")
    }
}
