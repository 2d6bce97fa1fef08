import Core
import Postgres

/// The statements with which decisions are written.
///
/// A decision of which somebody has a row locked fails with `StoreError.rowLocked`, at once: nothing of it is written, or it
/// will be found when it is tried again.
struct CommitWriter: BatchWriter {
    let pool: Pool
    let engine: EngineID
    let patience: Duration

    typealias Answer = Result<CommitOutcome, StoreError>

    /// What is in the place of an event may be another holder's.
    static let meetsOnlyItself = false

    /// In the order of run ids, as renewals are: the two lock the same rows and must not do so crosswise.
    func arrange(_ places: [Int], of batch: [Submission<RunCommit>]) -> (written: [Int], lookedUp: [Int]) {
        (places.sorted { batch[$0].row.lease.runID < batch[$1].row.lease.runID }, [])
    }

    /// A decision that concerns other runs takes several statements, and goes by itself.
    func together(_ places: [Int], of batch: [Submission<RunCommit>]) -> [[Int]] {
        if places.allSatisfy({ !batch[$0].row.concernsOthers }) { return [places] }
        let apart = places.filter { batch[$0].row.concernsOthers }
        return [places.filter { !batch[$0].row.concernsOthers }] + apart.map { [$0] }
    }

    func store(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer?] {
        if commits.count == 1, commits[0].concernsOthers { return [try await storeFamily(commits[0])] }
        let decisions = CommitDecisions(engine: engine, commits: commits)
        let rows: [CommitDecisions.Row]
        if let results = CommitResults(decisions) {
            rows = try await pool.execute(results)
        } else {
            rows = try await pool.execute(decisions)
        }
        guard let row = rows.first, row.verdicts.count == commits.count, row.unread.count == commits.count
        else { throw .decoding("a commit answers every decision") }
        return zip(row.verdicts, row.unread).map { Self.answer($0, $1, row.at) }
    }

    private static func answer(_ verdict: Int16?, _ unread: Int32?, _ at: Instant) -> Answer {
        switch verdict {
        case 1: .success(.written(unread: Int(unread ?? 0), at: at))
        case 2: .success(.inboxFirst)
        case 3: .failure(.rowLocked)
        default: .success(.leaseLost)
        }
    }

    /// A decision with the runs that it starts, and what it asks and tells others.
    private func storeFamily(_ commit: RunCommit) async throws(PostgresError) -> Answer {
        var pipeline = Pipeline()
        let slot = pipeline.add(CommitFamily(engine: engine, commit: commit))
        if !commit.children.isEmpty { _ = pipeline.add(StartChildren(engine: engine, commit: commit)) }
        for message in commit.messages { _ = pipeline.add(TellRun(engine: engine, commit: commit, message: message)) }
        let results = try await pool.transaction(pipeline)
        guard let row = results[slot].first, row.verdicts.count == 1 else {
            throw .decoding("a commit answers every decision")
        }
        if commit.children.contains(where: { $0.new.isHeld }) { await StartWriter.wakeResumed(pool) }
        return Self.answer(row.verdicts[0], row.unread.first ?? nil, row.at)
    }

    func findStored(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer?] {
        let rows = try await pool.execute(FindCommitted(engine: engine, commits: commits))
        let stored = Dictionary(rows.map { ($0.lease, $0.at) }) { first, _ in first }
        // What waits in the inbox is not known: the next commit or renewal tells.
        return commits.map { commit in stored[commit.lease].map { .success(.written(unread: 0, at: $0)) } }
    }

    func findLocked(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer?] {
        let locked = Set(try await pool.execute(FindLocked(runIDs: commits.map(\.lease.runID))))
        return commits.map { locked.contains($0.lease.runID) ? .failure(.rowLocked) : nil }
    }

    func lookUp(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer?] {
        preconditionFailure("every decision is answered when it is written")
    }
}
