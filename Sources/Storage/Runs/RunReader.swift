package import Core
package import Postgres

/// What the API reads of runs. Reads only; never on the hot path.
package struct RunReader: Sendable {
    private let pool: Pool

    /// - Parameter pool: see `Database.reads`.
    package init(pool: Pool) { self.pool = pool }

    /// One run with its steps, everything in them, both of the same moment; nil when there is none.
    ///
    /// All of it is in memory at once, parsed: not for what anybody may ask for.
    package func find(_ runID: RunID) async throws(StoreError) -> (run: RunRow, steps: [StepRow])? {
        let (runs, steps) = try await read(FindRun(runID), FindSteps(runID))
        return runs.first.map { ($0, steps) }
    }

    /// Where one run and its steps stand, without payloads; nil when there is none.
    package func standing(of runID: RunID) async throws(StoreError) -> (run: RunHead, steps: [StepRow])? {
        let (runs, steps) = try await read(FindRunHead(runID), FindStepHeads(runID))
        return runs.first.map { ($0, steps) }
    }

    /// One run with its steps to be shown; nil when there is none. At most half a megabyte: what is larger is read by `payload`.
    package func shown(_ runID: RunID) async throws(StoreError) -> (run: ShownRun, steps: [ShownStep])? {
        let (runs, steps) = try await read(FindShownRun(runID: runID), FindShownSteps(runID: runID))
        return runs.first.map { ($0, steps) }
    }

    /// One payload of a run; nil when there is none (any more).
    package func payload(_ payload: RunPayload, of runID: RunID) async throws(StoreError) -> [UInt8]? {
        try await read(FindPayload(runID: runID, payload: payload)).first ?? nil
    }

    /// Its status; nil when there is no such run.
    package func status(of runID: RunID) async throws(StoreError) -> RunStatus? {
        try await read(FindRunStatus(runID)).first.flatMap { RunStatus(rawValue: $0) }
    }

    /// How far runs are, each asked for once; those that there are not are left out.
    package func sights(of runIDs: [RunID]) async throws(StoreError) -> [RunSight] {
        try await read(WatchRuns(runIDs: runIDs))
    }

    /// What may explain why nothing happens in these runs; those that are over are left out.
    package func live(_ runIDs: [RunID]) async throws(StoreError) -> [QuietRun] {
        try await read(FindLiveRuns(runIDs: runIDs))
    }

    /// The engines, as they told in their last heartbeats.
    package func engines() async throws(StoreError) -> [ListEngines.Row] { try await read(ListEngines()) }

    /// A page of runs, newest first, without payloads.
    package func list(_ query: RunQuery) async throws(StoreError) -> [RunHead] {
        if let correlationID = query.correlationID {
            return try await read(ListCorrelatedRuns(query: query, correlationID: correlationID))
        }
        switch query.status {
        case .pending, .running, .compensating: return try await read(ListLiveRuns(query: query))
        case nil, .completed, .compensated, .cancelled, .failed: return try await read(ListRuns(query: query))
        }
    }

    /// Runs with their payloads, in this order: as many as have `maxBytes` together, and the one that goes beyond.
    package func withPayloads(_ runIDs: [RunID], maxBytes: Int) async throws(StoreError) -> [ShownRun] {
        try await read(FindRunsWithPayloads(runIDs: runIDs, maxBytes: maxBytes))
    }

    /// A page of FAILED runs, newest first.
    package func failed(_ query: FailedRunQuery) async throws(StoreError) -> [FailedRunRow] {
        try await read(ListFailedRuns(query))
    }

    /// A page of the history of a run after a sequence number, oldest first: at most `limit` events, as many as have `maxBytes`
    /// together, and the one that goes beyond.
    package func eventPage(
        of runID: RunID, after sequence: Int, limit: Int, maxBytes: Int
    ) async throws(StoreError) -> [ShownEvent] {
        try await read(FindEventPage(runID, after: sequence, limit: limit, maxBytes: maxBytes))
    }

    /// The history of a run after a sequence number, oldest first, parsed: not for what anybody may ask for.
    package func events(
        of runID: RunID, after sequence: Int = 0, limit: Int = 10_000
    ) async throws(StoreError) -> [StoredEvent] {
        try await read(FindEvents(runID, after: sequence, limit: limit))
    }

    private func read<S: Statement>(_ statement: S) async throws(StoreError) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch { throw StoreError(error) }
    }

    /// Two statements of the same moment.
    private func read<First: Statement, Second: Statement>(
        _ first: First, _ second: Second
    ) async throws(StoreError) -> ([First.Row], [Second.Row]) {
        do throws(PostgresError) {
            return try await pool.withConnection { connection throws(PostgresError) in
                try await connection.transaction(first, second)
            }
        } catch { throw StoreError(error) }
    }
}
