import Core
import Postgres

/// The statements with which starts are written.
///
/// What is written stays so, whatever comes of looking up who has the keys of others.
struct StartWriter: BatchWriter {
    let pool: Pool
    let deadline: Duration

    typealias Answer = Result<StartOutcome, StoreError>

    /// Ids are new: a start that runs into a row runs into its own.
    static let meetsOnlyItself = true

    var patience: Duration { deadline }

    /// One statement can't take a key twice: who comes second looks the first one up afterwards. Sorted by key, so that two
    /// batches with the same keys can't wait for each other in turn.
    func arrange(_ places: [Int], of batch: [Submission<NewRun>]) -> (written: [Int], lookedUp: [Int]) {
        if places.allSatisfy({ batch[$0].row.idempotency == nil }) { return (places, []) }
        var seen: Set<KeyID> = []
        var (firsts, repeats): ([Int], [Int]) = ([], [])
        for place in places {
            if let id = batch[place].row.keyID, !seen.insert(id).inserted {
                repeats.append(place)
            } else {
                firsts.append(place)
            }
        }
        firsts.sort { batch[$0].row.keyOrder < batch[$1].row.keyOrder }
        return (firsts, repeats)
    }

    /// Nil for those whose idempotency keys are taken.
    func store(_ runs: [NewRun]) async throws(PostgresError) -> [Answer?] {
        let isAnyHeld = runs.contains { $0.isHeld }
        let isAnySpecial = isAnyHeld || runs.contains { $0.isSpecial }
        let answer =
            isAnySpecial
            ? try await pool.execute(StartHeldRuns(runs: runs)) : try await pool.execute(StartRuns(runs: runs))
        guard let flags = answer.first, flags.count == runs.count
        else { throw .decoding("a batch of starts answers every run") }
        if isAnyHeld { await Self.wakeResumed(pool) }
        return flags.map { $0 ? .success(.started) : nil }
    }

    /// A workflow that was resumed while its start was on the way does not wait for somebody to resume it again.
    static func wakeResumed(_ pool: Pool) async {
        do throws(PostgresError) { _ = try await pool.execute(WakeHeldStarts()) } catch {
            // The runs are written; engines look after them once a minute.
        }
    }

    func findStored(_ runs: [NewRun]) async throws(PostgresError) -> [Answer?] {
        let found = Set(try await pool.execute(FindRuns(runIDs: runs.map(\.run.id))))
        return runs.map { found.contains($0.run.id) ? .success(.started) : nil }
    }

    func findLocked(_ runs: [NewRun]) async throws(PostgresError) -> [Answer?] {
        let locked = Set(try await pool.execute(FindLockedKeys(runs)))
        return runs.map { new -> Answer? in
            guard let id = new.keyID, locked.contains(id) else { return nil }
            return .failure(.rowLocked)
        }
    }

    func lookUp(_ runs: [NewRun]) async throws(PostgresError) -> [Answer?] {
        let rows = try await pool.execute(FindIdempotencyKeys(runs))
        let known = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
        return runs.map { new -> Answer? in
            guard let key = new.idempotency, let id = new.keyID, let row = known[id] else { return nil }
            // The statement whose answer was lost committed between a look and the next try.
            if row.runID == new.run.id { return .success(.started) }
            return .success(row.requestHash == key.requestHash ? .replayed(row.runID) : .keyReused)
        }
    }
}

extension NewRun {
    /// What batches are sorted by.
    fileprivate var keyOrder: (String, String) { (idempotency?.key ?? "", tenantID) }
}
