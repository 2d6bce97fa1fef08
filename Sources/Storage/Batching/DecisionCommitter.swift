package import Core
package import Postgres

/// What became of a decision.
package enum CommitOutcome: Sendable, Hashable {
    /// Written at this time of the database. `unread` inbox rows wait to be consumed.
    case written(unread: Int, at: Instant)
    /// Another engine holds the run, or it is over: drop it without another word.
    case leaseLost
    /// Not written: the run would have ended with unread inbox rows. Read them and decide again.
    case inboxFirst
}

/// Writes decisions in batches, each under its lease. See `GroupCommitter`.
package final class DecisionCommitter: Closable, Sendable {
    private let committer: GroupCommitter<Submission<RunCommit>, CommitOutcome>
    /// Writes what takes its time: decisions that take several statements each, what may meet those at the same rows, and decisions
    /// about many elements. Nobody else waits behind them.
    private let slow: GroupCommitter<Submission<RunCommit>, CommitOutcome>
    private let patience: Duration

    /// - Parameters:
    ///   - pool: at least `lanes` connections and one more, or the lanes wait for each other.
    ///   - engine: the lease owner.
    ///   - maxBytes: payloads in one batch.
    ///   - patience: how long a decision is tried while the database is away; longer than a lease is pointless.
    ///   - observer: is told the size of each batch.
    ///   - others: how many engines share the database with this one.
    package init(
        pool: Pool, engine: EngineID, lanes: Int = 2, maxBatch: Int = 200, maxBytes: Int = 8 << 20, patience: Duration,
        observer: BatchObserver? = nil, others: @escaping @Sendable () -> Int = { 0 }
    ) {
        let writer = CommitWriter(pool: pool, engine: engine, patience: patience)
        slow = GroupCommitter(
            maxBatch: min(maxBatch, Self.mostFamilies), crowd: .max, maxWaiting: .max, maxWeight: maxBytes,
            weigh: \.row.size, lanes: 2, observer: observer
        ) { batch in
            await writer.write(batch)
        }
        committer = GroupCommitter(
            maxBatch: maxBatch, maxWaiting: .max, maxWeight: maxBytes, weigh: \.row.size, lanes: lanes,
            observer: observer,
            rest: { took in Self.rest(after: took, others: others()) }
        ) { batch in
            await writer.write(batch)
        }
        self.patience = patience
    }

    /// So that the database gets about as many batches from several engines as from one: with as much to do together, each
    /// has a share of it.
    static func rest(after took: Duration, others: Int) -> Duration { min(took * min(others, 3), .milliseconds(75)) }

    /// Writes the decision and waits until it is committed.
    ///
    /// Idempotent by (run, seq): after a lost acknowledgement the decision is looked for before it is sent again.
    /// Memory is bounded by the caller, who has at most one decision per run in its hands.
    ///
    /// A run of which somebody has a row locked is tried again by itself; its batch-mates are answered meanwhile.
    package func submit(_ commit: RunCommit) async throws(StoreError) -> CommitOutcome {
        guard commit.concernsOthers || commit.startsRuns || commit.eventCount > Self.fewEvents else {
            return try await committer.submit(commit, patience: patience)
        }
        return try await slow.submit(commit, patience: patience, longestPause: Self.familyPause)
    }

    /// A decision with more is about many elements.
    private static let fewEvents = 24
    /// Decisions with others in one transaction at most: so long the rows stay locked of whom they tell.
    private static let mostFamilies = 20
    /// A parent's row may be wanted by many, for some milliseconds each: whoever waits longer has it never.
    private static let familyPause = Duration.milliseconds(20)

    /// Runs until `close`.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.committer.run() }
            group.addTask { await self.slow.run() }
        }
    }

    /// Accepts nothing more; what was accepted is still written.
    package func close() {
        committer.close()
        slow.close()
    }
}
