package import Core
import Postgres
import Synchronization

/// Leases of one engine: claim, renew, give back, and what waits in the inboxes of the runs it holds.
package struct LeaseStore: Sendable {
    private let pool: Pool
    let engine: EngineID
    let length: Duration

    /// - Parameters:
    ///   - database: its write pool is used.
    ///   - engine: the lease owner.
    ///   - length: how long a lease lasts from its claim or renewal.
    package init(database: Database, engine: EngineID, length: Duration) {
        pool = database.writes
        self.engine = engine
        self.length = length
    }

    /// Claims up to `limit` due runs, skipping rows under a live lease.
    ///
    /// A former holder may still be running: its commits fail on the epoch, and participants must honour the
    /// idempotency key.
    ///
    /// - Parameters:
    ///   - since: where to begin; see `ClaimWindow`.
    ///   - room: bytes the runs may take in memory; the last of them may go beyond.
    package func claim(
        limit: Int, since: Instant = ClaimWindow.beginning, room: Int = .max
    ) async throws(StoreError) -> [ClaimedRun] {
        try await execute(ClaimRuns(engine: engine, limit: limit, lease: length, since: since, room: room))
    }

    /// Claims due runs of these lanes only, of each tenant as many as it is given, and `limit` in all.
    package func claim(
        _ shares: [LaneShare], limit: Int, room: Int = .max
    ) async throws(StoreError) -> [ClaimShares.Row] {
        try await execute(ClaimShares(engine: engine, shares: shares, limit: limit, lease: length, room: room))
    }

    /// The same as by age, with the lane of each.
    package func claimOldest(
        limit: Int, since: Instant, room: Int
    ) async throws(StoreError) -> [ClaimOldest.Row] {
        try await execute(ClaimOldest(engine: engine, limit: limit, lease: length, since: since, room: room))
    }

    /// The lanes in which something is due.
    package func dueLanes() async throws(StoreError) -> [DueLane] { try await execute(FindDueLanes()) }

    /// When a run is due that was not due before `since`.
    package func nextDue(since: Instant = ClaimWindow.beginning) async throws(StoreError) -> NextDue.Row {
        guard let row = try await execute(NextDue(since: since)).first else {
            throw .unavailable(.decoding("the next due run comes with a clock"))
        }
        return row
    }

    /// What became of a renewal.
    package struct Renewal: Sendable, Hashable {
        /// The unread inbox rows of each run whose lease was extended.
        package var held: [RunID: Int] = [:]
        /// Runs whose leases were not extended, because somebody has their rows locked, and are not lost.
        package var locked: Set<RunID> = []
    }

    /// Extends leases. What is not in the answer is lost.
    package func renew(_ leases: [Lease]) async throws(StoreError) -> Renewal {
        let sorted = leases.sorted { $0.runID < $1.runID }
        var renewal = Renewal()
        for row in try await execute(RenewLeases(engine: engine, leases: sorted, length: length)) {
            if let count = row.inboxCount { renewal.held[row.runID] = count } else { renewal.locked.insert(row.runID) }
        }
        return renewal
    }

    /// Gives leases back, due after `delay`. Calls may have been in flight: the next claim is a takeover.
    package func release(_ leases: [Lease], after delay: Duration = .zero) async throws(StoreError) {
        let sorted = leases.sorted { $0.runID < $1.runID }
        _ = try await execute(ReleaseLeases(engine: engine, leases: sorted, delay: delay))
    }

    /// What waits in the inbox of a run that is held, oldest first.
    package func inbox(of runID: RunID) async throws(StoreError) -> [InboxRow] {
        try await execute(ReadInbox(runID: runID))
    }

    /// Puts right a count of inbox rows of a run that is held; how many too many were counted.
    package func recountInbox(_ lease: Lease) async throws(StoreError) -> Int {
        try await execute(RecountInbox(engine: engine, lease: lease)).first ?? 0
    }

    /// Ends a run as FAILED and QUARANTINED, whatever state it is in; false when the lease was lost before.
    ///
    /// While somebody has the run locked it is tried again, for as long as a lease, and no connection waits.
    package func quarantine(_ lease: Lease, _ failure: Failure) async throws(StoreError) -> Bool {
        try await whileLocked(for: length) { () async throws(StoreError) in
            switch try await execute(QuarantineRun(engine: engine, lease: lease, failure: failure)).first {
            case .done: true
            case .locked: throw .rowLocked
            case nil: false
            }
        }
    }

    /// Whose a run is; nil when there is none, or the database can't say now.
    package func owner(of runID: RunID) async -> RunOwner? {
        (try? await execute(FindRunOwner(runID)))?.first
    }

    func execute<S: Statement>(_ statement: S) async throws(StoreError) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch { throw StoreError(error) }
    }
}

extension LeaseStore {
    /// Whether a suspect is due; see `Suspicion`.
    package func isSuspectDue() async throws(StoreError) -> Bool { try await execute(IsSuspectDue()).first ?? false }

    /// Claims a suspect, for an engine that holds nothing else.
    package func claimSuspect() async throws(StoreError) -> ClaimedRun? {
        try await execute(ClaimSuspect(engine: engine, lease: length)).first
    }

    /// Ends the suspicion against a run: it was held alone, and its engine lives.
    package func clear(_ lease: Lease) async throws(StoreError) {
        _ = try await execute(ClearSuspect(engine: engine, lease: lease))
    }

    /// Puts off due outbox rows without a run; returns them.
    package func putOffOrphans(for delay: Duration) async throws(StoreError) -> [RunID] {
        try await execute(PutOffOrphans(delay: delay, limit: 1000))
    }
}
