/// The room between two layers of a band, in which lines change their heights: each bundle that does so goes up or
/// down on a track.
struct GraphChannel {
    /// A bundle on its way through the room.
    struct Bundle {
        /// Where it comes in, on the left.
        let left: Int
        /// Where it goes on, on the right; ascending.
        let rights: [Int]

        var isStraight: Bool { rights.allSatisfy { $0 == left } }
        fileprivate var top: Int { min(left, rights.first ?? left) }
        fileprivate var bottom: Int { max(left, rights.last ?? left) }
    }

    /// By bundle its track, counted from the left; nil for one that goes straight on.
    let tracks: [Int?]
    /// How many tracks there are.
    let count: Int

    init(_ bundles: [Bundle]) {
        let order = Self.order(bundles)
        var tracks = [Int?](repeating: nil, count: bundles.count)
        // Two are on one track only where they are apart, so each goes as far left as those before it in the order
        // let it.
        for (place, bundle) in order.enumerated() {
            tracks[bundle] =
                order[..<place].reduce(0) { least, other in
                    Self.areApart(bundles[bundle], bundles[other]) ? least : max(least, (tracks[other] ?? 0) + 1)
                }
        }
        self.tracks = tracks
        count = (tracks.compactMap(\.self).max() ?? -1) + 1
    }

    private static let closest = 8

    private static func areApart(_ one: Bundle, _ other: Bundle) -> Bool {
        one.bottom + closest < other.top || other.bottom + closest < one.top
    }

    /// Those that need a track, so that few cross, and none covers another.
    private static func order(_ bundles: [Bundle]) -> [Int] {
        var order = bundles.indices.filter { !bundles[$0].isStraight }
        var (improved, rounds) = (true, 0)
        while improved, rounds < order.count {
            improved = false
            rounds += 1
            for place in order.indices.dropLast() {
                let (one, other) = (bundles[order[place]], bundles[order[place + 1]])
                guard cost(other, leftOf: one) < cost(one, leftOf: other) else { continue }
                order.swapAt(place, place + 1)
                improved = true
            }
        }
        return order
    }

    /// What it costs to have a bundle's track left of another's.
    private static func cost(_ one: Bundle, leftOf other: Bundle) -> Int {
        var cost = 0
        // What goes on from the left track crosses the right one, what comes to the right track the left one.
        for right in one.rights where right > other.top && right < other.bottom { cost += 1 }
        if other.left > one.top && other.left < one.bottom { cost += 1 }
        // Where the right one comes in at the height at which the left one goes on, they would lie on each other.
        for right in one.rights where abs(right - other.left) < 4 { cost += 20 }
        return cost
    }
}
