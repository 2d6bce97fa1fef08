/// How many calls may begin at a participant, over all engines together.
package struct CallRate: Hashable, Sendable {
    /// In thousandths of a call per second.
    package let thousandths: Int
    /// Calls that may begin at once after a quiet time; 1 spaces all of them evenly.
    package let burst: Int

    /// Of `thousandths`: from one call in 100 seconds to 100,000 in one.
    package static let rates = 10...100_000_000
    package static let bursts = 1...100_000

    package init(thousandths: Int, burst: Int = 1) {
        self.thousandths = thousandths
        self.burst = burst
    }

    /// Calls per second as they are written, in thousandths of one; nil beyond `rates`, or with more than three decimals.
    package static func thousandths(perSecond json: JSON) -> Int? {
        guard let value = json.double, value > 0, value <= Double(rates.upperBound) / 1000 else { return nil }
        let thousandths = Int(value * 1000 + 0.5)
        // Three decimals of a number up to 10⁵ are exact to far more than this.
        guard (value * 1000 - Double(thousandths)).magnitude < 1e-6, rates.contains(thousandths) else { return nil }
        return thousandths
    }

    /// `{perSecond, burst}`, as it is registered and stored.
    package var json: JSON {
        [
            "perSecond": JSONNumber(Double(thousandths) / 1000).map { .number($0) } ?? .null, "burst": JSON(burst),
        ]
    }

    /// Reads what was stored; nil when it is none, or no longer within bounds.
    package init?(stored json: JSON) {
        guard let thousandths = Self.thousandths(perSecond: json["perSecond"] ?? .null) else { return nil }
        let burst = json["burst"]?.int ?? 1
        guard Self.bursts.contains(burst) else { return nil }
        self.init(thousandths: thousandths, burst: burst)
    }
}
