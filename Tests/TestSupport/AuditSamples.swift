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

    /// Makes the first rows of a tenant's chain older, and the chain anew, so that it is whole.
    package func age(rows: Int, of tenant: String, by interval: String) async throws {
        try await tamper(
            """
            DO $$
            DECLARE
                entry audit_trail;
                last bytea := decode(repeat('00', 32), 'hex');
            BEGIN
                FOR entry IN SELECT * FROM audit_trail WHERE tenant_id = '\(tenant)' ORDER BY number LOOP
                    IF entry.number <= \(rows) THEN entry.at := entry.at - interval '\(interval)'; END IF;
                    entry.previous_hash := last;
                    entry.hash := audit_hash(entry);
                    last := entry.hash;
                    UPDATE audit_trail SET at = entry.at, previous_hash = entry.previous_hash, hash = entry.hash
                    WHERE tenant_id = entry.tenant_id AND number = entry.number;
                END LOOP;
                UPDATE audit_heads SET last_hash = last WHERE tenant_id = '\(tenant)';
            END $$
            """)
    }
}
