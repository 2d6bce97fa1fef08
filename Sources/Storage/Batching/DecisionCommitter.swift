package import Core
package import Postgres

/// What became of a decision.
package enum CommitOutcome: Sendable, Hashable {
    /// Written. `unread` inbox rows wait to be consumed.
    case written(unread: Int)
    /// Another engine holds the run, or it is over: drop it without another word.
    case leaseLost
    /// Not written: the run would have ended with unread inbox rows. Read them and decide again.
    case inboxFirst
}

/// Writes decisions in batches, each under its lease. See `GroupCommitter`.
package final class DecisionCommitter: Sendable {
    private let committer: GroupCommitter<RunCommit, CommitOutcome>

    /// - Parameters:
    ///   - pool: at least `lanes` connections, or the lanes wait for each other.
    ///   - engine: the lease owner.
    ///   - maxBytes: payloads in one batch.
    ///   - patience: how long a decision is tried while the database is away; longer than a lease is pointless.
    ///   - observer: is told the size of each batch.
    ///   - others: how many engines share the database with this one.
    package init(
        pool: Pool, engine: RunID, lanes: Int = 2, maxBatch: Int = 200, maxBytes: Int = 8 << 20, patience: Duration,
        observer: BatchObserver? = nil, others: @escaping @Sendable () -> Int = { 0 }
    ) {
        let writer = CommitWriter(pool: pool, engine: engine, patience: patience)
        committer = GroupCommitter(
            maxBatch: maxBatch, maxWaiting: .max, maxWeight: maxBytes, weigh: \.size, lanes: lanes,
            observer: observer,
            rest: { took in Self.rest(after: took, others: others()) }
        ) { batch in await writer.write(batch) }
    }

    /// So that the database gets about as many batches from several engines as from one: with as much to do together, each
    /// has a share of it.
    static func rest(after took: Duration, others: Int) -> Duration { min(took * min(others, 3), .milliseconds(75)) }

    /// Writes the decision and waits until it is committed.
    ///
    /// Idempotent by (run, seq): after a lost acknowledgement the decision is looked for before it is sent again.
    /// Memory is bounded by the caller, who has at most one decision per run in its hands.
    package func submit(_ commit: RunCommit) async throws(StoreError) -> CommitOutcome {
        try await committer.submit(commit)
    }

    /// Runs until `close`.
    package func run() async { await committer.run() }

    /// Accepts nothing more; what was accepted is still written.
    package func close() { committer.close() }
}

/// Writes one batch of decisions, through lost answers and bad rows.
struct CommitWriter: Sendable {
    let pool: Pool
    let engine: RunID
    let patience: Duration

    func write(_ batch: [RunCommit]) async -> [Result<CommitOutcome, StoreError>] {
        // In the order of run ids, as renewals are: the two lock the same rows and must not do so crosswise.
        let order = batch.indices.sorted { batch[$0].lease.runID < batch[$1].lease.runID }
        let results = await writeSorted(order.map { batch[$0] })
        var inOrder = results
        for (position, original) in order.enumerated() { inOrder[original] = results[position] }
        return inOrder
    }

    private func writeSorted(_ batch: [RunCommit]) async -> [Result<CommitOutcome, StoreError>] {
        var backoff = Backoff()
        let giveUpAt = ContinuousClock.now + patience
        var isInDoubt = false
        while true {
            do throws(PostgresError) {
                if isInDoubt { return try await settle(batch) }
                return try await commit(batch)
            } catch {
                // After a lost answer the first statement may still be at work; running into its rows is then no refusal.
                let ranIntoItself = isInDoubt && error.state == .uniqueViolation
                if case .refused = StoreError(error), !ranIntoItself { return await split(batch, error) }
                if error.state == .lockNotAvailable, batch.count > 1 { return await split(batch, error) }
                isInDoubt = isInDoubt || error.mayHaveCommitted
                guard error.isTransient || ranIntoItself, ContinuousClock.now < giveUpAt else {
                    return batch.map { _ in .failure(StoreError(error)) }
                }
            }
            try? await Task.sleep(for: backoff.wait())
        }
    }

    private func commit(_ batch: [RunCommit]) async throws(PostgresError) -> [Result<CommitOutcome, StoreError>] {
        let decisions = CommitDecisions(engine: engine, commits: batch)
        let rows: [CommitDecisions.Row]
        if let results = CommitResults(decisions) {
            rows = try await pool.execute(results)
        } else {
            rows = try await pool.execute(decisions)
        }
        guard let row = rows.first, row.verdicts.count == batch.count, row.unread.count == batch.count
        else { throw .decoding("a commit answers every decision") }
        return zip(row.verdicts, row.unread).map { verdict, unread in
            switch verdict {
            case 1: .success(.written(unread: Int(unread ?? 0)))
            case 2: .success(.inboxFirst)
            default: .success(.leaseLost)
            }
        }
    }

    /// The answer to this batch was lost: whatever is stored is done, the rest is sent again.
    private func settle(_ batch: [RunCommit]) async throws(PostgresError) -> [Result<CommitOutcome, StoreError>] {
        let stored = Set(try await pool.execute(FindCommitted(engine: engine, commits: batch)))
        let missing = batch.filter { !stored.contains($0.lease) }
        let results = missing.isEmpty ? [] : try await commit(missing)
        var byLease: [Lease: Result<CommitOutcome, StoreError>] = [:]
        for (missed, result) in zip(missing, results) { byLease[missed.lease] = result }
        // What waits in the inbox is not known for the stored ones: the next commit or renewal tells.
        return batch.map { byLease[$0.lease] ?? .success(.written(unread: 0)) }
    }

    /// One bad row never fails its batch-mates: halves are tried by themselves.
    private func split(_ batch: [RunCommit], _ error: PostgresError) async -> [Result<CommitOutcome, StoreError>] {
        guard batch.count > 1 else { return [.failure(StoreError(error))] }
        let middle = batch.count / 2
        let left = await writeSorted(Array(batch[..<middle]))
        return left + (await writeSorted(Array(batch[middle...])))
    }
}
