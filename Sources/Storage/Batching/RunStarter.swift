package import Core
package import Postgres

/// What became of a request to start a run.
package enum StartOutcome: Sendable, Hashable {
    /// Written.
    case started
    /// The idempotency key stands for this run, started by the same request before.
    case replayed(RunID)
    /// The idempotency key stands for another request.
    case keyReused
}

/// Writes starts in batches. See `GroupCommitter`.
package final class RunStarter: Sendable {
    private let committer: GroupCommitter<NewRun, StartOutcome>

    /// - Parameters:
    ///   - pool: at least `lanes` connections, or the lanes wait for each other.
    ///   - maxWaiting: beyond so many waiting starts, `submit` throws `overloaded`.
    ///   - maxBytes: payloads in one batch.
    ///   - deadline: how long a start is tried while the database is away.
    ///   - observer: is told the size of each batch.
    package init(
        pool: Pool, lanes: Int = 2, maxBatch: Int = 200, maxWaiting: Int = 4000, maxBytes: Int = 8 << 20,
        deadline: Duration = .seconds(5),
        observer: BatchObserver? = nil
    ) {
        let writer = StartWriter(pool: pool, deadline: deadline)
        committer = GroupCommitter(
            maxBatch: maxBatch, maxWaiting: maxWaiting, maxWeight: maxBytes,
            weigh: { $0.inputBytes.count + $0.contextBytes.count }, lanes: lanes, observer: observer
        ) { batch in
            await writer.write(batch)
        }
    }

    /// Writes the run and waits until it is committed.
    ///
    /// - Throws: `unavailable` when the outcome is unknown or surely nothing: a client that repeats the request under
    ///   the same idempotency key gets exactly one run either way.
    package func submit(_ run: NewRun) async throws(StoreError) -> StartOutcome { try await committer.submit(run) }

    /// Runs until `close`.
    package func run() async { await committer.run() }

    /// Accepts nothing more; what was accepted is still written.
    package func close() { committer.close() }
}

/// Writes one batch of starts, through lost answers and bad rows.
struct StartWriter: Sendable {
    let pool: Pool
    let deadline: Duration

    func write(_ batch: [NewRun]) async -> [Result<StartOutcome, StoreError>] {
        if batch.allSatisfy({ $0.idempotency == nil }) { return await writeSorted(batch) }
        // One statement can't take a key twice: who comes second looks the first one up afterwards.
        var seen: Set<KeyID> = []
        var (firsts, repeats): ([Int], [Int]) = ([], [])
        for (index, new) in batch.enumerated() {
            if let id = new.keyID, !seen.insert(id).inserted { repeats.append(index) } else { firsts.append(index) }
        }
        // Sorted by key, so that two batches with the same keys can't wait for each other in turn.
        firsts.sort { batch[$0].keyOrder < batch[$1].keyOrder }
        var results: [Result<StartOutcome, StoreError>] = batch.map { _ in .failure(.shuttingDown) }
        for (index, result) in zip(firsts, await writeSorted(firsts.map { batch[$0] })) { results[index] = result }
        guard !repeats.isEmpty else { return results }
        for (index, result) in zip(repeats, await lookUp(repeats.map { batch[$0] })) { results[index] = result }
        return results
    }

    /// What the keys of these starts stand for by now.
    private func lookUp(_ batch: [NewRun]) async -> [Result<StartOutcome, StoreError>] {
        do throws(PostgresError) {
            return try await answer(batch, written: batch.map { _ in false })
        } catch {
            return batch.map { _ in .failure(StoreError(error)) }
        }
    }

    private func writeSorted(_ batch: [NewRun]) async -> [Result<StartOutcome, StoreError>] {
        var backoff = Backoff()
        let giveUpAt = ContinuousClock.now + deadline
        var isInDoubt = false
        while true {
            do throws(PostgresError) {
                if isInDoubt { return try await settle(batch) }
                return try await insert(batch)
            } catch {
                // After a lost answer the first statement may still be at work: to run into its rows is no refusal.
                let ranIntoItself = isInDoubt && error.state == .uniqueViolation
                if case .refused = StoreError(error), !ranIntoItself { return await split(batch, error) }
                isInDoubt = isInDoubt || error.mayHaveCommitted
                guard error.isTransient || ranIntoItself, ContinuousClock.now < giveUpAt else {
                    return batch.map { _ in .failure(StoreError(error)) }
                }
            }
            try? await Task.sleep(for: backoff.wait())
        }
    }

    /// The answer to a batch was lost: it is all there or not at all (one statement), so ask.
    private func settle(_ batch: [NewRun]) async throws(PostgresError) -> [Result<StartOutcome, StoreError>] {
        let found = try await pool.execute(FindRuns(runIDs: batch.map(\.run.id)))
        guard !found.isEmpty else { return try await insert(batch) }
        return try await answer(batch, written: batch.map { Set(found).contains($0.run.id) })
    }

    private func insert(_ batch: [NewRun]) async throws(PostgresError) -> [Result<StartOutcome, StoreError>] {
        let rows = try await pool.execute(StartRuns(runs: batch))
        return try await answer(batch, written: rows.first ?? [])
    }

    /// Looks up the runs behind the idempotency keys that were taken.
    private func answer(
        _ batch: [NewRun], written: [Bool]
    ) async throws(PostgresError) -> [Result<StartOutcome, StoreError>] {
        if written.allSatisfy({ $0 }) { return batch.map { _ in .success(.started) } }
        let refused = zip(batch, written).filter { !$0.1 }.map(\.0)
        let known = try await pool.execute(FindIdempotencyKeys(refused))
        var byKey: [KeyID: FindIdempotencyKeys.Row] = [:]
        for row in known { byKey[row.id] = row }
        return zip(batch, written).map { new, isWritten in
            if isWritten { return .success(.started) }
            guard let key = new.idempotency, let id = new.keyID, let row = byKey[id] else {
                return .failure(.overloaded)
            }
            return .success(row.requestHash == key.requestHash ? .replayed(row.runID) : .keyReused)
        }
    }

    /// One bad row never fails its batch-mates: halves are tried by themselves.
    private func split(_ batch: [NewRun], _ error: PostgresError) async -> [Result<StartOutcome, StoreError>] {
        guard batch.count > 1 else { return [.failure(StoreError(error))] }
        let middle = batch.count / 2
        let left = await writeSorted(Array(batch[..<middle]))
        return left + (await writeSorted(Array(batch[middle...])))
    }
}

extension NewRun {
    /// Its idempotency key within its tenant; nil without one.
    fileprivate var keyID: KeyID? { idempotency.map { KeyID(tenantID: tenantID, key: $0.key) } }

    /// What batches are sorted by.
    fileprivate var keyOrder: (String, String) { (idempotency?.key ?? "", tenantID) }
}
