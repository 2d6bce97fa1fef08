/// The middle and the slow end of a set of times.
struct Percentiles {
    private let sorted: [Double]

    /// - Parameter values: at least one.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "no values")
        sorted = values.sorted()
    }

    /// The smallest value that a share of at least `percent` does not exceed (nearest rank).
    func at(_ percent: Double) -> Double {
        let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    var json: String { JSONText.object([("p50", JSONText.number(at(50))), ("p99", JSONText.number(at(99)))]) }
}

/// Just enough JSON to print figures.
enum JSONText {
    /// Three digits after the point are more than any figure here is good for.
    static func number(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
