package import Core

/// What a graph says of one step: of its definition, and, where there is a run, of how it stands.
package struct GraphStep: Sendable {
    package let id: String
    package let kind: StepKind
    /// What it does, in a few words.
    package let does: String
    /// What undoes it, in a few words; nil where nothing does.
    package let undoes: String?
    /// What its author says of when it runs, and of what its failure means.
    package let marks: [String]
    package let isPivot: Bool
    package let isList: Bool
    /// How it stands; nil without a run.
    package let sign: GraphSign?
    /// More of that, a word or two.
    package let detail: String?
    package let attempts: Int
    /// An attempt had no usable answer, so its effect may exist.
    package let isUnknown: Bool
    package let undoSign: GraphSign
    package let undoAttempts: Int
    package let isUndoUnknown: Bool
    /// Of a step with a list that has begun: how many elements stand how, the most telling first.
    package let elements: [(sign: GraphSign, count: Int)]
    /// The same of their undoing, as far as there is any.
    package let undoneElements: [(sign: GraphSign, count: Int)]
    /// The run that it has started.
    package let child: (run: RunID, workflow: String, status: String?)?
    /// The runs that elements of its list have started, in their order.
    package let elementChildren: [(run: RunID, workflow: String, status: String?)]
    package let change: GraphChange?

    /// Whether there is something to say about its undoing.
    package var hasUndo: Bool { undoSign != .nothing }

    /// - Parameters:
    ///   - row: how it stands; nil without a run.
    ///   - elements: those of its list.
    init(
        _ step: StepDefinition, of definition: WorkflowDefinition, row: Step?, elements rows: [Step], run: GraphRun?,
        isPastPivot: Bool, change: GraphChange? = nil
    ) {
        id = step.id
        kind = step.action.kind
        does = Self.does(step, definition)
        undoes = Self.undoes(step, definition)
        marks = Self.marks(step)
        isPivot = step.isPivot
        isList = step.forEach != nil
        self.change = change
        sign = row.map { Self.sign(of: $0, step) }
        detail = row.flatMap { Self.detail(of: $0, step) }
        attempts = row?.attempts ?? 0
        isUnknown = ([row].compactMap(\.self) + rows).contains { $0.isAmbiguous && $0.status != .succeeded }
        undoAttempts = row?.compensationAttempts ?? 0
        isUndoUnknown = ([row].compactMap(\.self) + rows).contains {
            $0.isCompensationAmbiguous && $0.compensationStatus != .compensated
        }
        elements = Self.counts(rows.map { Self.sign(of: $0, step) })
        let undos = rows.map { Self.undoSign(of: $0, step, run, isPastPivot: isPastPivot) }
        undoneElements = Self.counts(undos.filter { [.due, .undoing, .undone, .stuck].contains($0) })
        let own = Self.undoSign(of: row, step, run, isPastPivot: isPastPivot)
        undoSign = Self.counts(undos + (rows.isEmpty || own != .planned ? [own] : [])).first?.sign ?? own
        child = row?.child.map { ($0.runID, $0.workflow, run?.children[$0.runID]) }
        elementChildren = rows.compactMap(\.child).map { ($0.runID, $0.workflow, run?.children[$0.runID]) }
    }

    // MARK: What it is

    private static func does(_ step: StepDefinition, _ definition: WorkflowDefinition) -> String {
        switch step.action {
        case .call(let call): words(of: call, at: "action", step, definition)
        case .wait: "wait \(source(step, definition, "wait", "for") ?? source(step, definition, "wait", "until") ?? "")"
        case .signal(let awaited): "signal \(awaited.signal)"
        case .run(let child): child.isDetached ? "starts \(child.workflow)" : "run \(child.workflow)"
        case .end(let end): "ends as \(end.result.rawValue)"
        }
    }

    private static func undoes(_ step: StepDefinition, _ definition: WorkflowDefinition) -> String? {
        if let call = step.compensation { return words(of: call, at: "compensation", step, definition) }
        return step.undoesChild ? "undo of the child" : nil
    }

    /// `payments /refund`, and the method where it is not POST.
    private static func words(
        of call: CallDefinition, at member: String, _ step: StepDefinition, _ definition: WorkflowDefinition
    ) -> String {
        let method = call.method == "POST" ? "" : "\(call.method) "
        let path = source(step, definition, member, "path") ?? ""
        return "\(call.participant.only ?? "one of several") \(method)\(path)"
    }

    private static func source(
        _ step: StepDefinition, _ definition: WorkflowDefinition, _ member: String, _ name: String
    ) -> String? {
        definition.source["steps"]?[step.index]?[member]?[name]?.string
    }

    private static func marks(_ step: StepDefinition) -> [String] {
        var marks: [String] = []
        if step.condition != nil { marks.append("if") }
        if step.runsIfSucceeded { marks.append("if all succeeded") }
        if step.continuesOnFailure { marks.append("may fail") }
        return marks
    }

    // MARK: How it stands

    private static func sign(of row: Step, _ step: StepDefinition) -> GraphSign {
        switch row.status {
        case .pending: row.attempts > 0 ? .retrying : .pending
        case .executing: row.isAccepted ? .accepted : .executing
        case .waiting: .waiting
        case .succeeded: row.isKept ? .kept : .succeeded
        case .failed: row.awaitsPerson ? .person : step.continuesOnFailure ? .gaveUp : .failed
        case .skipped: .skipped
        }
    }

    private static func detail(of row: Step, _ step: StepDefinition) -> String? {
        switch row.status {
        case .pending: row.attempts > 0 ? row.error.map(word) : nil
        case .failed: row.forwardError.map(word)
        case .waiting:
            switch step.action {
            case .signal(let awaited): "for \(awaited.signal)"
            case .run(let child): "for \(child.workflow)"
            case .wait, .call, .end: nil
            }
        case .executing, .succeeded, .skipped: nil
        }
    }

    private static func word(of failure: Failure) -> String { failure.httpStatus.map { String($0) } ?? failure.kind }

    private static func undoSign(
        of row: Step?, _ step: StepDefinition, _ run: GraphRun?, isPastPivot: Bool
    ) -> GraphSign {
        switch row?.compensationStatus {
        case .pending: return .due
        case .compensating: return .undoing
        case .compensated: return .undone
        case .failed: return .stuck
        case .notRequired, nil: break
        }
        guard step.compensation != nil || step.undoesChild else {
            switch step.action {
            case .wait, .signal, .end: return .nothing
            case .call: return step.needsNoUndo ? .noUndo : .stays
            case .run(let child): return step.needsNoUndo || child.isDetached ? .noUndo : .stays
            }
        }
        guard let run, let row else { return .planned }
        // What may fail is undone even then, when it does.
        if isPastPivot && (row.status.isDone || !step.continuesOnFailure) { return .closed }
        if run.hasTurned && run.status != .running && run.status != .pending { return .unused }
        return row.mayHaveEffect ? .ready : .planned
    }

    /// How many there are of each, the most telling first.
    private static func counts(_ signs: [GraphSign]) -> [(sign: GraphSign, count: Int)] {
        var counts: [GraphSign: Int] = [:]
        for sign in signs { counts[sign, default: 0] += 1 }
        return telling.compactMap { sign in counts[sign].map { (sign, $0) } }
    }

    private static let telling: [GraphSign] = [
        .person, .stuck, .failed, .gaveUp, .retrying, .undoing, .executing, .accepted, .waiting, .due, .undone,
        .succeeded,
        .kept, .skipped, .pending, .ready, .closed, .unused, .planned, .stays, .noUndo, .nothing,
    ]
}

/// How a step, or a line, of a version differs from the version before. The raw values are classes in `graph.css`.
package enum GraphChange: String, Sendable, Hashable, CaseIterable {
    case added, removed, changed, same
}
