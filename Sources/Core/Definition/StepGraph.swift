/// Who waits for whom. Steps are their indices; all lists are ascending.
struct StepGraph {
    let dependencies: [[Int]]
    let dependents: [[Int]]
    /// Everything that waits for a step, directly or not.
    let descendants: [[Int]]

    /// Steps that wait for each other, each for the next and the last for the first.
    struct Cycle: Error {
        let steps: [Int]
    }

    /// Completes the graph, or finds a cycle in it.
    static func resolve(_ dependencies: [[Int]]) -> Result<StepGraph, Cycle> {
        var dependents = dependencies.map { _ in [Int]() }
        for (step, others) in dependencies.enumerated() {
            for other in others { dependents[other].append(step) }
        }
        // Kahn's algorithm: what is left when no step without open dependencies remains, lies on or behind a cycle.
        var open = dependencies.map(\.count)
        var order = open.indices.filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for step in dependents[order[next]] {
                open[step] -= 1
                if open[step] == 0 { order.append(step) }
            }
            next += 1
        }
        if let start = open.indices.first(where: { open[$0] > 0 }) {
            return .failure(cycle(behind: start, dependencies, open))
        }
        var descendants = dependencies.map { _ in Set<Int>() }
        for step in order.reversed() {
            for dependent in dependents[step] {
                descendants[step].formUnion(descendants[dependent])
                descendants[step].insert(dependent)
            }
        }
        return .success(
            StepGraph(dependencies: dependencies, dependents: dependents, descendants: descendants.map { $0.sorted() }))
    }

    /// Follows open dependencies until a step comes up again: every open step has one.
    private static func cycle(behind start: Int, _ dependencies: [[Int]], _ open: [Int]) -> Cycle {
        var trail: [Int] = []
        var step = start
        while !trail.contains(step) {
            trail.append(step)
            guard let next = dependencies[step].first(where: { open[$0] > 0 }) else {
                preconditionFailure("an open step has an open dependency")
            }
            step = next
        }
        return Cycle(steps: Array(trail.drop { $0 != step }))
    }
}
