// The graph of a workflow, laid out: what stands where, and which way the lines go. It depends on the definition
// alone, so nothing jumps while a run goes on.
//
//   GraphShape      who waits for whom                       GraphRows      how high everything stands
//   GraphLayers     layers, and the lines that pass them     GraphChannel   the lines between two layers
//   GraphBands      long graphs in several bands             GraphRoutes    the lines' ways through all of it

/// Where everything in the drawing of a graph is.
///
/// Time goes from left to right. Below a line stands the forward graph's reflection, the undo lane: under each step
/// what undoes it, with the arrows the other way. A run goes forward above, and when it turns, it comes back below.
package struct GraphLayout: Sendable, Hashable {
    /// A line between two steps, and the one between what undoes them.
    package struct Edge: Sendable, Hashable {
        package let from: Int
        package let to: Int
        package let forward: [GraphPoint]
        /// From what undoes `to` to what undoes `from`.
        package let backward: [GraphPoint]
    }

    /// A part of the graph's layers with its undo lane.
    package struct Band: Sendable, Hashable {
        package let left: Int
        package let right: Int
        package let top: Int
        package let bottom: Int
        /// The height of the line between the two lanes.
        package let divider: Int
    }

    /// The line behind a pivot.
    package struct Pivot: Sendable, Hashable {
        package let x: Int
        package let top: Int
        package let bottom: Int
    }

    package let width: Int
    package let height: Int
    package let bands: [Band]
    /// By step.
    package let steps: [GraphBox]
    /// By step: what undoes it, under it.
    package let undos: [GraphBox]
    /// By step, its layer.
    package let layers: [Int]
    package let edges: [Edge]
    /// By step: the way from it down into the undo lane, on which a run turns.
    package let turns: [[GraphPoint]]
    /// Behind the pivot: a line that nothing comes back over.
    package let pivot: Pivot?

    /// - Parameters:
    ///   - hasUndo: by step, whether there is something to say about its undoing; where not it has only a dot there.
    ///   - columns: steps beside each other at most.
    package init(_ shape: GraphShape, hasUndo: [Bool], pivot: Int? = nil, columns: Int = 5) {
        var layers = GraphLayers(shape)
        layers.untangle()
        let ranges = GraphBands.divide(layers, columns: columns)
        let rows = GraphRows(layers, bands: ranges)
        let routes = GraphRoutes(layers, rows, bands: ranges, pivot: pivot)
        steps = (0..<shape.count).map { step in
            GraphBox(
                around: routes.middle(of: step, .forward), width: GraphMetrics.stepWidth,
                height: GraphMetrics.stepHeight)
        }
        let undos = (0..<shape.count).map { step in
            let nothing = GraphMetrics.nothingSize
            return GraphBox(
                around: routes.middle(of: step, .undo), width: hasUndo[step] ? GraphMetrics.stepWidth : nothing,
                height: hasUndo[step] ? GraphMetrics.undoHeight : nothing)
        }
        self.undos = undos
        self.layers = (0..<shape.count).map { layers.items[$0].layer }
        edges = shape.dependencies.enumerated().flatMap { step, others in
            others.map { other in
                let way = layers.way(from: other, to: step)
                var backward = Array(routes.points(along: way, .undo).reversed())
                backward[0] = GraphPoint(x: undos[step].x, y: backward[0].y)
                backward[backward.count - 1] = GraphPoint(x: undos[other].right, y: undos[other].middle.y)
                // A dot has its middle only.
                if !hasUndo[step] { backward = Self.entering(undos[step], backward) }
                return Edge(
                    from: other, to: step, forward: Self.straightened(routes.points(along: way, .forward)),
                    backward: Self.straightened(backward))
            }
        }
        turns = (0..<shape.count).map { routes.turn(of: $0, into: undos[$0]) }
        bands = routes.bands
        (width, height) = (routes.width, routes.height)
        self.pivot = pivot.map { step in
            let place = routes.place(of: step)
            let band = routes.bands[place.band]
            return Pivot(x: routes.pivotLine(behind: place), top: band.top, bottom: band.bottom)
        }
    }

    /// A line that leaves a dot beside its middle leaves it at its middle.
    private static func entering(_ dot: GraphBox, _ line: [GraphPoint]) -> [GraphPoint] {
        guard line[0].y != dot.middle.y else { return line }
        let x = dot.x - GraphMetrics.stepWidth / 2
        return [
            GraphPoint(x: dot.x, y: dot.middle.y), GraphPoint(x: x, y: dot.middle.y), GraphPoint(x: x, y: line[0].y),
        ] + line.dropFirst()
    }

    /// The same line with no point in it at which it does not bend.
    private static func straightened(_ line: [GraphPoint]) -> [GraphPoint] {
        var points: [GraphPoint] = []
        for point in line where points.last != point {
            if points.count > 1 {
                let (last, before) = (points[points.count - 1], points[points.count - 2])
                if (last.x == before.x && point.x == last.x) || (last.y == before.y && point.y == last.y) {
                    points.removeLast()
                }
            }
            points.append(point)
        }
        return points
    }
}
