import Audit
import Core

/// A run that was played in memory, as it would be stored, and what its participant wrote down; any of it can be
/// falsified.
struct Recording {
    let definition: WorkflowDefinition
    var row: RunRow
    var steps: [StepRow]
    /// The last event that `steps` have seen.
    var seen = 0
    var events: [StoredEvent] = []
    var entries: [LedgerEntry] = []
    private var run: Run
    private var now = Instant(microseconds: 1_700_000_000_000_000)
    private let engine = EngineID(high: 5, low: 6)

    /// A chain of `a` and `b`, until its end or until `calls` have been answered; of `failing`, the action is rejected.
    init(failing: String? = nil, calls: Int = .max) throws {
        definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": .array(
                ["a", "b"].map {
                    [
                        "id": .string($0), "action": ["participant": "p", "path": "/do"],
                        "compensation": ["participant": "p", "path": "/undo"],
                    ]
                }),
        ])
        run = Run(id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: now)
        (row, steps) = (RunRow(run), [])
        apply(start(run, now: now), epoch: 0)
        apply(try decide(run, .woke, now: now, jitter: 0), epoch: 1)
        var left = calls
        while left > 0, case .call(let call)? = run.nextCommands(at: now).first {
            let (step, action, attempt) = (call.step, call.action, call.attempt)
            left -= 1
            let id = definition.steps[step].id
            let isRejected = action == .execute && id == failing
            note(.received, id, action, attempt)
            if !isRejected { note(action == .execute ? .effect : .undo, id, action, attempt) }
            let result = CallResult(
                outcome: isRejected ? .rejected : .succeeded, httpStatus: isRejected ? 422 : 200, output: [:])
            now += .milliseconds(1)
            let happening = Happening.finished(step: step, action: action, attempt: attempt, result)
            apply(try decide(run, happening, now: now, jitter: 0), epoch: 1)
        }
        row = RunRow(run)
        (steps, seen) = (run.stepRows, run.lastSequence)
    }

    private mutating func apply(_ decided: [RunEvent], epoch: Int64) {
        for event in decided {
            run.evolve(event, at: now)
            events.append(
                StoredEvent(
                    event, of: run.numbering, sequence: run.lastSequence, at: now, engineID: epoch == 0 ? nil : engine,
                    epoch: epoch))
        }
    }

    /// The participant writes something down.
    mutating func note(
        _ kind: LedgerEntry.Kind, _ stepID: String, _ action: CallAction, _ attempt: Int, body: String = "body"
    ) {
        now += .milliseconds(1)
        let effect = kind == .effect ? 1 : kind == .undo ? -1 : 0
        entries.append(
            LedgerEntry(
                participant: "p", at: now, stepID: stepID, action: action, attempt: attempt, bodyHash: body,
                kind: kind, effect: effect))
    }

    /// Another event is written.
    mutating func append(_ event: RunEvent, epoch: Int64 = 1) {
        events.append(
            StoredEvent(
                event, of: run.numbering, sequence: events.count + 1, at: now, engineID: engine, epoch: epoch))
    }

    /// What the audit says of it.
    func invariants(allowsLiveRuns: Bool = false) -> [Int] {
        let audit = RunAudit(
            row: row, snapshot: RunSnapshot(steps: steps, sequence: seen), definition: definition, events: events,
            entries: entries, ledgers: ["p"], allowsLiveRuns: allowsLiveRuns, isOver: row.status.isTerminal)
        return Set(audit.violations().map(\.invariant)).sorted()
    }
}
