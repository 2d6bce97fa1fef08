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
            let (rows, snapshots, history, children) = try await pool.withConnection(deadline: .seconds(30)) {
                connection throws(PostgresError) in
                try await connection.transaction(
                    FindRun(runID), FindSnapshot(runID), FindEvents(runID), ChildrenOf(runID))
            }
            guard let row = rows.first, let snapshot = snapshots.first else { return .success(Report()) }
            let events = history.flatMap { $0 }
            return .success(
                await judge(
                    row, snapshot, events, children, definitions,
                    LedgerEntry.entries(of: runID, events) { entries.byRun[$0] ?? [] }))
        } catch {
            return .failure(.database("\(error)"))
        }
    }

    private func family(
        _ row: RunRow, _ definition: WorkflowDefinition, _ events: [StoredEvent], _ children: [FamilyAudit.Child]
    ) -> [Violation] {
        // What can't be folded is a violation already.
        guard let run = try? HistoryFold.fold(events, of: row, definition: definition) else { return [] }
        let known = events.compactMap { $0.row.event(of: run.numbering) }
        return FamilyAudit.violations(of: run, known, children: children)
    }

    private func judge(
        _ row: RunRow, _ snapshot: SnapshotRow, _ events: [StoredEvent], _ children: [FamilyAudit.Child],
        _ definitions: DefinitionStore, _ entries: [LedgerEntry]
    ) async -> Report {
        var report = Report()
        report.note(row, events)
        report.note(OwnershipAudit.Note(row.runID, events, until: ledgersReadAt))
        let definition: WorkflowDefinition
        do throws(DefinitionProblem) {
            definition = try await definitions.definition(ofRun: row.definitionID)
        } catch {
            report.add(Violation(12, row.runID, "\(row.workflowName) \(row.workflowVersion): \(error)"))
            return report
        }
        // A newer version wrote it, and judges it.
        if events.contains(where: { !$0.isKnown }) { report.counts.notUnderstood += 1 }
        let steps: [StepRow]?
        do throws(UnreadableRun) { steps = try snapshot.rows(events) } catch {
            report.add(Violation(12, row.runID, "its snapshot can't be read: \(error)"))
            return report
        }
        let audit = RunAudit(
            row: row, snapshot: .init(steps: steps, sequence: snapshot.sequence), definition: definition,
            events: events, entries: entries, ledgers: ledgers,
            allowsLiveRuns: options.allowsLiveRuns, isOver: row.completedAt.map { $0 < ledgersReadAt } ?? false)
        report.add(audit.violations())
        if !children.isEmpty || definition.onEnd != nil { report.add(family(row, definition, events, children)) }
        return report
    }
}

extension SnapshotRow {
    /// The steps as the snapshot has them, with the outputs to which it refers; nil for a run that is as its start left it, and
    /// for steps of a newer version.
    fileprivate func rows(_ events: [StoredEvent]) throws(UnreadableRun) -> [StepRow]? {
        var rows: [StepRow] = []
        for (index, stored) in try steps()?.enumerated() ?? [].enumerated() {
            let referred = stored.outputSequence.flatMap { sequence in events.first { $0.sequence == sequence } }
            guard let step = stored.step(output: referred?.row.data?["output"]) else { return nil }
            rows.append(StepRow(index: index, stepID: stored.stepID, step: step))
        }
        return bytes == nil ? nil : rows
    }
}
