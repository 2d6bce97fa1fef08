/// The steps in layers, each behind all that it waits for, and the lines that pass layers on their way.
///
/// All lines that leave a step are one bundle, which passes a layer once and forks where its steps are: a step on
/// which twenty others wait sends out one line, not twenty. So each layer has an item for each of its steps, and one
/// for each bundle that goes through it.
struct GraphLayers {
    struct Item {
        /// The step that it is, or from which the bundle comes.
        let step: Int
        /// It is a bundle that passes.
        let isPass: Bool
        let layer: Int
        /// The items of the layer before, and of the one after, to which it has lines.
        fileprivate(set) var before: [Int] = []
        fileprivate(set) var after: [Int] = []
    }

    /// First the steps, by their places.
    private(set) var items: [Item]
    /// The items of each layer, from top to bottom.
    var layers: [[Int]]

    init(_ shape: GraphShape) {
        let (depths, dependents) = (shape.depths, shape.dependents)
        items = depths.enumerated().map { Item(step: $0.offset, isPass: false, layer: $0.element) }
        layers = Array(repeating: [], count: (depths.max() ?? -1) + 1)
        for source in 0..<shape.count {
            guard let last = dependents[source].map({ depths[$0] }).max() else { continue }
            var end = source
            for layer in depths[source] + 1...last {
                let from = end
                for target in dependents[source] where depths[target] == layer { connect(from, target) }
                guard layer < last else { break }
                end = items.count
                items.append(Item(step: source, isPass: true, layer: layer))
                connect(from, end)
            }
        }
        // A bundle begins beside the step that it comes from.
        for item in items.indices.sorted(by: { (items[$0].step, $0) < (items[$1].step, $1) }) {
            layers[items[item].layer].append(item)
        }
    }

    private mutating func connect(_ before: Int, _ after: Int) {
        items[before].after.append(after)
        items[after].before.append(before)
    }

    /// The items by which the bundle of a step comes to one that waits for it, both ends included.
    func way(from source: Int, to target: Int) -> [Int] {
        var way = [source]
        while let end = way.last, end != target {
            let next = items[end].after.first { $0 == target } ?? items[end].after.first { items[$0].isPass }
            guard let next else { preconditionFailure("there is no line from \(source) to \(target)") }
            way.append(next)
        }
        return way
    }

    /// How many lines go from a layer to the next one.
    func lines(behind layer: Int) -> Int { layers[layer].reduce(0) { $0 + items[$1].after.count } }

    /// Each item's place in its layer.
    var places: [Int] {
        var places = Array(repeating: 0, count: items.count)
        for layer in layers { for (place, item) in layer.enumerated() { places[item] = place } }
        return places
    }
}
