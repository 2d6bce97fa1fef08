/// The middle and the slow end of a set of times.
struct Percentiles: Codable, Sendable {
    let p50: Double
    let p99: Double

    /// - Parameter values: at least one.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "no values")
        let sorted = values.sorted()
        p50 = Self.nearestRank(50, in: sorted).figure
        p99 = Self.nearestRank(99, in: sorted).figure
    }

    /// The smallest value that a share of at least `percent` does not exceed.
    static func nearestRank(_ percent: Double, in sorted: [Double]) -> Double {
        let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}
