package import Core
package import Postgres

/// Which rows of the audit trail. All given filters must match.
package struct AuditQuery: Sendable, Hashable {
    /// Whose rows whoever asks may see.
    package let tenants: TenantScope
    /// Of these, those of one tenant, or `*` for what belongs to all.
    package var tenantID: String?
    package var actor: String?
    package var action: String?
    package var subject: String?
    package var outcome: String?
    package var requestID: String?
    /// Inclusive.
    package var from: Instant?
    /// Exclusive.
    package var until: Instant?

    package init(tenants: TenantScope) { self.tenants = tenants }

    /// Nobody's rows are asked for: those of a tenant that is not seen.
    package var isVain: Bool { tenantID.map { !tenants.sees($0) } ?? false }
}

/// A place in the audit trail of all tenants: by time, and of one moment by tenant and number.
package struct AuditPlace: Sendable, Hashable {
    package let at: Instant
    package let tenantID: String
    package let number: Int64

    package init(at: Instant, tenantID: String, number: Int64) {
        self.at = at
        self.tenantID = tenantID
        self.number = number
    }

    package init(_ entry: AuditEntry) { self.init(at: entry.at, tenantID: entry.tenantID, number: entry.number) }
}

/// Rows of the audit trail, latest first.
package struct ListAuditEntries: Statement {
    package let query: AuditQuery
    /// The last of the page before; nil for the first page.
    package let before: AuditPlace?
    package let limit: Int

    package typealias Row = AuditEntry

    package init(_ query: AuditQuery, before: AuditPlace? = nil, limit: Int) {
        self.query = query
        self.before = before
        self.limit = limit
    }

    package static let sql = """
        SELECT \(AuditEntry.columns) FROM audit_trail
        WHERE \(AuditQuery.filters) AND ($9::timestamptz IS NULL OR (at, tenant_id, number) < ($9, $10, $11))
        ORDER BY at DESC, tenant_id DESC, number DESC LIMIT $12
        """

    package func bind(_ parameters: inout Parameters) { query.bind(&parameters, at: before, limit) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> AuditEntry { try AuditEntry(&row) }
}

/// The same, oldest first: for what reads all of it.
package struct ExportAuditEntries: Statement {
    package let query: AuditQuery
    /// The last of the page before; nil for the first page.
    package let after: AuditPlace?
    package let limit: Int

    package typealias Row = AuditEntry

    package init(_ query: AuditQuery, after: AuditPlace? = nil, limit: Int) {
        self.query = query
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT \(AuditEntry.columns) FROM audit_trail
        WHERE \(AuditQuery.filters) AND ($9::timestamptz IS NULL OR (at, tenant_id, number) > ($9, $10, $11))
        ORDER BY at, tenant_id, number LIMIT $12
        """

    package func bind(_ parameters: inout Parameters) { query.bind(&parameters, at: after, limit) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> AuditEntry { try AuditEntry(&row) }
}

extension AuditQuery {
    /// Filters that are not given fold away when the statement is planned for its values.
    fileprivate static let filters = """
        ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR action = $3)
            AND ($4::text IS NULL OR subject = $4) AND ($5::text IS NULL OR outcome = $5)
            AND ($6::text IS NULL OR request_id = $6) AND ($7::timestamptz IS NULL OR at >= $7)
            AND ($8::timestamptz IS NULL OR at < $8)
        """

    fileprivate func bind(_ parameters: inout Parameters, at place: AuditPlace?, _ limit: Int) {
        parameters.text(tenants.tenantID ?? tenantID)
        parameters.text(actor)
        parameters.text(action)
        parameters.text(subject)
        parameters.text(outcome)
        parameters.text(requestID)
        parameters.timestamp(from?.microseconds)
        parameters.timestamp(until?.microseconds)
        parameters.timestamp(place?.at.microseconds)
        parameters.text(place?.tenantID)
        parameters.int64(place?.number)
        parameters.int64(Int64(limit))
    }
}

extension AuditEntry {
    static let columns = """
        tenant_id, number, at, actor, action, subject, outcome, reason, client_address, request_id, trace_id, detail,
        previous_hash, hash
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            tenantID: try row.text(), number: try row.int64(), at: try row.instant(), actor: try row.text(),
            action: try row.text(), subject: try row.textOrNil(), outcome: try row.text(), reason: try row.textOrNil(),
            clientAddress: try row.textOrNil(), requestID: try row.textOrNil(), traceID: try row.textOrNil(),
            detail: try row.json(), previousHash: try row.bytes(), hash: try row.bytes())
    }
}
