import Core

/// What a graph is drawn of: its steps, and who waits for whom.
struct GraphPlan {
    struct Line: Hashable {
        let from: Int
        let to: Int
    }

    let steps: [GraphStep]
    /// Of each step all that it waits for.
    let dependencies: [[Int]]
    /// What is drawn of them: a line that follows from others says nothing.
    let shape: GraphShape
    let pivot: Int?
    /// Lines that one of two versions has; empty for one version.
    var changes: [Line: GraphChange] = [:]

    init(_ definition: WorkflowDefinition, _ run: GraphRun?) {
        var elements: [String: [Step]] = [:]
        for row in run?.steps.dropFirst(definition.steps.count) ?? [] {
            elements[StepID.step(row.stepID), default: []].append(row.step)
        }
        func row(_ step: Int) -> Step? {
            run.flatMap { $0.steps.indices.contains(step) ? $0.steps[step].step : nil }
        }
        let isPastPivot = definition.pivot.map { row($0)?.status == .succeeded } ?? false
        steps = definition.steps.map { step in
            GraphStep(
                step, of: definition, row: row(step.index), elements: elements[step.id] ?? [], run: run,
                isPastPivot: isPastPivot)
        }
        dependencies = definition.steps.map(\.dependencies)
        // What asks whether all succeeded asks just those that it names.
        shape = GraphShape(dependencies).reduced { step, _ in definition.steps[step].runsIfSucceeded }
        pivot = definition.pivot
    }

    /// Two versions in one: what either has, and which.
    init(comparing old: WorkflowDefinition, with new: WorkflowDefinition) {
        let ids = Self.merged(old.steps.map(\.id), new.steps.map(\.id))
        let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($0.element, $0.offset) })
        steps = ids.map { id in
            let change = Self.change(old, new, id)
            let definition = change == .removed ? old : new
            guard let step = definition.step(id) else { preconditionFailure("one version has the step \(id)") }
            return GraphStep(step, of: definition, row: nil, elements: [], run: nil, isPastPivot: false, change: change)
        }
        func dependencies(_ definition: WorkflowDefinition) -> [[Int]] {
            ids.map { id in
                (definition.step(id)?.dependencies ?? []).compactMap { places[definition.steps[$0].id] }.sorted()
            }
        }
        let (before, after) = (dependencies(old), dependencies(new))
        var shape = GraphShape(after)
        for (step, others) in before.enumerated() {
            // Where steps have changed their order, what was stands in the table: two ways round can't be drawn.
            for other in others where !after[step].contains(other) {
                guard let wider = shape.adding(step, waitsFor: other) else { continue }
                shape = wider
                changes[Line(from: other, to: step)] = .removed
            }
            for other in after[step] {
                changes[Line(from: other, to: step)] = before[step].contains(other) ? .same : .added
            }
        }
        self.dependencies = shape.dependencies
        let changes = changes
        self.shape = shape.reduced { step, other in changes[Line(from: other, to: step)] != .same }
        pivot = nil
    }

    private static func change(_ old: WorkflowDefinition, _ new: WorkflowDefinition, _ id: String) -> GraphChange {
        guard let before = old.step(id) else { return .added }
        guard let after = new.step(id) else { return .removed }
        func waits(_ definition: WorkflowDefinition, _ step: StepDefinition) -> Set<String> {
            Set(step.dependencies.map { definition.steps[$0].id })
        }
        func text(_ definition: WorkflowDefinition, _ step: StepDefinition) -> [UInt8]? {
            guard var object = definition.source["steps"]?[step.index]?.object else { return nil }
            object["dependsOn"] = nil
            return JSON.object(object).canonicalBytes
        }
        let isSame = waits(old, before) == waits(new, after) && text(old, before) == text(new, after)
        return isSame ? .same : .changed
    }

    /// The ids of both, in the order of the new one, with those that are gone behind what came before them.
    private static func merged(_ old: [String], _ new: [String]) -> [String] {
        let (known, there) = (Set(old), Set(new))
        var (merged, rest) = ([String](), old[...])
        func takeGone() {
            while let next = rest.first, !there.contains(next) {
                merged.append(next)
                rest = rest.dropFirst()
            }
        }
        takeGone()
        for id in new {
            merged.append(id)
            guard known.contains(id), let place = rest.firstIndex(of: id) else { continue }
            merged += rest[..<place].filter { !there.contains($0) }
            rest = rest[(place + 1)...]
            takeGone()
        }
        return merged + rest.filter { !there.contains($0) }
    }
}
