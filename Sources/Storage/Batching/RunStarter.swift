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
    private let committer: GroupCommitter<Submission<NewRun>, StartOutcome>
    private let deadline: Duration
    private let pool: Pool

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
            weigh: { $0.row.inputBytes.count + $0.row.contextBytes.count }, lanes: lanes, observer: observer
        ) { batch in
            await writer.write(batch)
        }
        self.deadline = deadline
        self.pool = pool
    }

    /// Writes the run and waits until it is committed.
    ///
    /// A start whose key somebody has locked is tried again by itself; its batch-mates are answered meanwhile.
    ///
    /// - Throws: `unavailable` when the outcome is unknown or surely nothing: a client that repeats the request under
    ///   the same idempotency key gets exactly one run either way.
    package func submit(_ run: NewRun) async throws(StoreError) -> StartOutcome {
        try await committer.submit(run, patience: deadline)
    }

    /// The run that a key stands for; nil while it is free. For a start that will not be submitted.
    package func find(_ key: KeyID) async throws(StoreError) -> FindIdempotencyKeys.Row? {
        do throws(PostgresError) {
            guard try await pool.execute(IsKeyTaken(key)).first == true else { return nil }
            return try await pool.execute(FindIdempotencyKeys(key)).first
        } catch { throw StoreError(error) }
    }

    /// Runs until `close`.
    package func run() async { await committer.run() }

    /// Accepts nothing more; what was accepted is still written.
    package func close() { committer.close() }
}
