/// How a participant's limit is divided among the engines that call it.
///
/// Max-min fair: who wants less than an even part gets what it wants, and the others divide the rest evenly. What
/// nobody wants is headroom for calls to come, but for a part that stays free for the engine that comes next.
package enum CallShares {
    /// Whole parts of `total` for each of `wants`, never more than `total` together.
    ///
    /// - Parameters:
    ///   - wants: what each engine could use now, in an order that all engines have in common; at least 0.
    ///   - turn: a number that counts up. What does not divide evenly is for each engine in its turn, so that everyone
    ///     has a part again and again even where there are more engines than parts.
    package static func divide(_ total: Int, among wants: [Int], turn: Int) -> [Int] {
        var shares = wants.map { _ in 0 }
        var left = max(0, total)
        let byWant = wants.indices.filter { wants[$0] > 0 }.sorted { (wants[$0], $0) < (wants[$1], $1) }
        for (rank, index) in byWant.enumerated() {
            let wanting = byWant.count - rank
            if wants[index] <= left / wanting {
                shares[index] = wants[index]
                left -= wants[index]
                continue
            }
            // All from here on want more than an even part.
            for other in byWant[rank...] { shares[other] = left / wanting }
            let first = turn % wants.count
            let inTurn = byWant[rank...].sorted { place($0, first, wants.count) < place($1, first, wants.count) }
            for other in inTurn.prefix(left % wanting) { shares[other] += 1 }
            return shares
        }
        let headroom = wants.count == 1 ? left : left / (wants.count + 1)
        return shares.map { $0 + headroom }
    }

    /// How many come before this one when `first` has the first place.
    private static func place(_ index: Int, _ first: Int, _ count: Int) -> Int { (index - first + count) % count }

    /// What one engine may take of `total` now: its part, as far as the others have not taken it.
    ///
    /// - Parameters:
    ///   - wants: of all engines, in the order that they have in common.
    ///   - taken: what each of them has taken before.
    ///   - index: this engine's place in both.
    package static func grant(of total: Int, wants: [Int], taken: [Int], at index: Int, turn: Int) -> Int {
        let others = taken.indices.reduce(0) { $0 + ($1 == index ? 0 : taken[$1]) }
        return max(0, min(divide(total, among: wants, turn: turn)[index], total - others))
    }
}
