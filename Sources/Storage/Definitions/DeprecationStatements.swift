import Core
package import Postgres

/// Deprecates a version; no row comes back when it does not exist.
///
/// Done again it keeps its time, and takes the new name and reason.
package struct DeprecateDefinition: Statement {
    package let name: String
    package let version: String
    package let by: String
    package let reason: String?
    package let origin: CallOrigin

    package typealias Row = Deprecation

    package init(name: String, version: String, by: String, reason: String?, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.name = name
        self.version = version
        self.by = by
        self.reason = reason
    }

    package static let sql = """
        WITH changed AS (
            UPDATE workflow_definitions
            SET deprecated_at = COALESCE(deprecated_at, now()), deprecated_by = $3, deprecation_reason = $4
            WHERE tenant_id = 'default' AND workflow_name = $1 AND version = $2
            RETURNING \(Deprecation.columns)
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.everybodys, by: "$3", origin: "$5", action: "'deprecate_workflow'",
                subject: "'workflows/' || $1 || '/' || $2", detail: "json_build_object('reason', $4::text)",
                from: "changed"))
        )
        SELECT \(Deprecation.columns) FROM changed
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(version)
        parameters.text(by)
        parameters.text(reason)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Deprecation {
        guard let deprecation = try Deprecation.read(&row) else { throw .decoding("a deprecation without its time") }
        return deprecation
    }
}

/// Takes a deprecation back; no row comes back when the version does not exist.
package struct RestoreDefinition: Statement {
    package let name: String
    package let version: String
    package let by: String
    package let origin: CallOrigin

    /// Whether it was deprecated.
    package typealias Row = Bool

    package init(name: String, version: String, by: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.name = name
        self.version = version
        self.by = by
    }

    // `known` locks the row, so that of two who take it back at once one finds nothing to do.
    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT deprecated_at IS NOT NULL AS is_deprecated FROM workflow_definitions
            WHERE tenant_id = 'default' AND workflow_name = $1 AND version = $2 FOR UPDATE
        ), changed AS (
            UPDATE workflow_definitions
            SET deprecated_at = NULL, deprecated_by = NULL, deprecation_reason = NULL
            FROM known WHERE is_deprecated AND tenant_id = 'default' AND workflow_name = $1 AND version = $2
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.everybodys, by: "$3", origin: "$4", action: "'restore_workflow'",
                subject: "'workflows/' || $1 || '/' || $2", from: "known WHERE is_deprecated"))
        )
        SELECT is_deprecated FROM known
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(version)
        parameters.text(by)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
