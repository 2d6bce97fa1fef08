internal import Audit
internal import Core
internal import Postgres
internal import Storage

/// Checks runs one by one: reads a run's rows and history in one snapshot and hands them to its audit.
struct RunCheck: Sendable {
    /// Participants whose ledgers were read.
    let ledgers: Set<String>
    /// By the database's clock. Effects of later ends can't be judged.
    let ledgersReadAt: Instant
    let options: Checker.Options

    typealias Outcome = Result<Report, CheckerError>

    /// Checks a page of runs, some at a time.
    func check(_ runs: [RunID], _ pool: Pool, _ definitions: DefinitionStore, _ entries: Ledgers) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            var outcomes: [Outcome] = []
            var rest = runs[...]
            for runID in rest.prefix(options.parallelism) {
                group.addTask { await check(runID, pool, definitions, entries) }
            }
            rest = rest.dropFirst(options.parallelism)
            while let outcome = await group.next() {
                outcomes.append(outcome)
                guard let runID = rest.popFirst() else { continue }
                group.addTask { await check(runID, pool, definitions, entries) }
            }
            return outcomes
        }
    }

    private func check(
        _ runID: RunID, _ pool: Pool, _ definitions: DefinitionStore, _ entries: Ledgers
    ) async -> Outcome {
        do throws(PostgresError) {
            let (rows, steps, events) = try await pool.withConnection(deadline: .seconds(30)) {
                connection throws(PostgresError) in
                try await connection.transaction(FindRun(runID), FindSteps(runID), FindEvents(runID, limit: 1_000_000))
            }
            guard let row = rows.first else { return .success(Report()) }
            return .success(await judge(row, steps, events, definitions, entries.byRun[runID] ?? []))
        } catch {
            return .failure(.database("\(error)"))
        }
    }

    private func judge(
        _ row: RunRow, _ steps: [StepRow], _ events: [StoredEvent], _ definitions: DefinitionStore,
        _ entries: [LedgerEntry]
    ) async -> Report {
        var report = Report()
        report.note(row, events)
        let definition: WorkflowDefinition
        do throws(DefinitionProblem) {
            definition = try await definitions.definition(row.workflowName, version: row.workflowVersion)
        } catch {
            report.add(Violation(12, row.runID, "\(row.workflowName) \(row.workflowVersion): \(error)"))
            return report
        }
        // A newer version wrote it, and judges it.
        if events.contains(where: { !$0.isKnown }) { report.counts.notUnderstood += 1 }
        let audit = RunAudit(
            row: row, steps: steps, definition: definition, events: events, entries: entries, ledgers: ledgers,
            allowsLiveRuns: options.allowsLiveRuns, isOver: row.completedAt.map { $0 < ledgersReadAt } ?? false)
        report.add(audit.violations())
        return report
    }
}
