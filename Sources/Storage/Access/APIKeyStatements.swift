// Keys with which the API is called. Each change writes its row of the audit trail along.

package import Core
package import Postgres

/// A row of `api_keys`.
package struct StoredAPIKey: Sendable {
    package let keyID: String
    package let name: String
    /// Whose runs are all that it sees.
    package let tenants: TenantScope
    /// Of which workflows they are.
    package let workflows: WorkflowScope
    /// SHA-256 of the secret.
    package let digest: [UInt8]
    /// Names of roles and of permissions; a newer release may know more of them.
    package let roles: [String]
    package let createdAt: Instant
    package let createdBy: String
    package let expiresAt: Instant?
    package let lastUsedAt: Instant?
    package let revokedAt: Instant?
    package let revokedBy: String?
    /// It has neither been revoked nor expired.
    package let isValid: Bool

    static let columns = """
        key_id, key_name, tenant_id, workflows, secret_hash, roles, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by,
        revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        keyID = try row.text()
        name = try row.text()
        tenants = TenantScope(name: try row.text())
        workflows = WorkflowScope(stored: try row.textArrayOrNil())
        digest = try row.bytes()
        roles = try row.textArray()
        createdAt = try row.instant()
        createdBy = try row.text()
        expiresAt = try row.instantOrNil()
        lastUsedAt = try row.instantOrNil()
        revokedAt = try row.instantOrNil()
        revokedBy = try row.textOrNil()
        isValid = try row.bool()
    }
}

/// Writes a new key.
package struct CreateAPIKey: Statement {
    package let keyID: String
    package let name: String
    package let scope: RunScope
    package let digest: [UInt8]
    package let roles: [String]
    package let expiresAt: Instant?
    package let by: String
    package let origin: CallOrigin

    package typealias Row = StoredAPIKey

    package init(
        keyID: String, name: String, scope: RunScope, digest: [UInt8], roles: [String], expiresAt: Instant?,
        by: String, origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.keyID = keyID
        self.name = name
        self.scope = scope
        self.digest = digest
        self.roles = roles
        self.expiresAt = expiresAt
        self.by = by
    }

    package static let sql = """
        WITH created AS (
            INSERT INTO api_keys (key_id, key_name, secret_hash, roles, expires_at, created_by, tenant_id, workflows)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "tenant_id", by: "$6", origin: "$9", action: "'create_key'", subject: "'keys/' || key_id",
                detail: """
                    json_strip_nulls(json_build_object('name', key_name, 'tenant', tenant_id, 'roles', to_json(roles),
                        'workflows', to_json(workflows), 'expiresAt', expires_at))
                    """,
                from: "created"))
        )
        SELECT \(StoredAPIKey.columns) FROM created
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(keyID)
        parameters.text(name)
        parameters.bytes(digest)
        parameters.textArray(roles)
        parameters.timestamp(expiresAt?.microseconds)
        parameters.text(by)
        parameters.text(scope.tenants.name)
        parameters.textArrayOrNil(scope.workflows.patterns?.map(\.text))
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row { try StoredAPIKey(&row) }
}

/// One key, whatever has become of it.
package struct FindAPIKey: Statement {
    package let keyID: String

    package typealias Row = StoredAPIKey

    package init(keyID: String) { self.keyID = keyID }

    package static let sql = "SELECT \(StoredAPIKey.columns) FROM api_keys WHERE key_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.text(keyID) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row { try StoredAPIKey(&row) }
}

/// The keys there are and were, newest first; those of one tenant, or all.
package struct ListAPIKeys: Statement {
    package let tenants: TenantScope
    /// The last of the page before; nil for the first page.
    package let after: (createdAt: Instant, keyID: String)?
    package let limit: Int

    package typealias Row = StoredAPIKey

    package init(tenants: TenantScope, after: (createdAt: Instant, keyID: String)?, limit: Int) {
        self.tenants = tenants
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT \(StoredAPIKey.columns) FROM api_keys
        WHERE ($1::timestamptz IS NULL OR (created_at, key_id) < ($1, $2)) AND ($4::text IS NULL OR tenant_id = $4)
        ORDER BY created_at DESC, key_id DESC LIMIT $3
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.timestamp(after?.createdAt.microseconds)
        parameters.text(after?.keyID)
        parameters.int64(Int64(limit))
        parameters.text(tenants.tenantID)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row { try StoredAPIKey(&row) }
}

/// Revokes a key, for good; no row comes back when there is none that the caller sees.
package struct RevokeAPIKey: Statement {
    package let keyID: String
    package let tenants: TenantScope
    package let by: String
    package let origin: CallOrigin

    package typealias Row = StoredAPIKey

    package init(keyID: String, tenants: TenantScope, by: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.keyID = keyID
        self.tenants = tenants
        self.by = by
    }

    // Once more changes nothing: who did it first stays known.
    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT key_id, tenant_id, revoked_at IS NULL AS is_live FROM api_keys
            WHERE key_id = $1 AND ($3::text IS NULL OR tenant_id = $3) FOR UPDATE
        ), revoked AS (
            UPDATE api_keys k SET revoked_at = COALESCE(k.revoked_at, now()), revoked_by = COALESCE(k.revoked_by, $2)
            FROM known WHERE k.key_id = known.key_id RETURNING k.*
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "tenant_id", by: "$2", origin: "$4", action: "'revoke_key'", subject: "'keys/' || key_id",
                from: "known WHERE is_live"))
        )
        SELECT \(StoredAPIKey.columns) FROM revoked
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(keyID)
        parameters.text(by)
        parameters.text(tenants.tenantID)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row { try StoredAPIKey(&row) }
}

/// Notes that a key was used, once a minute at most.
package struct TouchAPIKey: Statement {
    package let keyID: String

    package typealias Row = Bool

    package init(keyID: String) { self.keyID = keyID }

    package static let sql = """
        UPDATE api_keys SET last_used_at = now()
        WHERE key_id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') RETURNING true
        """

    package func bind(_ parameters: inout Parameters) { parameters.text(keyID) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
