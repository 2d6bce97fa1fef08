import Core
import Storage

/// The life of a batch of runs, decided by `Core` and put into rows by `Storage` as API and engine do it.
struct SagaCycle {
    /// In their order; every third of them is one step of the chain.
    let ids: [RunID]
    let start: StartRuns
    let claim: ClaimRuns
    /// One for each step's success; the last one ends the runs.
    let commits: [CommitDecisions]

    init(batch: Int) throws {
        let definition = try WorkflowDefinition(BenchWorkflow.definition)
        let engine = RunID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)
        let now = Instant(microseconds: WallClock.microseconds)
        var generator = RunIDGenerator()
        var random = SystemRandomNumberGenerator()
        ids = (0..<batch).map { _ in generator.next(milliseconds: UInt64(now.microseconds / 1000), using: &random) }

        let new = ids.map { id in
            NewRun(
                run: Run(id: id, definition: definition, input: BenchWorkflow.input, context: [:], createdAt: now),
                tenantID: "default", correlationID: nil, traceparent: nil, idempotency: nil)
        }
        start = StartRuns(runs: new)
        claim = ClaimRuns(engine: engine, limit: batch, lease: .seconds(60))

        // What the claim statement itself does: the first step begins.
        var runs = new.map(\.run)
        for index in runs.indices {
            runs[index].evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: now)
        }
        let answer = Answer.response(status: 200, retryAfter: nil, body: Array(BenchWorkflow.answer.utf8))
        var commits: [CommitDecisions] = []
        for step in definition.steps {
            guard let action = step.action as CallDefinition? else { continue }
            let result = CallResult(answer, of: action, isAmbiguous: false, duration: .microseconds(350))
            let happening = Happening.finished(step: step.index, action: .execute, attempt: 1, result)
            var batch: [RunCommit] = []
            for index in runs.indices {
                let events = try decide(runs[index], happening, now: now, jitter: 0)
                let lease = Lease(runID: runs[index].id, epoch: 1)
                batch.append(RunCommit(lease: lease, run: &runs[index], events: events, now: now))
            }
            commits.append(CommitDecisions(engine: engine, commits: batch))
        }
        self.commits = commits
    }
}
