/// The two lanes of a graph.
package enum GraphLane: String, Sendable, Hashable, CaseIterable {
    case forward, undo
}

/// The ways of all lines, and with them where columns and bands are: what lies beside each other takes room.
struct GraphRoutes {
    /// Where a step stands: the column is counted within its band.
    struct Place {
        let band: Int
        let column: Int
    }

    /// The way of a bundle from a band to the next one: out into the right margin, down, back below the band, down in
    /// the left margin.
    private struct Wrap {
        let right: Int
        let height: Int
        let left: Int
    }

    private struct Passage: Hashable {
        let item: Int
        let lane: GraphLane
    }

    private let layers: GraphLayers
    private let rows: GraphRows
    private let ranges: [Range<Int>]
    /// By step: how much beside its middle the lines come in, by the item that they come from.
    private var ports: [[Int: Int]] = []
    /// By layer: the left edge of its column, and the room behind it.
    private var columns: [(x: Int, gap: Int)] = []
    /// By the item from which it comes: where a bundle changes its height.
    private var tracks: [Int: Int] = [:]
    private var wraps: [Passage: Wrap] = [:]
    private(set) var bands: [GraphLayout.Band] = []
    /// By band: the height, in either lane, of the zero from which rows are counted.
    private var zeros: [(forward: Int, undo: Int)] = []
    private(set) var width = 0
    private(set) var height = 0

    init(_ layers: GraphLayers, _ rows: GraphRows, bands ranges: [Range<Int>], pivot: Int?) {
        (self.layers, self.rows, self.ranges) = (layers, rows, ranges)
        let places = layers.places
        ports = layers.items.filter { !$0.isPass }.map { Self.ports(of: $0, places) }
        placeColumns()
        placeBands(pivot: pivot)
    }

    // MARK: Where things are

    func place(of item: Int) -> Place {
        let layer = layers.items[item].layer
        guard let band = ranges.firstIndex(where: { $0.contains(layer) }) else {
            preconditionFailure("each layer is in a band")
        }
        return Place(band: band, column: layer - ranges[band].lowerBound)
    }

    /// A height of a row in a lane. The undo lane is the forward lane's reflection.
    private func y(_ row: Int, _ band: Int, _ lane: GraphLane) -> Int {
        lane == .forward ? zeros[band].forward + row : zeros[band].undo - row
    }

    func middle(of item: Int, _ lane: GraphLane) -> GraphPoint {
        GraphPoint(
            x: columns[layers.items[item].layer].x + GraphMetrics.stepWidth / 2,
            y: y(rows.middles[item], place(of: item).band, lane))
    }

    /// Lines come in side by side, in the order of the steps they come from.
    private static func ports(of step: GraphLayers.Item, _ places: [Int]) -> [Int: Int] {
        let before = step.before.sorted { places[$0] < places[$1] }
        guard before.count > 1 else { return [:] }
        let gap = min(10.0, 30.0 / Double(before.count - 1))
        var ports: [Int: Int] = [:]
        for (place, item) in before.enumerated() {
            ports[item] = Int(((Double(place) - Double(before.count - 1) / 2) * gap).rounded())
        }
        return ports
    }

    /// The row at which a line from an item comes to one of the next layer.
    private func row(from before: Int, to item: Int) -> Int {
        rows.middles[item] + (layers.items[item].isPass ? 0 : ports[item][before] ?? 0)
    }

    // MARK: Columns

    private mutating func placeColumns() {
        // What is carried over to the next band needs room in the margins, on either lane.
        let carried = ranges.dropLast().map { range in
            2 * layers.layers[range.upperBound - 1].filter { !layers.items[$0].after.isEmpty }.count
        }
        let carriedRoom = (carried.max() ?? 0) * GraphMetrics.trackGap
        let left = GraphMetrics.margin + (carriedRoom > 0 ? carriedRoom + GraphMetrics.arrowRoom - 8 : 0)
        for range in ranges {
            var x = left
            for layer in range {
                let end = x + GraphMetrics.stepWidth
                let isLast = layer == range.upperBound - 1
                let gap = isLast ? GraphMetrics.turnRoom + carriedRoom : placeTracks(behind: layer, from: end)
                columns.append((x, gap))
                x = end + gap
            }
            width = max(width, x + GraphMetrics.margin - 8)
        }
    }

    /// Gives the bundles behind a column their tracks; says how much room they need.
    private mutating func placeTracks(behind layer: Int, from x: Int) -> Int {
        let sources = layers.layers[layer].filter { !layers.items[$0].after.isEmpty }
        let channel = GraphChannel(
            sources.map { source in
                GraphChannel.Bundle(
                    left: rows.middles[source],
                    rights: layers.items[source].after.map { row(from: source, to: $0) }.sorted())
            })
        let used = max(0, channel.count - 1) * GraphMetrics.trackGap
        let gap = max(GraphMetrics.columnGap, GraphMetrics.turnRoom + used + GraphMetrics.arrowRoom)
        let first = x + GraphMetrics.turnRoom + (gap - GraphMetrics.turnRoom - used - GraphMetrics.arrowRoom) / 2
        for (place, source) in sources.enumerated() {
            tracks[source] = first + (channel.tracks[place] ?? 0) * GraphMetrics.trackGap
        }
        return gap
    }

    // MARK: Bands

    private mutating func placeBands(pivot: Int?) {
        var top = GraphMetrics.margin
        for (band, range) in ranges.enumerated() {
            var (highest, lowest) = (Int.max, Int.min)
            for item in range.flatMap({ layers.layers[$0] }) {
                let half = layers.items[item].isPass ? 4 : GraphMetrics.stepHeight / 2
                highest = min(highest, rows.middles[item] - half)
                lowest = max(lowest, rows.middles[item] + half)
            }
            let hasPivot = pivot.map { place(of: $0).band == band } ?? false
            let start = top + (hasPivot ? GraphMetrics.pivotRoom : 0)
            let extent = lowest - highest
            let divider = start + extent + GraphMetrics.laneGap / 2
            let bottom = divider + GraphMetrics.laneGap / 2 + extent
            zeros.append((start - highest, bottom + highest))
            let last = columns[range.upperBound - 1]
            bands.append(
                GraphLayout.Band(
                    left: columns[range.lowerBound].x, right: last.x + GraphMetrics.stepWidth, top: top, bottom: bottom,
                    divider: divider))
            top = bottom + GraphMetrics.margin
            if band < ranges.count - 1 { top += carry(behind: range.upperBound - 1, from: bottom) }
            height = top
        }
    }

    /// Gives the bundles that go on in the next band their ways; says how much room they need below this one.
    private mutating func carry(behind layer: Int, from bottom: Int) -> Int {
        let sources = layers.layers[layer].filter { !layers.items[$0].after.isEmpty }
        let passages =
            sources.map { Passage(item: $0, lane: .forward) }
            + sources.reversed().map { Passage(item: $0, lane: .undo) }
        let (right, left) = (columns[layer].x + GraphMetrics.stepWidth, columns[layer + 1].x)
        // The uppermost goes outside of all others, and back below them: so none crosses another.
        for (place, passage) in passages.enumerated() {
            let inside = (passages.count - 1 - place) * GraphMetrics.trackGap
            wraps[passage] = Wrap(
                right: right + GraphMetrics.turnRoom + inside, height: bottom + GraphMetrics.margin / 2 + 4 + inside,
                left: left - GraphMetrics.arrowRoom - place * GraphMetrics.trackGap)
        }
        return max(0, passages.count - 1) * GraphMetrics.trackGap + GraphMetrics.margin / 2
    }

    // MARK: Ways

    /// The way along some items, from the first one's right edge to the last one's left edge.
    func points(along way: [Int], _ lane: GraphLane) -> [GraphPoint] {
        var points: [GraphPoint] = []
        for (from, to) in zip(way, way.dropFirst()) {
            let start = y(rows.middles[from], place(of: from).band, lane)
            let end = y(row(from: from, to: to), place(of: to).band, lane)
            points.append(GraphPoint(x: columns[layers.items[from].layer].x + GraphMetrics.stepWidth, y: start))
            if let wrap = wraps[Passage(item: from, lane: lane)] {
                points += [
                    GraphPoint(x: wrap.right, y: start), GraphPoint(x: wrap.right, y: wrap.height),
                    GraphPoint(x: wrap.left, y: wrap.height), GraphPoint(x: wrap.left, y: end),
                ]
            } else if let track = tracks[from] {
                points += [GraphPoint(x: track, y: start), GraphPoint(x: track, y: end)]
            }
            points.append(GraphPoint(x: columns[layers.items[to].layer].x, y: end))
        }
        return points
    }

    /// The way on which a run turns at a step: out of it, down, and back into what undoes it.
    func turn(of step: Int, into undo: GraphBox) -> [GraphPoint] {
        let (from, to) = (middle(of: step, .forward), middle(of: step, .undo))
        let right = from.x + GraphMetrics.stepWidth / 2
        let (start, end) = (from.y + 13, undo.height < GraphMetrics.undoHeight ? to.y : to.y - 10)
        return [
            GraphPoint(x: right, y: start), GraphPoint(x: right + GraphMetrics.turnTrack, y: start),
            GraphPoint(x: right + GraphMetrics.turnTrack, y: end), GraphPoint(x: undo.right, y: end),
        ]
    }

    /// Where the line behind the pivot is.
    func pivotLine(behind place: Place) -> Int {
        let layer = ranges[place.band].lowerBound + place.column
        let isLast = place.column == ranges[place.band].count - 1
        let column = columns[layer]
        return column.x + GraphMetrics.stepWidth + (isLast ? GraphMetrics.turnRoom - 7 : column.gap / 2)
    }
}
