// Tenants that somebody has said something about. A change writes its row of `audit_trail` along.

package import Core
package import Postgres

/// Makes a tenant, or changes it: all of it is as it is said.
///
/// No row comes back where there are as many tenants as there may be, or another has made it just then: whoever asks looks again.
package struct PutTenant: Statement {
    package let tenantID: String
    package let state: TenantState
    package let weight: Int
    package let limits: TenantLimits
    package let by: String
    package let origin: CallOrigin

    /// The tenant, and whether it was made.
    package typealias Row = (tenant: StoredTenant, isNew: Bool)

    package init(
        tenantID: String, state: TenantState, weight: Int, limits: TenantLimits, by: String,
        origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.tenantID = tenantID
        self.state = state
        self.weight = weight
        self.limits = limits
        self.by = by
    }

    // Not by ON CONFLICT DO UPDATE, which takes a number even where there is a row.
    package static let sql = """
        WITH changed AS (
            UPDATE tenants SET state = $2, weight = $3, limits = $4, updated_at = now(), updated_by = $5
            WHERE tenant_id = $1 RETURNING *
        ), made AS (
            INSERT INTO tenants (tenant_id, state, weight, limits, updated_by)
            SELECT $1, $2, $3, $4, $5
            WHERE NOT EXISTS (SELECT FROM changed) AND (SELECT count(*) FROM tenants) < \(StoredTenant.most)
            ON CONFLICT DO NOTHING RETURNING *
        ), put AS (
            SELECT *, false AS is_new FROM changed UNION ALL SELECT *, true FROM made
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "tenant_id", by: "$5", origin: "$6", action: "'put_tenant'", subject: "'tenants/' || tenant_id",
                detail: "json_build_object('state', state, 'weight', weight, 'limits', limits)", from: "put"))
        )
        SELECT \(StoredTenant.columns), is_new FROM put
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(tenantID)
        parameters.text(state.rawValue)
        parameters.int32(Int32(weight))
        parameters.json(limits.json.bytes)
        parameters.text(by)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try StoredTenant(&row), try row.bool())
    }
}

/// Makes the tenant `default` where nobody has made any: from then on runs have lanes.
package struct BeginLanes: Statement {
    package typealias Row = Bool

    package init() {}

    package static let sql = """
        INSERT INTO tenants (tenant_id, updated_by) SELECT 'default', 'sagaflow' WHERE NOT EXISTS (SELECT FROM tenants)
        ON CONFLICT DO NOTHING RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Tenants by name, from one on.
package struct ListTenants: Statement {
    /// Whose a caller may see.
    package let tenants: TenantScope
    /// The last of the page before; nil for the first page.
    package let after: String?
    package let limit: Int

    package typealias Row = StoredTenant

    package init(tenants: TenantScope, after: String?, limit: Int) {
        self.tenants = tenants
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT \(StoredTenant.columns) FROM tenants
        WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR tenant_id > $2)
        ORDER BY tenant_id LIMIT $3
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(tenants.tenantID)
        parameters.text(after)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredTenant { try StoredTenant(&row) }
}

/// All tenants that have changed since a moment: what `TenantBook` does not know yet.
package struct ReadTenants: Statement {
    /// Nil for all there are.
    package let since: Instant?

    /// The tenant, and the database's clock.
    package typealias Row = (tenant: StoredTenant, now: Instant)

    package init(since: Instant?) { self.since = since }

    package static let sql = """
        SELECT \(StoredTenant.columns), now() FROM tenants
        WHERE $1::timestamptz IS NULL OR updated_at > $1 OR measured_at > $1
        """

    package func bind(_ parameters: inout Parameters) { parameters.timestamp(since?.microseconds) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try StoredTenant(&row), try row.instant())
    }
}

/// How many runs of a tenant live, and how many of these wait; neither is counted beyond what is asked for.
package struct CountTenantRuns: Statement {
    package let number: Int32
    /// Counted up to one more than this; nil for not at all.
    package let mostLive: Int?
    package let mostSleeping: Int?

    package typealias Row = (live: Int, sleeping: Int)

    package init(number: Int32, mostLive: Int?, mostSleeping: Int?) {
        self.number = number
        self.mostLive = mostLive
        self.mostSleeping = mostSleeping
    }

    // A run that is held may have waited before: what it waited for stands in its row until it is given back.
    package static let sql = """
        SELECT (SELECT count(*) FROM (
            SELECT FROM outbox WHERE lane >= $1 AND lane < $1 + \(Lane.perTenant) LIMIT $2
        ) live), (SELECT count(*) FROM (
            SELECT FROM outbox WHERE lane >= $1 AND lane < $1 + \(Lane.perTenant) AND waits_for IS NOT NULL AND lease_owner IS NULL
            LIMIT $3
        ) sleeping)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int32(number * Lane.perTenant)
        parameters.int64(mostLive.map { Int64($0) + 1 } ?? 0)
        parameters.int64(mostSleeping.map { Int64($0) + 1 } ?? 0)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (Int(try row.int64()), Int(try row.int64()))
    }
}
