extension GraphLayers {
    /// Puts the items of each layer into an order in which few lines cross.
    ///
    /// Sweeps there and back, in which each item goes to the mean place of those that it is joined to (Sugiyama,
    /// Tagawa, Toda 1981), and neighbours then change places while that helps. What is equal stays in the order of
    /// the definition, so the same graph is always drawn the same.
    mutating func untangle() {
        var (best, fewest) = (layers, crossings)
        var round = 0
        while fewest > 0, round < 12 {
            if round.isMultiple(of: 2) {
                for layer in layers.indices.dropFirst() { sort(layer, by: \.before) }
            } else {
                for layer in layers.indices.dropLast().reversed() { sort(layer, by: \.after) }
            }
            exchange()
            let now = crossings
            if now < fewest { (best, fewest) = (layers, now) }
            round += 1
        }
        layers = best
    }

    private mutating func sort(_ layer: Int, by side: KeyPath<Item, [Int]>) {
        let places = places
        let means = layers[layer].map { item -> Double in
            let joined = items[item][keyPath: side]
            guard !joined.isEmpty else { return Double(places[item]) }
            return Double(joined.reduce(0) { $0 + places[$1] }) / Double(joined.count)
        }
        layers[layer] = layers[layer].indices
            .sorted { (means[$0], $0) < (means[$1], $1) }
            .map { layers[layer][$0] }
    }

    /// Changes neighbours' places while fewer lines cross then.
    private mutating func exchange() {
        var (improved, rounds) = (true, 0)
        while improved, rounds < 4 {
            improved = false
            rounds += 1
            for layer in layers.indices {
                let places = places
                for place in layers[layer].indices.dropLast() {
                    let (upper, lower) = (layers[layer][place], layers[layer][place + 1])
                    var gain = 0
                    for side in [\Item.before, \Item.after] {
                        let (ups, lows) = (items[upper][keyPath: side], items[lower][keyPath: side])
                        for up in ups { for low in lows { gain += (places[up] - places[low]).signum() } }
                    }
                    guard gain > 0 else { continue }
                    layers[layer].swapAt(place, place + 1)
                    improved = true
                }
            }
        }
    }

    /// How many pairs of lines cross.
    var crossings: Int {
        let places = places
        return layers.indices.dropLast().reduce(0) { sum, layer in
            let ends = layers[layer].flatMap { item in items[item].after.map { places[$0] }.sorted() }
            return sum + Self.inversions(ends, below: layers[layer + 1].count)
        }
    }

    /// Pairs of which the larger comes first, counted with a tree of sums (Barth, Mutzel, Jünger 2004).
    private static func inversions(_ values: [Int], below limit: Int) -> Int {
        var sums = Array(repeating: 0, count: limit + 1)
        var (count, inversions) = (0, 0)
        for value in values {
            var (place, notAbove) = (value + 1, 0)
            while place > 0 {
                notAbove += sums[place]
                place -= place & -place
            }
            inversions += count - notAbove
            place = value + 1
            while place <= limit {
                sums[place] += 1
                place += place & -place
            }
            count += 1
        }
        return inversions
    }
}
