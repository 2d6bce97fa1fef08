package import Core
package import Postgres

/// What the API reads of runs. Reads only; never on the hot path.
package struct RunReader: Sendable {
    private let pool: Pool

    /// - Parameter pool: see `Database.reads`.
    package init(pool: Pool) { self.pool = pool }

    /// One run with its steps, both of the same moment; nil when there is none.
    package func find(_ runID: RunID) async throws(StoreError) -> (run: RunRow, steps: [StepRow])? {
        do throws(PostgresError) {
            let (runs, steps) = try await pool.withConnection { connection throws(PostgresError) in
                try await connection.transaction(FindRun(runID), FindSteps(runID))
            }
            return runs.first.map { ($0, steps) }
        } catch { throw StoreError(error) }
    }

    /// Its status; nil when there is no such run.
    package func status(of runID: RunID) async throws(StoreError) -> RunStatus? {
        try await read(FindRunStatus(runID)).first.flatMap { RunStatus(rawValue: $0) }
    }

    /// A page of runs, newest first.
    package func list(_ query: RunQuery) async throws(StoreError) -> [RunRow] {
        if let correlationID = query.correlationID {
            return try await read(ListCorrelatedRuns(query: query, correlationID: correlationID))
        }
        switch query.status {
        case .pending, .running, .compensating: return try await read(ListLiveRuns(query: query))
        case nil, .completed, .compensated, .cancelled, .failed: return try await read(ListRuns(query: query))
        }
    }

    /// A page of FAILED runs, newest first.
    package func failed(_ query: FailedRunQuery) async throws(StoreError) -> [FailedRunRow] {
        try await read(ListFailedRuns(query))
    }

    /// The history of a run after a sequence number, oldest first.
    package func events(
        of runID: RunID, after sequence: Int = 0, limit: Int = 10_000
    ) async throws(StoreError) -> [StoredEvent] {
        try await read(FindEvents(runID, after: sequence, limit: limit))
    }

    private func read<S: Statement>(_ statement: S) async throws(StoreError) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch { throw StoreError(error) }
    }
}
