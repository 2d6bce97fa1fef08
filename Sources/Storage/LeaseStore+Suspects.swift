package import Core

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
