package import Core
import Postgres

/// A row of `tenants`.
package struct StoredTenant: Sendable {
    package let tenantID: String
    /// In lanes.
    package let number: Int32
    /// A state that this version does not know is `closed`.
    package let state: TenantState
    /// Its share of what engines claim while they can't keep up; 100 is usual.
    package let weight: Int
    package let limits: TenantLimits
    /// Bytes that its runs take, by an estimate, and when that was made; nil before the first.
    package let stored: (bytes: Int64, at: Instant)?
    package let createdAt: Instant
    package let updatedAt: Instant
    package let updatedBy: String

    /// 1 to 10,000.
    package static let weights = 1...10_000
    package static let usualWeight = 100
    /// So many there may be.
    package static let most = 10_000

    static let columns = """
        tenant_id, tenant_number, state, weight, limits, stored_bytes, measured_at, created_at, updated_at, updated_by
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        tenantID = try row.text()
        number = try row.int32()
        state = TenantState(rawValue: try row.text()) ?? .closed
        weight = Int(try row.int32())
        limits = TenantLimits(stored: try row.jsonValue())
        let (bytes, measuredAt) = (try row.int64OrNil(), try row.instantOrNil())
        stored = if let bytes, let measuredAt { (bytes, measuredAt) } else { nil }
        createdAt = try row.instant()
        updatedAt = try row.instant()
        updatedBy = try row.text()
    }
}
