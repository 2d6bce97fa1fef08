package import Core
package import Postgres

/// What the API reads of runs. Reads only; never on the hot path.
package struct RunReader: Sendable {
    private let pool: Pool
    private let lookups: Pool
    private let definitions: DefinitionStore

    /// - Parameters:
    ///   - pool: see `Database.reads`.
    ///   - lookups: see `Database.lookups`; nil for the same.
    package init(pool: Pool, lookups: Pool? = nil) {
        self.pool = pool
        self.lookups = lookups ?? pool
        definitions = DefinitionStore(pool: pool)
    }

    /// One run with its steps, everything in them, both of the same moment; nil when there is none.
    ///
    /// All of it is in memory at once, parsed: not for what anybody may ask for.
    ///
    /// No steps come with it when its definition can't be read.
    ///
    /// - Throws: `UnreadableRun`, too, when rows and definition do not fit together.
    package func find(_ runID: RunID) async throws -> (run: RunRow, steps: [StepRow])? {
        let (rows, snapshots, history) = try await read(FindRun(runID), FindSnapshot(runID), FindEvents(runID))
        guard let row = rows.first, let snapshot = snapshots.first else { return nil }
        do {
            let definition = try await definitions.definition(ofRun: row.definitionID)
            let run = try Run(row, snapshot, history.flatMap { $0 }, of: definition)
            return (row.following(run), run.stepRows)
        } catch is DefinitionProblem {
            return (row, [])
        }
    }

    /// One run as its holder would have it, everything in it, with what belongs to it beside its history; nil when there is none.
    ///
    /// All of it is in memory at once, parsed.
    ///
    /// - Throws: `DefinitionProblem` and `UnreadableRun`, too.
    func whole(_ runID: RunID) async throws -> (run: Run, row: RunRow)? {
        let (rows, snapshots, history) = try await read(FindRun(runID), FindSnapshot(runID), FindEvents(runID))
        guard let row = rows.first, let snapshot = snapshots.first else { return nil }
        let definition = try await definitions.definition(ofRun: row.definitionID)
        return (try Run(row, snapshot, history.flatMap { $0 }, of: definition), row)
    }

    /// Where one run and its steps stand, without payloads, and the database's time; nil when there is none. Of a run that stands
    /// as only a newer version knows, no standing comes with it.
    func standing(of runID: RunID) async throws(StoreError) -> (standing: RunStanding?, status: RunStatus?)? {
        guard let (shown, followed, _) = try await followed(runID) else { return nil }
        let head = shown.run.head
        let definition: WorkflowDefinition?
        do throws(DefinitionProblem) {
            definition = try await definitions.definition(ofRun: head.definitionID)
        } catch {
            if case .store(let error) = error { throw error }
            definition = nil
        }
        return (RunStanding(head, followed, definition), head.status)
    }

    /// One run with its steps to be shown; nil when there is none. At most a megabyte: what is larger is read by `payload`.
    package func shown(_ runID: RunID) async throws(StoreError) -> (run: ShownRun, steps: [ShownStep])? {
        guard let (shown, followed, journal) = try await followed(runID) else { return nil }
        let steps = followed.steps.enumerated().map { index, step in
            ShownStep(
                index: index, step, output: followed.output(of: index, shown.outputs),
                engineID: journal.row(of: step.counts.attemptSequence)?.engineID)
        }
        return (shown.run, steps)
    }

    private func followed(
        _ runID: RunID
    ) async throws(StoreError) -> (shown: FindShownRun.Row, FollowedRun, [JournalHead])? {
        let (rows, journal) = try await read(FindShownRun(runID: runID), FindJournalHeads(runID: runID), on: lookups)
        guard var shown = rows.first else { return nil }
        let followed = try await FollowedRun(shown.run.head, shown.snapshot, journal, definitions)
        if let run = followed.run { shown.run.follow(run) }
        shown.run.link(followed)
        return (shown, followed, journal)
    }

    /// The database's time.
    func now() async throws(StoreError) -> Instant? { try await read(ReadClock(), on: lookups).first }

    /// One payload of a run; nil when there is none (any more).
    ///
    /// - Parameter mask: what of it is not to be seen, as `SeenText` has it. What can't be masked is not given.
    package func payload(
        _ payload: RunPayload, of runID: RunID, _ mask: SensitiveMask
    ) async throws(StoreError) -> [UInt8]? {
        // With a plan made once, which does not know which payload it is for, 40 large outputs took more than ten seconds.
        guard let text = try await read(FindPayload(runID: runID, payload: payload)).first ?? nil else { return nil }
        return PayloadView.masked(text[...], mask) ?? PayloadView.marker(text.count)
    }

    /// Whose run it is, and of which workflow; nil when there is no such run.
    package func owner(of runID: RunID) async throws(StoreError) -> RunOwner? {
        try await read(FindRunOwner(runID), on: lookups).first
    }

    /// Its status; nil when there is no such run.
    package func status(of runID: RunID) async throws(StoreError) -> RunStatus? {
        try await read(FindRunStatus(runID), on: lookups).first.flatMap { RunStatus(rawValue: $0) }
    }

    /// The status of each of these runs; those that there are not are left out.
    package func statuses(of runIDs: [RunID]) async throws(StoreError) -> [RunID: String] {
        if runIDs.isEmpty { return [:] }
        let rows = try await read(FindStatuses(runIDs: runIDs), on: lookups)
        return Dictionary(rows.map { ($0.runID, $0.status) }) { first, _ in first }
    }

    /// The ids of a run's steps, in the order of its definition; nil when there is no such run.
    package func stepIDs(of runID: RunID) async throws(StoreError) -> [String]? {
        try await followed(runID)?.1.steps.map(\.stepID)
    }

    /// The digests of the last callbacks with which the ends of an action were told.
    func callbacks(of runID: RunID, stepID: String, _ action: CallAction) async throws(StoreError) -> [String] {
        try await read(FindCallbacks(runID: runID, stepID: stepID, action: action), on: lookups)
    }

    /// How far runs are, each asked for once; those that there are not are left out.
    package func sights(of runIDs: [RunID]) async throws(StoreError) -> [RunSight] {
        try await read(WatchRuns(runIDs: runIDs), on: lookups)
    }

    /// What may explain why nothing happens in these runs; those that are over are left out.
    package func live(_ runIDs: [RunID]) async throws(StoreError) -> [QuietRun] {
        var live: [QuietRun] = []
        for row in try await read(FindLiveRuns(runIDs: runIDs)) { live.append(try await row.run(definitions)) }
        return live
    }

    /// The engines, as they told in their last heartbeats, and which participants are tenants' own.
    package func enginesAndOwnParticipants() async throws(StoreError) -> ([ListEngines.Row], [ParticipantID]) {
        try await read(ListEngines(), ListOwnParticipants())
    }

    /// A page of runs, newest first, without payloads.
    package func list(_ query: RunQuery) async throws(StoreError) -> [RunHead] {
        if query.isVain { return [] }
        return switch query.way {
        case .waiting(let kind): try await read(ListWaitingRuns(query: query, kind: kind))
        case .children(let parent): try await read(ListChildren(query: query, parent: parent))
        case .correlated(let id): try await read(ListCorrelatedRuns(query: query, correlationID: id))
        case .live: try await read(ListLiveRuns(query: query))
        case .window: try await read(ListRunsInWindow(query: query))
        case .all: try await read(ListRuns(query: query))
        }
    }

    /// Where a list that ended early goes on: after this run. Nil where nothing is left to be looked at, or all has been.
    package func windowEnd(_ query: RunQuery) async throws(StoreError) -> RunID? {
        guard query.isWindowed else { return nil }
        return switch query.way {
        case .waiting(let kind): try await read(FindWaitingWindowEnd(query: query, kind: kind)).first
        case .live: try await read(FindLiveWindowEnd(query: query)).first
        case .window: try await read(FindWindowEnd(query: query)).first
        case .children, .correlated, .all: nil
        }
    }

    /// Which live runs take longer than they should, and all that are named there, as lists show them.
    package func slow(_ query: FindSlowRuns) async throws(StoreError) -> (found: FindSlowRuns.Row, runs: [RunHead])? {
        guard let found = try await read(query).first else { return nil }
        let named = Set([found.attempts, found.retrying, found.due, found.overdue].flatMap(\.runIDs))
        return (found, named.isEmpty ? [] : try await read(ListRunHeads(runIDs: Array(named))))
    }

    /// FAILED runs by what they have in common.
    package func failedGroups(_ query: GroupFailedRuns) async throws(StoreError) -> [GroupFailedRuns.Row] {
        try await read(query)
    }

    /// How many runs began and ended, minute by minute.
    package func minutes(_ query: ReadMinutes) async throws(StoreError) -> [ReadMinutes.Row] { try await read(query) }

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
        try await read(FindEventPage(runID, after: sequence, limit: limit, maxBytes: maxBytes), on: lookups)
    }

    /// The history of a run after a sequence number, oldest first, parsed: not for what anybody may ask for.
    package func events(
        of runID: RunID, after sequence: Int = 0, limit: Int = 10_000
    ) async throws(StoreError) -> [StoredEvent] {
        Array(try await read(FindEvents(runID)).flatMap { $0 }.lazy.filter { $0.sequence > sequence }.prefix(limit))
    }

    private func read<S: Statement>(_ statement: S, on pool: Pool? = nil) async throws(StoreError) -> [S.Row] {
        do throws(PostgresError) { return try await (pool ?? self.pool).execute(statement) } catch {
            throw StoreError(error)
        }
    }

    /// Statements of the same moment.
    private func read<each S: Statement>(
        _ statements: repeat each S, on pool: Pool? = nil
    ) async throws(StoreError) -> (repeat [(each S).Row]) {
        do throws(PostgresError) {
            return try await (pool ?? self.pool).withConnection { connection throws(PostgresError) in
                try await connection.transaction(repeat each statements)
            }
        } catch { throw StoreError(error) }
    }
}

extension Run {
    /// A run by its row, with its snapshot, and what the history holds after that, applied.
    package init(
        _ row: RunRow, _ snapshot: SnapshotRow, _ history: [StoredEvent], of definition: WorkflowDefinition
    ) throws(UnreadableRun) {
        self.init(
            id: row.runID, definition: definition, input: row.input, context: row.context, createdAt: row.createdAt)
        status = row.status
        cause = row.cause
        error = row.error.flatMap { Failure($0) }
        turnedBackBy = row.error?["before"].flatMap { Failure($0) }
        output = row.output
        updatedAt = row.updatedAt
        completedAt = row.completedAt
        try snapshot.restore(&self) { sequence throws(UnreadableRun) in
            history.first { $0.sequence == sequence }?.row.data?["output"]
        }
        for stored in history where stored.sequence > snapshot.sequence {
            guard let event = stored.row.event(of: numbering) else {
                throw UnreadableRun(
                    "its event \(stored.sequence), \(stored.kind), can't be read", mayBeNewer: !stored.isKnown)
            }
            follow(event, at: stored.at)
        }
    }
}

extension [JournalHead] {
    /// The row that an event is in; nil when there is none.
    func row(of sequence: Int) -> JournalHead? {
        if sequence < 1 { return nil }
        return last { $0.sequence <= sequence }
    }
}
