import Core
import Postgres

/// Writes one batch of decisions, through lost answers, bad rows and rows that others have locked.
struct CommitWriter: Sendable {
    let pool: Pool
    let engine: EngineID
    let patience: Duration

    typealias Written = Result<CommitOutcome, StoreError>

    /// How often a batch in doubt may run into rows that are there already before they count as somebody else's.
    private static let maxCollisions = 3

    /// A decision of which somebody has a row locked fails with `StoreError.rowLocked`, at once: nothing of it is written,
    /// or it will be found when it is tried again as a suspect.
    ///
    /// - Parameter suspects: runs whose decisions failed so before.
    func write(_ batch: [RunCommit], suspects: Set<RunID> = []) async -> [Written] {
        // In the order of run ids, as renewals are: the two lock the same rows and must not do so crosswise.
        let order = batch.indices.sorted { batch[$0].lease.runID < batch[$1].lease.runID }
        // What was locked may have been so by its own statement, whose answer was lost.
        let attempts = Attempts(patience: patience, isInDoubt: !suspects.isEmpty)
        let results = await writeSorted(order.map { batch[$0] }, attempts, looksForLocks: !suspects.isEmpty)
        var inOrder = results
        for (position, original) in order.enumerated() { inOrder[original] = results[position] }
        return inOrder
    }

    private func writeSorted(_ batch: [RunCommit], _ before: Attempts, looksForLocks: Bool = false) async -> [Written] {
        var (attempts, looksForLocks, collisions) = (before, looksForLocks, 0)
        while true {
            do throws(PostgresError) {
                if looksForLocks { return try await writeUnlocked(batch, isInDoubt: attempts.isInDoubt) }
                return try await write(batch, isInDoubt: attempts.isInDoubt)
            } catch {
                if error.state == .lockNotAvailable, !looksForLocks {
                    // Of a run's other rows, or of a whole table: of those nobody can be skipped.
                    if batch.count == 1 { return [.failure(.rowLocked)] }
                    looksForLocks = true
                    continue
                }
                // After a lost answer the first statement may still have been at work.
                var ranIntoItself = attempts.isInDoubt && error.state == .uniqueViolation
                if ranIntoItself { collisions += 1 }
                ranIntoItself = ranIntoItself && collisions <= Self.maxCollisions
                switch attempts.next(after: error, batchSize: batch.count, ranIntoItself: ranIntoItself) {
                case .again(let pause): try? await Task.sleep(for: pause)
                case .giveUp(let error): return batch.map { _ in .failure(error) }
                case .split:
                    let middle = batch.count / 2
                    let left = await writeSorted(Array(batch[..<middle]), attempts, looksForLocks: looksForLocks)
                    let right = await writeSorted(Array(batch[middle...]), attempts, looksForLocks: looksForLocks)
                    return left + right
                }
            }
        }
    }

    /// Leaves those out of whose runs somebody has a row locked.
    private func writeUnlocked(_ batch: [RunCommit], isInDoubt: Bool) async throws(PostgresError) -> [Written] {
        let locked = Set(try await pool.execute(FindLocked(runIDs: batch.map(\.lease.runID))))
        let free = batch.filter { !locked.contains($0.lease.runID) }
        var written = (free.isEmpty ? [] : try await write(free, isInDoubt: isInDoubt)).makeIterator()
        return batch.map { commit in
            locked.contains(commit.lease.runID) ? .failure(.rowLocked) : written.next() ?? .failure(.rowLocked)
        }
    }

    private func write(_ batch: [RunCommit], isInDoubt: Bool) async throws(PostgresError) -> [Written] {
        isInDoubt ? try await settle(batch) : try await commit(batch)
    }

    private func commit(_ batch: [RunCommit]) async throws(PostgresError) -> [Written] {
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
            case 3: .failure(.rowLocked)
            default: .success(.leaseLost)
            }
        }
    }

    /// The answer to this batch was lost: whatever is stored is done, the rest is sent again.
    private func settle(_ batch: [RunCommit]) async throws(PostgresError) -> [Written] {
        let stored = Set(try await pool.execute(FindCommitted(engine: engine, commits: batch)))
        let missing = batch.filter { !stored.contains($0.lease) }
        let results = missing.isEmpty ? [] : try await commit(missing)
        var byLease: [Lease: Written] = [:]
        for (missed, result) in zip(missing, results) { byLease[missed.lease] = result }
        // What waits in the inbox is not known for the stored ones: the next commit or renewal tells.
        return batch.map { byLease[$0.lease] ?? .success(.written(unread: 0)) }
    }
}
