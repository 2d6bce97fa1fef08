// Runs that nobody moves: finding them, saying why, and taking them from holders that don't move them. Engines never
// need this: a lease runs out and the run is taken over. It is for what that does not cover, a lease that is renewed by
// an engine that does nothing, and for people who want to know.

package import Core
import Postgres

/// What an operator can find out about quiet runs, and do.
package struct Recovery: Sendable {
    /// A quiet run and the reason.
    package struct Finding: Sendable {
        package let run: QuietRun
        package let reason: QuietReason
        /// The definition the run was started with; nil when it can't be read.
        package let definition: WorkflowDefinition?
    }

    private let database: Database
    private let definitions: DefinitionStore

    /// - Parameter database: its read pool finds, its write pool frees.
    package init(database: Database) {
        self.database = database
        definitions = DefinitionStore(pool: database.reads)
    }

    /// Live runs without an event for `quietFor`, the quietest first.
    package func quietRuns(for quietFor: Duration, limit: Int) async throws(StoreError) -> [Finding] {
        let rows = try await execute(FindQuietRuns(quietFor: quietFor, limit: limit), on: database.reads)
        let participants = try await execute(FindParticipants(), on: database.reads)
        let paused = ParticipantBook(participants.lazy.map { ($0.id, $0.pause != nil) })
        var findings: [Finding] = []
        for quiet in rows {
            let row = try await quiet.run(definitions)
            let definition: WorkflowDefinition?
            do throws(DefinitionProblem) {
                definition = try await definitions.definition(ofRun: row.definitionID)
            } catch {
                if case .store(let error) = error { throw error }
                // Unreadable: its engine will say so, and quarantine the run. Here it only means not to know timeouts.
                definition = nil
            }
            findings.append(
                Finding(
                    run: row, reason: row.reason(quietFor: quietFor, definition: definition, paused: paused),
                    definition: definition))
        }
        return findings
    }

    /// Runs that failed at least that long ago and wait for a person, the oldest first.
    package func forsakenRuns(for quietFor: Duration, limit: Int) async throws(StoreError) -> [ForsakenRun] {
        try await execute(FindForsakenRuns(quietFor: quietFor, limit: limit), on: database.reads)
    }

    /// Takes runs from their holders, who can commit nothing from then on, and wakes engines.
    ///
    /// Only those whose reason allows it, and which are still as they were found. Returns those.
    package func free(_ findings: [Finding]) async throws(StoreError) -> Set<RunID> {
        let seen = findings.filter(\.reason.canBeFreed).map { (lease: $0.run.lease, sequence: $0.run.sequence) }
        guard !seen.isEmpty else { return [] }
        let sorted = seen.sorted { $0.lease.runID < $1.lease.runID }
        let freed = try await execute(FreeRuns(seen: sorted), on: database.writes)
        // A hint; engines poll as well.
        if !freed.isEmpty { _ = try await execute(Notify(Channel.outbox), on: database.writes) }
        return Set(freed)
    }

    /// An engine whose machine's clock is not the database's.
    package struct WrongClock: Sendable, Hashable {
        package let host: String
        /// How far the database's clock is ahead.
        package let offset: Duration
    }

    /// Engines that live on machines whose clocks are off by more than `DatabaseClock.tolerance`, as they tell themselves.
    package func wrongClocks() async throws(StoreError) -> [WrongClock] {
        try await execute(ListEngines(), on: database.reads).compactMap { engine in
            guard engine.isAlive, let offset = engine.report["clock"]?["offsetMs"]?.int else { return nil }
            let clock = WrongClock(host: engine.host, offset: .milliseconds(offset))
            return DatabaseClock.isTolerable(clock.offset) ? nil : clock
        }
    }

    private func execute<S: Statement>(_ statement: S, on pool: Pool) async throws(StoreError) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement) } catch { throw StoreError(error) }
    }
}
