package import Core

/// The graph of a workflow, of a run of it, or of two versions and what is between them: as a drawing and as a table
/// that says the same.
///
/// The drawing has classes and no colours: `graph.css` gives them. Scripts find steps by `data-step` and `data-lane`,
/// lines by `data-from` and `data-to`, and move it by its `viewBox`.
package struct RunGraph: Sendable {
    /// What it is the graph of, for people.
    let name: String
    let plan: GraphPlan
    let run: GraphRun?
    package let layout: GraphLayout
    /// What the path of a run's page begins with; nil for no links.
    let runPath: String?
    /// The list of the runs that this one has started; nil for no link to it.
    let childrenPath: String?
    /// By step: it had begun, and the run has come back past it.
    private(set) var isBack: [Bool] = []

    /// - Parameters:
    ///   - run: how a run of it stands; nil for the definition alone.
    ///   - runPath: what the path of a run's page begins with; nil for no links.
    ///   - childrenPath: the list of the runs that this one has started; nil for no link to it.
    ///   - columns: steps beside each other at most.
    package init(
        definition: WorkflowDefinition, run: GraphRun? = nil, runPath: String? = nil, childrenPath: String? = nil,
        columns: Int = 5
    ) {
        self.init(
            "\(definition.name) \(definition.versionText)", GraphPlan(definition, run), run, runPath: runPath,
            childrenPath: childrenPath, columns: columns)
    }

    /// Two versions: what is new, what is gone, and what has changed.
    package init(comparing old: WorkflowDefinition, with new: WorkflowDefinition, columns: Int = 5) {
        self.init(
            "\(new.name) \(new.versionText), compared with \(old.versionText)", GraphPlan(comparing: old, with: new),
            nil, runPath: nil, childrenPath: nil, columns: columns)
    }

    private init(
        _ name: String, _ plan: GraphPlan, _ run: GraphRun?, runPath: String?, childrenPath: String?, columns: Int
    ) {
        (self.name, self.plan, self.run) = (name, plan, run)
        (self.runPath, self.childrenPath) = (runPath, childrenPath)
        layout = GraphLayout(plan.shape, hasUndo: plan.steps.map(\.hasUndo), pivot: plan.pivot, columns: columns)
        isBack = comeBack()
    }

    private func comeBack() -> [Bool] {
        let shape = GraphShape(plan.dependencies)
        var isBack = Array(repeating: false, count: shape.count)
        guard let run, run.hasTurned, run.status != .running, run.status != .pending else { return isBack }
        let dependents = shape.dependents
        for step in shape.order.reversed() where hasBegun(step) {
            guard dependents[step].allSatisfy({ isBack[$0] || !hasBegun($0) }) else { continue }
            switch plan.steps[step].undoSign {
            case .undone, .unused, .nothing, .noUndo, .stays: isBack[step] = true
            default: break
            }
        }
        return isBack
    }

    /// The steps of the definition, by place.
    package var steps: [GraphStep] { plan.steps }

    /// The steps at which the run turned: the one for which it did, or else all beyond which nothing had begun.
    var turned: [Int] {
        guard let run, run.hasTurned else { return [] }
        if run.cause == .stepFailed || run.cause == .quarantined,
            let step = run.turnedBy.map({ StepID.step($0) }).flatMap({ id in plan.steps.firstIndex { $0.id == id } })
        {
            return [step]
        }
        let shape = GraphShape(plan.dependencies)
        let dependents = shape.dependents
        // Whether something behind a step has begun, the last ones first.
        var isFollowed = Array(repeating: false, count: shape.count)
        for step in shape.order.reversed() {
            isFollowed[step] = dependents[step].contains { hasBegun($0) || isFollowed[$0] }
        }
        return plan.steps.indices.filter { hasBegun($0) && !isFollowed[$0] }
    }

    /// It has done something, or tried to.
    func hasBegun(_ step: Int) -> Bool {
        switch plan.steps[step].sign {
        case .pending, .skipped, nil: false
        default: true
        }
    }

    /// One sentence that says how many steps stand how.
    package var sentence: String {
        let steps = plan.steps
        var text = "Graph of \(name) with \(steps.count) \(steps.count == 1 ? "step" : "steps")"
        let forward = Self.counts(steps.map { $0.sign?.word ?? $0.change.flatMap { $0 == .same ? nil : $0.rawValue } })
        if !forward.isEmpty { text += ": \(forward)" }
        let undo = Self.counts(
            steps.map { [.due, .undoing, .undone, .stuck].contains($0.undoSign) ? $0.undoSign.word : nil })
        if !undo.isEmpty { text += "; in the undo lane \(undo)" }
        return text + "."
    }

    private static func counts(_ words: [String?]) -> String {
        var (order, counts) = ([String](), [String: Int]())
        for word in words.compactMap(\.self) {
            if counts[word] == nil { order.append(word) }
            counts[word, default: 0] += 1
        }
        return order.map { "\(counts[$0] ?? 0) \($0)" }.joined(separator: ", ")
    }
}
