import Audit
import Core
import Testing

/// A run that was played in memory, as it would be stored, and what its participant wrote down; any of it can be
/// falsified.
struct Recording {
    var definition: WorkflowDefinition
    var row: RunRow
    var steps: [StepRow]
    /// The last event that `steps` have seen.
    var seen = 0
    var events: [StoredEvent] = []
    var entries: [LedgerEntry] = []
    /// As the last event left it.
    var run: Run
    private var now = Instant(microseconds: 1_700_000_000_000_000)
    private let engine = EngineID(high: 5, low: 6)

    /// A chain of `a` and `b`, until its end or until `calls` have been answered; of `failing`, the action is rejected.
    init(failing: String? = nil, calls: Int = .max) throws {
        try self.init(Self.workflow([Self.call("a"), Self.call("b")]), failing: failing, calls: calls)
    }

    /// A run of any workflow. Children COMPLETE, unless they are asked to turn back.
    init(
        _ definition: WorkflowDefinition, id: RunID = RunID(high: 1, low: 2), restart: Restart? = nil,
        failing: String? = nil, calls: Int = .max
    ) throws {
        self.definition = definition
        run = Run(id: id, definition: definition, input: [:], context: [:], createdAt: now)
        (row, steps) = (RunRow(run), [])
        apply(start(run, now: now, restart: restart), epoch: 0)
        apply(try decide(run, .woke, now: now, jitter: 0), epoch: 1)
        var left = calls
        while left > 0 {
            if case .call(let call)? = run.nextCommands(at: now).first {
                left -= 1
                try answer(call, isRejected: call.action == .execute && run.stepID(call.step) == failing)
            } else if let step = run.steps.firstIndex(where: \.awaitsChild) {
                try endChild(of: step)
            } else {
                break
            }
        }
        store()
    }

    /// A workflow of these steps.
    static func workflow(_ steps: [JSON], onEnd: JSON? = nil) throws -> WorkflowDefinition {
        var workflow: JSON = ["name": "w", "version": "1.0.0", "steps": .array(steps)]
        if let onEnd { workflow["onEnd"] = onEnd }
        return try WorkflowDefinition(workflow)
    }

    /// A step that makes a call, with these members besides.
    static func call(_ id: String, _ members: JSONObject = [:]) -> JSON {
        var step: JSONObject = [
            "id": .string(id), "action": ["participant": "p", "path": "/do"],
            "compensation": ["participant": "p", "path": "/undo"],
        ]
        for (name, value) in members.members { step[name] = value }
        return .object(step)
    }

    private mutating func answer(_ call: Command.Call, isRejected: Bool) throws {
        let (action, attempt, id) = (call.action, call.attempt, run.stepID(call.step))
        note(.received, id, action, attempt)
        if !isRejected { note(action == .execute ? .effect : .undo, id, action, attempt) }
        let result = CallResult(
            outcome: isRejected ? .rejected : .succeeded, httpStatus: isRejected ? 422 : 200, output: [:])
        now += .milliseconds(1)
        let happening = Happening.finished(step: call.step, action: action, attempt: attempt, result)
        apply(try decide(run, happening, now: now, jitter: 0), epoch: 1)
    }

    private mutating func endChild(of step: Int) throws {
        guard let child = run.steps[step].child else { return }
        let status: RunStatus =
            switch child.phase {
            case .cancelling: .cancelled
            case .undoing: .compensated
            default: .completed
            }
        let end = ChildEnd(
            runID: child.runID, status: status, output: status == .completed ? [:] : nil,
            error: status == .completed ? nil : Failure(kind: "cancelled", message: "Cancelled on request."))
        now += .milliseconds(1)
        apply(try decide(run, .childEnded(step: step, end), now: now, jitter: 0), epoch: 1)
    }

    /// The rows are what the run is now.
    private mutating func store() {
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

    // MARK: Whole histories that are false, with the rows that they would have led to

    /// Where the first such event stands.
    func place(of kind: RunEventKind, _ stepID: String? = nil) throws -> Int {
        let place = events.firstIndex { $0.row.kind == kind && (stepID == nil || $0.row.stepID == stepID) }
        return try #require(place, "there is no \(kind.rawValue)")
    }

    /// An event came before others that it followed.
    mutating func move(_ from: Int, to: Int) {
        events.insert(events.remove(at: from), at: to)
        fold()
    }

    /// An event did not happen.
    mutating func remove(_ place: Int) {
        events.remove(at: place)
        fold()
    }

    /// Another event happened before the one that stands there.
    mutating func insert(_ event: RunEvent, at place: Int) {
        append(event)
        move(events.count - 1, to: place)
    }

    /// Another event happened instead.
    mutating func replace(_ place: Int, by event: RunEvent) {
        events[place] = StoredEvent(
            event, of: run.numbering, sequence: place + 1, at: events[place].at, engineID: engine, epoch: 1)
        fold()
    }

    /// The events are numbered anew, and the rows are what they say.
    private mutating func fold() {
        run = Run(
            id: run.id, definition: run.definition, input: run.input, context: run.context, createdAt: run.createdAt)
        events = events.enumerated().map { place, event in
            StoredEvent(
                sequence: place + 1, at: event.at, kind: event.kind, action: event.action, outcome: event.outcome,
                row: event.row, engineID: event.engineID, epoch: event.epoch, traceID: event.traceID)
        }
        for stored in events { if let event = stored.row.event(of: run.numbering) { run.evolve(event, at: stored.at) } }
        store()
    }

    /// What the audit says of it.
    func invariants(allowsLiveRuns: Bool = false) -> [Int] {
        let audit = RunAudit(
            row: row, snapshot: RunSnapshot(steps: steps, sequence: seen), definition: definition, events: events,
            entries: entries, ledgers: ["p"], allowsLiveRuns: allowsLiveRuns, isOver: row.status.isTerminal)
        return Set(audit.violations().map(\.invariant)).sorted()
    }

    /// What the audit says of it and the runs whose rows say that they are its children.
    func invariants(children: [FamilyAudit.Child]) -> [Int] {
        let told = events.compactMap { $0.row.event(of: run.numbering) }
        return Set(FamilyAudit.violations(of: run, told, children: children).map(\.invariant)).sorted()
    }
}
