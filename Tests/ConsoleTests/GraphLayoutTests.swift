import Console
import Core
import Simulation
import Testing

/// Whether drawings of graphs can be read: over random ones of every kind, laid out as definitions are.
@Suite struct GraphLayoutTests {
    @Test("Nothing covers anything else, in 2,000 random graphs")
    func nothingIsCovered() {
        var random = SeededGenerator(seed: 54)
        for number in 0..<2000 {
            let graph = RandomGraph(using: &random)
            let layout = graph.layout()
            for wrong in Inspection(graph, layout).all {
                Issue.record("graph \(number), \(graph.shape.dependencies), \(graph.columns) columns: \(wrong)")
                return
            }
        }
    }

    @Test("The same graph is always drawn the same")
    func isDeterministic() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let graph = RandomGraph(using: &random)
            #expect(graph.layout() == graph.layout())
        }
    }

    @Test("A chain is straight lines, and in each band no wider than it may be")
    func chainsAreStraight() {
        let shape = GraphShape((0..<23).map { $0 == 0 ? [] : [$0 - 1] })
        let layout = GraphLayout(shape, hasUndo: Array(repeating: true, count: 23), columns: 5)
        #expect(layout.bands.count == 5)
        let bends = layout.edges.filter { $0.forward.count > 2 }
        #expect(bends.count == 4, "only what goes on in the next band bends")
    }

    @Test("What forks and joins is symmetrical")
    func forksAreSymmetrical() {
        let layout = GraphLayout(
            GraphShape([[], [0], [0], [0], [1, 2, 3]]), hasUndo: Array(repeating: true, count: 5))
        let heights = layout.steps.map(\.middle.y)
        #expect(heights[2] == heights[0] && heights[4] == heights[0])
        #expect(heights[2] - heights[1] == heights[3] - heights[2])
    }

    @Test("Lines cross no more often than they must: two sides of a graph written crosswise are drawn side by side")
    func crossingsAreFew() {
        // 2 waits for 1 and 3 for 0, as they are written: drawn in that order they would cross.
        let layout = GraphLayout(GraphShape([[], [], [1], [0]]), hasUndo: Array(repeating: true, count: 4))
        #expect(layout.edges.allSatisfy { $0.forward.count == 2 })
    }

    @Test(
        "The undo lane is the forward graph's reflection, and the line on which a run turns leads from one to the other"
    )
    func undoLaneIsTheReflection() {
        let layout = GraphLayout(GraphShape([[], [0], [0], [1]]), hasUndo: [true, true, false, true], pivot: nil)
        let divider = layout.bands[0].divider
        for (step, undo) in zip(layout.steps, layout.undos) {
            #expect(step.middle.x == undo.middle.x)
            #expect(divider - step.middle.y == undo.middle.y - divider)
        }
        let turn = layout.turns[3]
        #expect(turn.first?.x == layout.steps[3].right && turn.last?.x == layout.undos[3].right)
    }

    @Test("A hundred steps are drawn at once")
    func isFast() throws {
        for (name, text) in [("thirty", GraphSamples.thirty), ("hundred", GraphSamples.hundred)] {
            let definition = try GraphSamples.workflow(name, text)
            let start = ContinuousClock.now
            let graph = RunGraph(definition: definition)
            let laidOut = ContinuousClock.now
            let bytes = graph.svg.markup.utf8.count
            print(
                "graph of \(name): laid out in \(laidOut - start), drawn in \(ContinuousClock.now - laidOut), \(bytes) bytes"
            )
            #expect(ContinuousClock.now - start < .seconds(2))
        }
    }
}

/// A graph as definitions have them, or as nobody would write it.
struct RandomGraph {
    let shape: GraphShape
    let hasUndo: [Bool]
    let pivot: Int?
    let columns: Int

    init(using random: inout SeededGenerator) {
        let count = random.chance(4) ? Int.random(in: 30...100, using: &random) : Int.random(in: 1...24, using: &random)
        let kind = Int.random(in: 0..<4, using: &random)
        let density = Int.random(in: 0...(count > 30 ? 6 : 35), using: &random)
        let dependencies = (0..<count).map { step -> [Int] in
            guard step > 0 else { return [] }
            switch kind {
            // A chain, some of whose steps begin elsewhere.
            case 0: return random.chance(85) ? [step - 1] : [Int.random(in: 0..<step, using: &random)]
            // Layers of some width.
            case 1:
                let first = max(0, step - 8)
                return (first..<step).filter { _ in random.chance(30) }
            // A tree, with joins.
            case 2:
                let parents = random.chance(20) ? 3 : 1
                return Set((0..<parents).map { _ in Int.random(in: 0..<step, using: &random) }).sorted()
            default: return (0..<step).filter { _ in random.chance(density) }
            }
        }
        // What is written first need not come first.
        let places = random.chance(50) ? Array((0..<count).shuffled(using: &random)) : Array(0..<count)
        var shuffled = Array(repeating: [Int](), count: count)
        for (step, others) in dependencies.enumerated() { shuffled[places[step]] = others.map { places[$0] }.sorted() }
        shape = GraphShape(shuffled)
        hasUndo = (0..<count).map { _ in random.chance(80) }
        let depths = GraphShape(shuffled).depths
        pivot =
            random.chance(50) ? depths.indices.first { step in depths.filter { $0 == depths[step] }.count == 1 } : nil
        columns = Int.random(in: 2...7, using: &random)
    }

    func layout() -> GraphLayout { GraphLayout(shape, hasUndo: hasUndo, pivot: pivot, columns: columns) }
}

/// Looks for all that makes a drawing unreadable.
struct Inspection {
    let graph: RandomGraph
    let layout: GraphLayout

    init(_ graph: RandomGraph, _ layout: GraphLayout) { (self.graph, self.layout) = (graph, layout) }

    /// What is wrong, one sentence each.
    var all: [String] { overlaps + places + ends + crossed }

    private var boxes: [(name: String, box: GraphBox)] {
        layout.steps.enumerated().map { ("step \($0.offset)", $0.element) }
            + layout.undos.enumerated().map { ("undo \($0.offset)", $0.element) }
    }

    private var overlaps: [String] {
        let boxes = boxes
        var wrong: [String] = []
        for (place, one) in boxes.enumerated() {
            for other in boxes[(place + 1)...]
            where one.box.x < other.box.right && other.box.x < one.box.right && one.box.y < other.box.bottom
                && other.box.y < one.box.bottom
            {
                wrong.append("\(one.name) covers \(other.name)")
            }
            if one.box.x < 0 || one.box.y < 0 || one.box.right > layout.width || one.box.bottom > layout.height {
                wrong.append("\(one.name) is outside")
            }
        }
        return wrong
    }

    /// Undo under its step, and everything behind what it waits for.
    private var places: [String] {
        var wrong: [String] = []
        func band(of box: GraphBox) -> Int? { layout.bands.firstIndex { box.y >= $0.top && box.bottom <= $0.bottom } }
        for (step, (box, undo)) in zip(layout.steps, layout.undos).enumerated() {
            guard let band = band(of: box), band == self.band(of: undo) else {
                wrong.append("step \(step) and its undo are not in one band")
                continue
            }
            let divider = layout.bands[band].divider
            if box.middle.x != undo.middle.x { wrong.append("the undo of \(step) is not under it") }
            if box.bottom >= divider || undo.y <= divider { wrong.append("step \(step) is not in its lane") }
            for other in graph.shape.dependencies[step] {
                if layout.layers[other] >= layout.layers[step] {
                    wrong.append("\(step) is not in a layer behind \(other)")
                }
                let before = self.band(of: layout.steps[other]) ?? 0
                if before > band || (before == band && layout.steps[other].right >= box.x) {
                    wrong.append("\(step) is not drawn behind \(other)")
                }
            }
        }
        for (number, band) in layout.bands.enumerated() {
            let columns = Set(layout.steps.filter { self.band(of: $0) == number }.map(\.x))
            if columns.count > graph.columns + 1 { wrong.append("band \(number) has \(columns.count) columns") }
            if number > 0, band.top <= layout.bands[number - 1].bottom { wrong.append("band \(number) covers another") }
        }
        return wrong
    }

    private func band(of box: GraphBox) -> Int? {
        layout.bands.firstIndex { box.y >= $0.top && box.bottom <= $0.bottom }
    }

    private var ends: [String] {
        var wrong: [String] = []
        func touches(_ y: Int?, _ box: GraphBox) -> Bool { y.map { $0 >= box.y && $0 <= box.bottom } ?? false }
        for edge in layout.edges {
            let (from, to) = (layout.steps[edge.from], layout.steps[edge.to])
            let (first, last) = (edge.forward.first, edge.forward.last)
            if first?.x != from.right || !touches(first?.y, from) || last?.x != to.x || !touches(last?.y, to) {
                wrong.append("the line from \(edge.from) to \(edge.to) does not lead there")
            }
            let (undone, undoing) = (layout.undos[edge.to], layout.undos[edge.from])
            let (start, end) = (edge.backward.first, edge.backward.last)
            if start?.x != undone.x || !touches(start?.y, undone) || end?.x != undoing.right
                || !touches(end?.y, undoing)
            {
                wrong.append("the line back from \(edge.to) to \(edge.from) does not lead there")
            }
        }
        let drawn = Set(layout.edges.map { [$0.from, $0.to] })
        for (step, others) in graph.shape.dependencies.enumerated() {
            for other in others where !drawn.contains([other, step]) {
                wrong.append("no line from \(other) to \(step)")
            }
        }
        return wrong
    }

    private var crossed: [String] {
        let boxes = boxes
        var wrong: [String] = []
        func follow(_ line: [GraphPoint], _ name: String) {
            for (start, end) in zip(line, line.dropFirst()) {
                if start.x != end.x && start.y != end.y { wrong.append("\(name) is not drawn along the axes") }
                let (left, right) = (min(start.x, end.x), max(start.x, end.x))
                let (top, bottom) = (min(start.y, end.y), max(start.y, end.y))
                if left < 0 || top < 0 || right > layout.width || bottom > layout.height {
                    wrong.append("\(name) leads out of the drawing")
                }
                for (other, box) in boxes
                where left < box.right && right > box.x && top < box.bottom && bottom > box.y {
                    wrong.append("\(name) goes through \(other)")
                }
            }
        }
        for edge in layout.edges {
            follow(edge.forward, "the line from \(edge.from) to \(edge.to)")
            follow(edge.backward, "the line back from \(edge.to) to \(edge.from)")
        }
        for (step, turn) in layout.turns.enumerated() { follow(turn, "the turn of \(step)") }
        return wrong
    }
}
