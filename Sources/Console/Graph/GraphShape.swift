/// Steps by their places, and which of them each one waits for: all that a layout has to know.
package struct GraphShape: Sendable, Hashable {
    /// Of each step those that it waits for, ascending.
    package let dependencies: [[Int]]

    /// - Parameter dependencies: without a cycle.
    package init(_ dependencies: [[Int]]) { self.dependencies = dependencies }

    package var count: Int { dependencies.count }

    /// Who waits for each step, ascending.
    var dependents: [[Int]] {
        var dependents = Array(repeating: [Int](), count: count)
        for (step, others) in dependencies.enumerated() {
            for other in others { dependents[other].append(step) }
        }
        return dependents
    }

    /// The steps, each behind all that it waits for.
    var order: [Int] {
        let dependents = dependents
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
        precondition(order.count == count, "a graph without cycles")
        return order
    }

    /// How many steps at the most come before each: its layer.
    package var depths: [Int] {
        var depths = Array(repeating: 0, count: count)
        for step in order { depths[step] = dependencies[step].map { depths[$0] + 1 }.max() ?? 0 }
        return depths
    }

    /// The same without what follows from the rest: who waits for a step that waits for another waits for that, too.
    ///
    /// - Parameter keeps: whether a dependency (a step, and what it waits for) stays all the same.
    func reduced(keeping keeps: (Int, Int) -> Bool) -> GraphShape {
        var ancestors = Array(repeating: Set<Int>(), count: count)
        for step in order {
            for other in dependencies[step] {
                ancestors[step].formUnion(ancestors[other])
                ancestors[step].insert(other)
            }
        }
        return GraphShape(
            dependencies.enumerated().map { step, others in
                others.filter { other in
                    keeps(step, other) || !others.contains { $0 != other && ancestors[$0].contains(other) }
                }
            })
    }

    /// With one dependency more; nil where that would close a cycle.
    func adding(_ step: Int, waitsFor other: Int) -> GraphShape? {
        var (found, open) = (Set([other]), [other])
        while let next = open.popLast() {
            if next == step { return nil }
            for before in dependencies[next] where found.insert(before).inserted { open.append(before) }
        }
        var dependencies = dependencies
        dependencies[step] = Set(dependencies[step] + [other]).sorted()
        return GraphShape(dependencies)
    }
}
