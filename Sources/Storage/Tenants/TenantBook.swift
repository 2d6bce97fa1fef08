package import Core
package import Postgres
import Synchronization

/// Tenants as they were a moment ago: what is changed anywhere holds everywhere within a second.
///
/// Where nobody has made any this is one look at an empty table each second in which runs are started.
package final class TenantBook: Sendable {
    private struct State {
        var tenants: [String: StoredTenant] = [:]
        /// The database's clock when they were read; nil before that, and as long as there are none.
        var asOf: Instant?
        var readAt: ContinuousClock.Instant?
        var isBeingRead = false
    }

    /// Nothing older is given out.
    private static let oldest: Duration = .seconds(1)
    /// From this age on they are read anew, by one reader; the others need not wait for it.
    private static let stale: Duration = .milliseconds(800)
    /// A change is stamped when its transaction begins, and seen when that has ended.
    private static let overlap: Duration = .seconds(30)

    private let pool: Pool
    private let state = Mutex(State())

    /// - Parameter pool: any that may write.
    package init(pool: Pool) { self.pool = pool }

    /// A tenant; nil for one that nobody has made.
    package func tenant(_ tenantID: String) async throws(StoreError) -> StoredTenant? {
        try await refresh()
        return state.withLock { $0.tenants[tenantID] }
    }

    /// Where a new run of a tenant stands among those that are due.
    ///
    /// - Parameter priority: nil for the usual one.
    /// - Returns: nil as long as nobody has made a tenant or asked for a priority.
    package func lane(of tenantID: String, priority: Int?) async throws(StoreError) -> Lane? {
        try await refresh()
        if priority != nil, state.withLock({ $0.tenants.isEmpty }) {
            do throws(PostgresError) { _ = try await pool.execute(BeginLanes()) } catch { throw StoreError(error) }
            forget()
            try await refresh()
        }
        return state.withLock { state in
            state.tenants.isEmpty
                ? nil
                : Lane(tenant: state.tenants[tenantID]?.number ?? 0, priority: priority ?? Lane.usualPriority)
        }
    }

    /// What was changed here is read anew.
    package func forget() { state.withLock { $0.readAt = nil } }

    private func refresh() async throws(StoreError) {
        let since = state.withLock { state -> Instant?? in
            if let readAt = state.readAt {
                let age = ContinuousClock.now - readAt
                if age < Self.stale || (age < Self.oldest && state.isBeingRead) { return nil }
            }
            state.isBeingRead = true
            return .some(state.asOf.map { $0 - Self.overlap })
        }
        guard let since else { return }
        defer { state.withLock { $0.isBeingRead = false } }
        let now = ContinuousClock.now
        let rows: [ReadTenants.Row]
        do throws(PostgresError) { rows = try await pool.execute(ReadTenants(since: since)) } catch {
            throw StoreError(error)
        }
        state.withLock { state in
            for (tenant, asOf) in rows {
                state.tenants[tenant.tenantID] = tenant
                state.asOf = max(state.asOf ?? asOf, asOf)
            }
            state.readAt = max(state.readAt ?? now, now)
        }
    }
}
