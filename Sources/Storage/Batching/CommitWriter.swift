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

    /// Decisions that concern other runs take several statements each, in a transaction of their own.
    func together(_ places: [Int], of batch: [Submission<RunCommit>]) -> [[Int]] {
        if places.allSatisfy({ !batch[$0].row.concernsOthers }) { return [places] }
        return [places.filter { !batch[$0].row.concernsOthers }, places.filter { batch[$0].row.concernsOthers }]
    }

    func store(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer?] {
        if commits.contains(where: \.concernsOthers) { return try await storeFamilies(commits) }
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
        case 4: .failure(.othersLocked)
        default: .success(.leaseLost)
        }
    }

    /// Decisions with the runs that they start, and what they ask and tell others: one transaction, in which each is written or
    /// not by itself. What one of them has locked the next finds its own.
    private func storeFamilies(_ commits: [RunCommit]) async throws(PostgresError) -> [Answer] {
        var pipeline = Pipeline()
        let slots = commits.map { commit in
            let slot = pipeline.add(CommitFamily(engine: engine, commit: commit))
            if !commit.children.isEmpty { pipeline.add(StartChildren(engine: engine, commit: commit)) }
            for message in commit.messages {
                pipeline.add(TellRun(engine: engine, commit: commit, message: message))
            }
            return slot
        }
        let results = try await pool.transaction(pipeline)
        var answers: [Answer] = []
        for slot in slots {
            guard let row = results[slot].first, row.verdicts.count == 1 else {
                throw .decoding("a commit answers every decision")
            }
            answers.append(Self.answer(row.verdicts[0], row.unread.first ?? nil, row.at))
        }
        if commits.contains(where: { $0.children.contains(where: \.new.isHeld) }) {
            await StartWriter.wakeResumed(pool)
        }
        return answers
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
