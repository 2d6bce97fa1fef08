/// How high each item stands in its layer.
struct GraphRows {
    private let layers: GraphLayers
    /// The band of each layer.
    private let bands: [Int]
    /// The middle of each item, in pixels from a zero of no meaning.
    private(set) var middles: [Int]

    init(_ layers: GraphLayers, bands: [Range<Int>]) {
        self.layers = layers
        self.bands = bands.enumerated().flatMap { band, range in range.map { _ in band } }
        middles = Array(repeating: 0, count: layers.items.count)
        for layer in layers.layers.indices { settle(layer, wishes: layers.layers[layer].map { _ in 0 }) }
        // There and back, so that what forks and joins is symmetrical; the last sweep goes forward, as one reads.
        for _ in 0..<4 {
            for layer in layers.layers.indices.reversed() { settle(layer, by: \.after) }
            for layer in layers.layers.indices { settle(layer, by: \.before) }
        }
        for layer in layers.layers.indices { straighten(layer, by: \.before) }
        for layer in layers.layers.indices.reversed() { straighten(layer, by: \.after) }
    }

    /// Of two neighbours in a layer: how far their middles are apart at least.
    private func distance(_ upper: Int, _ lower: Int) -> Int {
        switch (layers.items[upper].isPass, layers.items[lower].isPass) {
        case (false, false): GraphMetrics.stepHeight + GraphMetrics.rowGap
        case (true, true): GraphMetrics.passGap
        case (true, false), (false, true): GraphMetrics.stepHeight / 2 + GraphMetrics.passRoom
        }
    }

    /// What an item is joined to in the same band.
    private func joined(_ item: Int, _ side: KeyPath<GraphLayers.Item, [Int]>) -> [Int] {
        let band = bands[layers.items[item].layer]
        return layers.items[item][keyPath: side].filter { bands[layers.items[$0].layer] == band }
    }

    /// Moves the items of a layer to the middle of what they are joined to on one side, as far as there is room.
    private mutating func settle(_ layer: Int, by side: KeyPath<GraphLayers.Item, [Int]>) {
        settle(
            layer,
            wishes: layers.layers[layer].map { item in
                let others = joined(item, side).map { middles[$0] }.sorted()
                guard !others.isEmpty else { return middles[item] }
                return (others[(others.count - 1) / 2] + others[others.count / 2]) / 2
            })
    }

    /// Gives each item of a layer the place that it wishes, or the nearest that there is for all: those of an
    /// isotonic regression over what is left of the wishes when the distances are taken off (pooling of adjacent
    /// violators).
    private mutating func settle(_ layer: Int, wishes: [Int]) {
        let row = layers.layers[layer]
        var offsets: [Int] = []
        for (place, item) in row.enumerated() {
            offsets.append(place == 0 ? 0 : offsets[place - 1] + distance(row[place - 1], item))
        }
        var pools: [(sum: Double, weight: Double, count: Int)] = []
        for (place, item) in row.enumerated() {
            // A bend in a line that only passes is the first that is to go.
            let weight: Double = layers.items[item].isPass ? 3 : 1
            pools.append((Double(wishes[place] - offsets[place]) * weight, weight, 1))
            while pools.count > 1, let last = pools.last {
                let before = pools[pools.count - 2]
                guard before.sum / before.weight > last.sum / last.weight else { break }
                pools.removeLast(2)
                pools.append((before.sum + last.sum, before.weight + last.weight, before.count + last.count))
            }
        }
        var place = 0
        for pool in pools {
            let base = Int((pool.sum / pool.weight).rounded())
            for _ in 0..<pool.count {
                middles[row[place]] = base + offsets[place]
                place += 1
            }
        }
    }

    /// Takes small bends out of single lines.
    private mutating func straighten(_ layer: Int, by side: KeyPath<GraphLayers.Item, [Int]>) {
        let row = layers.layers[layer]
        for (place, item) in row.enumerated() {
            let others = joined(item, side)
            guard others.count == 1, abs(middles[others[0]] - middles[item]) <= GraphMetrics.smallBend else { continue }
            let wish = middles[others[0]]
            let fitsBelow = place == 0 || wish - middles[row[place - 1]] >= distance(row[place - 1], item)
            let fitsAbove = place == row.count - 1 || middles[row[place + 1]] - wish >= distance(item, row[place + 1])
            if fitsBelow && fitsAbove { middles[item] = wish }
        }
    }
}
