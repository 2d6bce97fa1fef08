package import Core
import Postgres

/// What became of a request to a run.
package enum InboxOutcome: Sendable, Hashable {
    /// It waits for the run's lease holder, who will act on it.
    case accepted
    /// The run is over.
    case terminal(RunStatus)
    /// There is no such run.
    case unknownRun
    /// The step is not one that can be retried now.
    case notRetryable
    /// It is not FAILED.
    case notFailed
    /// It is FAILED, but something is asked of it already, and this request is not to come second.
    case alreadyAsked
}

/// Asks the lease holders of runs for things. Nobody but the lease holder changes a run.
package struct RunInbox: Sendable {
    private let pool: Pool
    private let reader: RunReader
    /// How often a FAILED run that moves under our hands is looked at again.
    private static let looks = 10

    package init(database: Database) {
        pool = database.writes
        reader = RunReader(pool: database.reads)
    }

    /// Asks for the run to be undone. What is accepted here never ends COMPLETED.
    package func cancel(_ runID: RunID, reason: String?, by: String) async throws(StoreError) -> InboxOutcome {
        if try await send(SendToRun(runID: runID, request: InboxRequest(.cancel(reason: reason), sentBy: by))) {
            return .accepted
        }
        guard let status = try await reader.status(of: runID) else { return .unknownRun }
        return .terminal(status)
    }

    /// Asks for a step to be tried now: one that waits for its backoff, or what a FAILED run gave up on. The request is in
    /// `admin_actions`, too, whoever asks.
    ///
    /// - Parameter canRetry: `Run.canRetry` of the step, judged on the rows as they are.
    package func retry(
        _ runID: RunID, stepID: String, by: String, canRetry: @Sendable (RunHead, [StepRow]) -> Bool
    ) async throws(StoreError) -> InboxOutcome {
        guard let (run, steps) = try await reader.standing(of: runID) else { return .unknownRun }
        guard canRetry(run, steps) else { return .notRetryable }
        let request = InboxRequest(.retry(stepID: stepID), sentBy: by)
        if run.status == .failed {
            return try await askFailed(runID, request, .retryRun) == .accepted ? .accepted : .notRetryable
        }
        return try await send(SendToRun(runID: runID, request: request, action: .retryRun)) ? .accepted : .notRetryable
    }

    /// Asks, for an admin, something of a run that is FAILED. The request is in `admin_actions`, too.
    ///
    /// - Parameter repeats: whether it is asked also when something is asked of the run already.
    package func askFailed(
        _ runID: RunID, _ request: InboxRequest, _ action: AdminAction?, repeats: Bool = true
    ) async throws(StoreError) -> InboxOutcome {
        let statement = SendToFailedRuns(runIDs: [runID], request: request, action: action, repeats: repeats)
        for _ in 0..<Self.looks {
            if try await send(statement) { return .accepted }
            guard let status = try await reader.status(of: runID) else { return .unknownRun }
            if status != .failed { return .notFailed }
            // Somebody else was asking, or took the run up and failed again, in this very moment.
        }
        return repeats ? .notFailed : .alreadyAsked
    }

    /// The same of many at once; of those that are FAILED and of which nothing is asked yet. Answers with those.
    package func askFailed(
        _ runIDs: [RunID], _ request: InboxRequest, _ action: AdminAction
    ) async throws(StoreError) -> Set<RunID> {
        let statement = SendToFailedRuns(runIDs: runIDs, request: request, action: action, repeats: false)
        do throws(PostgresError) { return Set(try await pool.execute(statement)) } catch { throw StoreError(error) }
    }

    private func send<S: Statement>(_ statement: S) async throws(StoreError) -> Bool {
        do throws(PostgresError) { return !(try await pool.execute(statement)).isEmpty } catch {
            throw StoreError(error)
        }
    }
}
