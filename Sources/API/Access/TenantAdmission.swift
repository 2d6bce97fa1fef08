import Core
import HTTPTypes
import Postgres
import Redis
import Storage
import Synchronization

/// Whether a tenant may start one more run, and where that stands in line.
///
/// Of a tenant that nobody has made, and of one without limits, nothing is counted.
final class TenantAdmission: Sendable {
    /// What a run that is admitted adds to its tenant's, as long as nobody has counted anew.
    struct Ticket: Sendable {
        fileprivate let admission: TenantAdmission
        fileprivate let tenantID: String

        /// The run was started.
        func use() { admission.usages.withLock { $0[tenantID]?.startedSince += 1 } }
    }

    /// Runs of a tenant as they were counted last.
    private struct Usage {
        var live = 0
        var sleeping = 0
        var startedSince = 0
        var nextLook = ContinuousClock.now
        var isBeingRead = false
    }

    /// Runs are counted no more often than this, and no more often than `sparing` times what it took.
    private static let interval: Duration = .seconds(1)
    private static let sparing = 20
    /// Where a limit of what there may be is reached, it is worth asking again after so many seconds.
    private static let pause = 5

    private let book: TenantBook
    private let pool: Pool
    private let limiter: RateLimiter
    private let metrics: APIMetrics
    private let usages = Mutex<[String: Usage]>([:])

    /// - Parameter pool: counts runs.
    init(book: TenantBook, pool: Pool, limiter: RateLimiter, metrics: APIMetrics) {
        self.book = book
        self.pool = pool
        self.limiter = limiter
        self.metrics = metrics
    }

    /// Nil as long as all that is due is one queue.
    func lane(of tenantID: String, priority: Int?) async throws(StoreError) -> Lane? {
        try await book.lane(of: tenantID, priority: priority)
    }

    /// Callers of this tenant are not let in.
    func isClosed(_ tenantID: String) async throws(StoreError) -> Bool {
        try await book.tenant(tenantID)?.state == .closed
    }

    /// - Parameter bytes: of input and context.
    /// - Returns: to be used when the run is started; nil where nothing is counted.
    /// - Throws: `tenantSuspended`, `tenantClosed`, `rateLimited`, `tenantLimit`, `bodyTooLarge`: nothing was written.
    func admit(_ tenantID: String, bytes: () -> Int) async throws -> Ticket? {
        guard let tenant = try await book.tenant(tenantID) else { return nil }
        do {
            switch tenant.state {
            case .active: break
            case .suspended: throw Self.suspended
            case .closed: throw Self.closed
            }
            guard !tenant.limits.isEmpty else { return nil }
            if let most = tenant.limits[.payloadBytes], bytes() > most {
                throw Problem(
                    .bodyTooLarge,
                    "Input and context of a run of the tenant \(tenantID) have \(most) bytes at the most.")
            }
            try await checkRuns(of: tenant)
            try await checkRate(of: tenant)
        } catch {
            metrics.countRefusedStart()
            throw error
        }
        return Ticket(admission: self, tenantID: tenantID)
    }

    private static let suspended = Problem(.tenantSuspended, "Nothing new begins of this tenant. What runs goes on.")
    static let closed = Problem(.tenantClosed, "Ask whoever runs this installation.")

    // MARK: What there may be

    private func checkRuns(of tenant: StoredTenant) async throws {
        if let most = tenant.limits[.storedBytes], let stored = tenant.stored, stored.bytes >= Int64(most) {
            throw Self.reached(tenant, .storedBytes, most)
        }
        let (live, sleeping) = (tenant.limits[.liveRuns], tenant.limits[.sleepingRuns])
        guard live != nil || sleeping != nil else { return }
        let usage = try await usage(of: tenant, live, sleeping)
        if let live, usage.live + usage.startedSince >= live { throw Self.reached(tenant, .liveRuns, live) }
        if let sleeping, usage.sleeping >= sleeping { throw Self.reached(tenant, .sleepingRuns, sleeping) }
    }

    private static func reached(_ tenant: StoredTenant, _ limit: TenantLimits.Kind, _ most: Int) -> Problem {
        Problem(
            .tenantLimit, "The tenant \(tenant.tenantID) has its \(limit.rawValue): \(most). Nothing was written.",
            headers: [
                .rateLimitLimit: String(most), .rateLimitRemaining: "0", .rateLimitReset: String(pause),
                .retryAfter: String(pause),
            ])
    }

    /// As it was counted last; one counts anew where it is time to, the others go by what was counted before, and by what was
    /// started here since.
    private func usage(of tenant: StoredTenant, _ live: Int?, _ sleeping: Int?) async throws -> Usage {
        let now = ContinuousClock.now
        let known = usages.withLock { usages -> Usage? in
            if let usage = usages[tenant.tenantID], now < usage.nextLook || usage.isBeingRead { return usage }
            usages[tenant.tenantID]?.isBeingRead = true
            return nil
        }
        if let known { return known }
        defer { usages.withLock { $0[tenant.tenantID]?.isBeingRead = false } }
        let count = CountTenantRuns(number: tenant.number, mostLive: live, mostSleeping: sleeping)
        let rows: [CountTenantRuns.Row]
        do throws(PostgresError) { rows = try await pool.execute(count) } catch { throw StoreError(error) }
        guard let row = rows.first else { throw StoreError.unavailable(.decoding("a count comes back")) }
        let took = ContinuousClock.now - now
        let usage = Usage(
            live: row.live, sleeping: row.sleeping,
            nextLook: .now + max(Self.interval, took * Self.sparing))
        usages.withLock { $0[tenant.tenantID] = usage }
        return usage
    }

    // MARK: How fast

    private func checkRate(of tenant: StoredTenant) async throws(Problem) {
        guard let rate = tenant.limits[.startsPerSecond] else { return }
        let burst = tenant.limits[.startBurst] ?? rate
        let decision = await limiter.judge([
            RateBucket("tenant:\(tenant.tenantID)", GCRALimit(burst: burst, period: .seconds(1), count: rate))
        ])
        guard !decision.allowed else { return }
        var headers = AccessGate.headers(decision)
        headers[.retryAfter] = String(max(1, decision.retryAfter.roundedUpToSeconds))
        throw Problem(
            .rateLimited, "The tenant \(tenant.tenantID) starts \(rate) runs a second. Nothing was written.",
            headers: headers)
    }
}
