package import Core
package import Postgres

/// Deprecates a version; no row comes back when it does not exist.
///
/// Done again it keeps its time, and takes the new name and reason.
package struct DeprecateDefinition: Statement {
    package let id: DefinitionID
    package let by: String
    package let reason: String?
    package let origin: CallOrigin

    package typealias Row = Deprecation

    package init(_ id: DefinitionID, by: String, reason: String?, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.id = id
        self.by = by
        self.reason = reason
    }

    package static let sql = """
        WITH changed AS (
            UPDATE workflow_definitions
            SET deprecated_at = COALESCE(deprecated_at, now()), deprecated_by = $4, deprecation_reason = $5
            WHERE workflow_name = $1 AND version = $2 AND tenant_id = $3
            RETURNING \(Deprecation.columns)
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$3", by: "$4", origin: "$6", action: "'deprecate_workflow'",
                subject: "'workflows/' || $1 || '/' || $2", detail: "json_build_object('reason', $5::text)",
                from: "changed"))
        )
        SELECT \(Deprecation.columns) FROM changed
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.definition(id)
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
    package let id: DefinitionID
    package let by: String
    package let origin: CallOrigin

    /// Whether it was deprecated.
    package typealias Row = Bool

    package init(_ id: DefinitionID, by: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.id = id
        self.by = by
    }

    // `known` locks the row, so that of two who take it back at once one finds nothing to do.
    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT deprecated_at IS NOT NULL AS is_deprecated FROM workflow_definitions
            WHERE workflow_name = $1 AND version = $2 AND tenant_id = $3 FOR UPDATE
        ), changed AS (
            UPDATE workflow_definitions
            SET deprecated_at = NULL, deprecated_by = NULL, deprecation_reason = NULL
            FROM known WHERE is_deprecated AND workflow_name = $1 AND version = $2 AND tenant_id = $3
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$3", by: "$4", origin: "$5", action: "'restore_workflow'",
                subject: "'workflows/' || $1 || '/' || $2", from: "known WHERE is_deprecated"))
        )
        SELECT is_deprecated FROM known
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.definition(id)
        parameters.text(by)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
