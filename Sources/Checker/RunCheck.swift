internal import Core
internal import Postgres
internal import Storage

/// Checks runs one by one: reads a run's rows and history in one snapshot and hands them to the audits.
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
        let findings = Findings(row.runID)
        var history = HistoryAudit(row, definition, findings)
        history.read(events)
        if history.unknownKind != nil {
            // A newer version wrote it, and judges it.
            report.counts.notUnderstood += 1
            report.add(findings.violations)
            return report
        }
        for sentence in HistoryFold.differences(history.run, row: row, steps: steps) {
            findings.require(false, 12, sentence)
        }
        if !row.status.isTerminal && !options.allowsLiveRuns {
            let next = history.run.wakeAt.map { "next look at \($0)" } ?? "with nothing to wait for"
            findings.require(false, 2, "it is still \(row.status.rawValue), \(next)")
        }
        let effects = EffectAudit(history, events, entries, ledgers, findings)
        effects.judge(isOver: row.completedAt.map { $0 < ledgersReadAt } ?? false)
        report.add(findings.violations)
        return report
    }
}
