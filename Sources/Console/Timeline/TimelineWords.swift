internal import Core

/// Times and lengths as a timeline writes them.
enum TimelineWords {
    /// A length with its two largest units: `2d 3h`, `1m 4s`, `350ms`.
    static func length(_ duration: Duration) -> String {
        let milliseconds = duration.microseconds / 1000
        if milliseconds < 1 { return "\(duration.microseconds)µs" }
        let units: [(name: String, of: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
        ]
        guard let first = units.firstIndex(where: { milliseconds >= $0.of }) else { return "0" }
        let unit = units[first]
        var text = "\(milliseconds / unit.of)\(unit.name)"
        guard first + 1 < units.count else { return text }
        let (rest, smaller) = (milliseconds % unit.of, units[first + 1])
        // Seconds have decimals, as one says them.
        if unit.name == "s" {
            let tenths = rest / 100
            return tenths > 0 ? "\(milliseconds / 1000).\(tenths)s" : text
        }
        if rest / smaller.of > 0 { text += " \(rest / smaller.of)\(smaller.name)" }
        return text
    }

    /// `03:12:07`
    static func clock(_ instant: Instant) -> String { part(instant, 11, 8) }

    /// `2026-10-01`
    static func day(_ instant: Instant) -> String { part(instant, 0, 10) }

    /// `03:12:07.250 UTC`
    static func exact(_ instant: Instant) -> String { "\(part(instant, 11, 12)) UTC" }

    private static func part(_ instant: Instant, _ start: Int, _ length: Int) -> String {
        String(instant.description.dropFirst(start).prefix(length))
    }

    /// How far apart ticks are: the least round length that is not less than this.
    static func step(atLeast least: Duration) -> Duration {
        let round: [Int64] = [
            1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
            600_000,
            900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
        ]
        if let step = round.first(where: { .milliseconds($0) >= least }) { return .milliseconds(step) }
        return .milliseconds(86_400_000 * ((least.microseconds / 1000 + 86_399_999) / 86_400_000))
    }
}
