internal import Core

extension RunGraph {
    /// The drawing.
    package var svg: HTML {
        let (width, height) = (layout.width, layout.height)
        // What is an image has no links in it.
        let role = hasLinks ? "group" : "img"
        return #"""
            <svg class="graph" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(width) \#(height)" \#
            width="\#(width)" \#
            height="\#(height)" role="\#(role)" aria-label="\#(sentence)" \#
            data-graph="\#(run == nil ? "workflow" : "run")">\#
            \#(layout.bands.map { band($0) })\#(pivotLine)<g class="edges">\#(edges)</g>\#
            <g class="undos">\#(plan.steps.indices.map { undo($0) })</g>\#
            <g class="steps">\#(plan.steps.indices.map { step($0) })</g>\#
            <g class="turns">\#(turned.map { turn($0) })\#(turnPills)</g></svg>
            """#
    }

    private var hasLinks: Bool {
        plan.steps.contains { step in
            (runPath != nil && step.child != nil) || (childrenPath != nil && !step.elementChildren.isEmpty)
        }
    }

    // MARK: Lanes

    private func band(_ band: GraphLayout.Band) -> HTML {
        let (left, width) = (band.left - 10, band.right - band.left + 20)
        let paused: HTML =
            run?.isPaused == true && band == layout.bands.first
            ? #"<tspan class="paused" dx="8">paused</tspan>"# : .empty
        return #"""
            <g class="lanes"><rect class="lane" x="\#(left)" y="\#(band.divider)" width="\#(width)" \#
            height="\#(band.bottom - band.divider + 10)" rx="8"/>\#
            <path class="divider" d="M\#(left) \#(band.divider)h\#(width)"/>\#
            <text class="lane-name" x="\#(band.left)" y="\#(band.divider - 7)">forward →\#(paused)</text>\#
            <text class="lane-name" x="\#(band.left)" y="\#(band.divider + 16)">← undo</text></g>
            """#
    }

    private var pivotLine: HTML {
        guard let line = layout.pivot, let step = plan.pivot else { return .empty }
        let state = plan.steps[step].sign == .succeeded ? "passed" : "ahead"
        let (top, bottom) = (line.top + 16, line.bottom + 10)
        return #"""
            <g class="pivot-line \#(state)"><title>No way back once \#(plan.steps[step].id) has succeeded</title>\#
            <path d="M\#(line.x - 2) \#(top)V\#(bottom)M\#(line.x + 2) \#(top)V\#(bottom)"/>\#
            <text x="\#(line.x)" y="\#(line.top + 9)">point of no return</text></g>
            """#
    }

    // MARK: Lines

    /// All lines; those on which a run has gone lie above the others.
    private var edges: [HTML] {
        let lines = layout.edges.flatMap { edge -> [(isAbove: Bool, line: HTML)] in
            let (from, to) = (plan.steps[edge.from].id, plan.steps[edge.to].id)
            let change = plan.changes[GraphPlan.Line(from: edge.from, to: edge.to)].map(\.rawValue)
            let isTaken = isTaken(edge)
            let isGone = isDone(edge.from) && hasBegun(edge.to)
            let forward = change ?? (isGone ? "done" : isDone(edge.from) ? "next" : "ahead")
            let backward = change ?? (isTaken ? "taken" : "planned")
            return [
                (isGone || change == "added", Self.line(edge.forward, "edge \(forward)", from, to, isBack: false)),
                (
                    isTaken || change == "added",
                    Self.line(edge.backward, "edge undo \(backward)", to, from, isBack: true)
                ),
            ]
        }
        return lines.filter { !$0.isAbove }.map(\.line) + lines.filter(\.isAbove).map(\.line)
    }

    private static func line(
        _ points: [GraphPoint], _ classes: String, _ from: String, _ to: String, isBack: Bool
    ) -> HTML {
        #"<g class="\#(classes)" data-from="\#(from)" data-to="\#(to)">\#(arrow(points, isBack: isBack))</g>"#
    }

    private func isDone(_ step: Int) -> Bool {
        switch plan.steps[step].sign {
        case .succeeded, .kept, .skipped, .gaveUp: true
        default: false
        }
    }

    /// The run has come back along this line.
    private func isTaken(_ edge: GraphLayout.Edge) -> Bool {
        guard isBack[edge.to] else { return false }
        return isBack[edge.from] || plan.steps[edge.from].undoSign == .undoing
            || plan.steps[edge.from].undoSign == .stuck
    }

    /// A line with its head.
    private static func arrow(_ points: [GraphPoint], isBack: Bool) -> HTML {
        guard let end = points.last else { return .empty }
        let head: HTML = isBack ? "l7-4v8z" : "l-7-4v8z"
        return #"<path class="line" d="\#(path(points))"/><path class="head" d="M\#(end.x) \#(end.y)\#(head)"/>"#
    }

    /// A line with round corners.
    private static func path(_ points: [GraphPoint]) -> String {
        guard let first = points.first, let last = points.last else { return "" }
        var text = "M\(first.x) \(first.y)"
        for place in points.indices.dropFirst().dropLast() {
            let (before, corner, after) = (points[place - 1], points[place], points[place + 1])
            let room = min(
                abs(corner.x - before.x) + abs(corner.y - before.y), abs(after.x - corner.x) + abs(after.y - corner.y))
            let radius = min(7, room / 2)
            func towards(_ other: GraphPoint) -> String {
                "\(corner.x + (other.x - corner.x).signum() * radius) \(corner.y + (other.y - corner.y).signum() * radius)"
            }
            text += "L\(towards(before))Q\(corner.x) \(corner.y) \(towards(after))"
        }
        return text + "L\(last.x) \(last.y)"
    }

    // MARK: The turn

    private func turn(_ step: Int) -> HTML {
        #"<g class="turn" data-step="\#(plan.steps[step].id)">\#(Self.arrow(layout.turns[step], isBack: true))</g>"#
    }

    /// Where the run turned the line is crossed; that is said once in a place.
    private var turnPills: HTML {
        guard let run else { return .empty }
        var places: [GraphPoint] = []
        for step in turned {
            guard
                let band = layout.bands.first(where: {
                    layout.steps[step].y >= $0.top && layout.steps[step].y < $0.divider
                })
            else { continue }
            let place = GraphPoint(x: layout.turns[step][1].x, y: band.divider)
            if !places.contains(place) { places.append(place) }
        }
        let width = FittedText.width(of: run.turnWords, size: 11, isBold: true) + 30
        return places.map { place -> HTML in
            let left = min(place.x - width / 2, layout.width - width - 4)
            return #"""
                <g class="turn-pill" transform="translate(\#(left) \#(place.y - 10))">\#
                <rect width="\#(width)" height="20" rx="10"/>\#
                <g class="sign" transform="translate(3 1) scale(.9)">\#(GraphIcon.Glyph.back.svg)</g>\#
                <text x="22" y="14">\#(run.turnWords)</text></g>
                """#
        }.joined()
    }
}
