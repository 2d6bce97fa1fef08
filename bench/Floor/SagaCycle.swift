import Core
import Storage

/// The life of a batch of runs, decided by `Core` and turned into rows by `Storage` as API and engine do it.
struct SagaCycle {
    /// Of the runs, ascending.
    let ids: [RunID]
    let start: StartRuns
    let claim: ClaimRuns
    /// One for each step's success; the last one ends the runs.
    let commits: [CommitResults]

    init(batch: Int) throws {
        let definition = try WorkflowDefinition(BenchWorkflow.definition)
        let now = Instant(microseconds: WallClock.microseconds)
        var generator = RunIDGenerator()
        var random = SystemRandomNumberGenerator()
        let new = (0..<batch).map { _ in
            let id = generator.next(milliseconds: UInt64(now.microseconds / 1000), using: &random)
            return NewRun(
                run: Run(id: id, definition: definition, input: BenchWorkflow.input, context: [:], createdAt: now),
                tenantID: "default", correlationID: nil, traceparent: nil, idempotency: nil)
        }
        ids = new.map(\.run.id)
        start = StartRuns(runs: new)
        // All clients claim for one engine, so that each may commit what it claimed of the others' runs.
        let engine = EngineID(high: 0x7000, low: 0x8000_0000_0000_0001)
        claim = ClaimRuns(engine: engine, limit: batch, lease: .seconds(60))

        // What the claim statement itself does: the first step begins.
        var runs = new.map(\.run)
        for index in runs.indices {
            runs[index].evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: now)
        }
        let answer = Answer.response(status: 200, retryAfter: nil, body: Array(BenchWorkflow.answer.utf8))
        commits = try definition.steps.map { step in
            let result = CallResult(answer, of: step.madeCall, isAmbiguous: false, duration: .microseconds(350))
            let happening = Happening.finished(step: step.index, action: .execute, attempt: 1, result)
            let decided = try runs.indices.map { index in
                let events = try decide(runs[index], happening, now: now, jitter: 0)
                let lease = Lease(runID: runs[index].id, epoch: 1)
                let commit = SessionCommit(lease: lease, run: runs[index], events: events, now: now)
                runs[index] = commit.after
                return RunCommit(commit)
            }
            guard let results = CommitResults(CommitDecisions(engine: engine, commits: decided)) else {
                throw BenchError.floor("results give no lease back")
            }
            return results
        }
    }
}
