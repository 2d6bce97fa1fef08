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
package final class RunStarter: Closable, Sendable {
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
        let again = repeats.map { batch[$0] }
        let known = await answer(again, written: again.map { _ in false }, Attempts(patience: deadline))
        for (index, result) in zip(repeats, known) { results[index] = result }
        return results
    }

    private func writeSorted(_ batch: [NewRun]) async -> [Result<StartOutcome, StoreError>] {
        await writeSorted(batch, Attempts(patience: deadline))
    }

    private func writeSorted(_ batch: [NewRun], _ before: Attempts) async -> [Result<StartOutcome, StoreError>] {
        var (attempts, looksForLocks) = (before, false)
        while true {
            do throws(PostgresError) {
                if looksForLocks, let results = try await writeUnlocked(batch, attempts) { return results }
                looksForLocks = false
                let written = attempts.isInDoubt ? try await settle(batch) : try await insert(batch)
                return await answer(batch, written: written, attempts)
            } catch {
                looksForLocks = error.state == .lockNotAvailable && batch.count > 1 && !looksForLocks
                // Ids are new: a start that runs into a row runs into its own.
                let ranIntoItself = error.state == .uniqueViolation
                switch attempts.next(after: error, batchSize: batch.count, ranIntoItself: ranIntoItself) {
                case .again(let pause): try? await Task.sleep(for: pause)
                case .giveUp(let error): return batch.map { _ in .failure(error) }
                case .split:
                    let middle = batch.count / 2
                    let left = await writeSorted(Array(batch[..<middle]), attempts)
                    return left + (await writeSorted(Array(batch[middle...]), attempts))
                }
            }
        }
    }

    /// Leaves those out whose keys somebody has locked, and answers them at once; nil when there are none.
    private func writeUnlocked(
        _ batch: [NewRun], _ attempts: Attempts
    ) async throws(PostgresError) -> [Result<StartOutcome, StoreError>]? {
        let locked = Set(try await pool.execute(FindLockedKeys(batch)))
        if locked.isEmpty { return nil }
        let isFree = batch.map { new in new.keyID.map { !locked.contains($0) } ?? true }
        let free = zip(batch, isFree).filter { $0.1 }.map(\.0)
        var written = (free.isEmpty ? [] : await writeSorted(free, attempts)).makeIterator()
        return isFree.map { $0 ? written.next() ?? .failure(.overloaded) : .failure(.rowLocked) }
    }

    /// Which of these runs are there, after what is missing was written.
    private func settle(_ batch: [NewRun]) async throws(PostgresError) -> [Bool] {
        let found = Set(try await pool.execute(FindRuns(runIDs: batch.map(\.run.id))))
        let missing = batch.filter { !found.contains($0.run.id) }
        var inserted = (missing.isEmpty ? [] : try await insert(missing)).makeIterator()
        return batch.map { found.contains($0.run.id) || inserted.next() == true }
    }

    /// Which of these runs were written; the idempotency keys of the others are taken.
    private func insert(_ batch: [NewRun]) async throws(PostgresError) -> [Bool] {
        guard let flags = try await pool.execute(StartRuns(runs: batch)).first, flags.count == batch.count
        else { throw .decoding("a batch of starts answers every run") }
        return flags
    }

    /// Looks up the runs behind the idempotency keys that were taken. What is written stays so, whatever comes of that.
    private func answer(
        _ batch: [NewRun], written: [Bool], _ before: Attempts
    ) async -> [Result<StartOutcome, StoreError>] {
        if written.allSatisfy({ $0 }) { return batch.map { _ in .success(.started) } }
        let taken = zip(batch, written).filter { !$0.1 }.map(\.0)
        let known: [KeyID: FindIdempotencyKeys.Row]
        do throws(StoreError) { known = try await find(taken, before) } catch {
            return written.map { $0 ? .success(.started) : .failure(error) }
        }
        return zip(batch, written).map { new, isWritten in
            if isWritten { return .success(.started) }
            // The key was taken, and is gone again.
            guard let key = new.idempotency, let id = new.keyID, let row = known[id] else {
                return .failure(.overloaded)
            }
            // The statement whose answer was lost committed between a look and the next try.
            if row.runID == new.run.id { return .success(.started) }
            return .success(row.requestHash == key.requestHash ? .replayed(row.runID) : .keyReused)
        }
    }

    private func find(
        _ taken: [NewRun], _ before: Attempts
    ) async throws(StoreError) -> [KeyID: FindIdempotencyKeys.Row] {
        var attempts = before
        while true {
            do throws(PostgresError) {
                let rows = try await pool.execute(FindIdempotencyKeys(taken))
                return Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
            } catch {
                guard case .again(let pause) = attempts.next(after: error, batchSize: 1, ranIntoItself: false)
                else { throw .unavailable(error) }
                try? await Task.sleep(for: pause)
            }
        }
    }
}

extension NewRun {
    /// What batches are sorted by.
    fileprivate var keyOrder: (String, String) { (idempotency?.key ?? "", tenantID) }
}
