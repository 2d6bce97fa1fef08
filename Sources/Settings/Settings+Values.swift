import Core

/// Values with a type and bounds, which are part of their help.
extension Settings {
    /// A whole number within bounds.
    package mutating func integer(
        _ key: String, default fallback: Int, in range: ClosedRange<Int>, help: String
    ) throws(SettingsError) -> Int {
        let text = try text(
            key, default: String(fallback), help: "\(help); \(range.lowerBound) to \(range.upperBound)")
        guard let value = Int(text), range.contains(value) else {
            throw error(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// A number within bounds.
    package mutating func number(
        _ key: String, default fallback: Double, in range: ClosedRange<Double>, help: String
    ) throws(SettingsError) -> Double {
        func plain(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? String(number) }
        let text = try text(
            key, default: plain(fallback), help: "\(help); \(plain(range.lowerBound)) to \(plain(range.upperBound))")
        guard let value = Double(text), range.contains(value) else {
            throw error(key, "must be a number from \(plain(range.lowerBound)) to \(plain(range.upperBound)).")
        }
        return value
    }

    /// A duration such as `250ms`, `10s`, `5m`, within bounds.
    package mutating func duration(
        _ key: String, default fallback: Duration, in range: ClosedRange<Duration>, help: String
    ) throws(SettingsError) -> Duration {
        let (least, most) = (DurationText.format(range.lowerBound), DurationText.format(range.upperBound))
        let text = try text(key, default: DurationText.format(fallback), help: "\(help); \(least) to \(most)")
        guard let value = DurationText.parse(text), range.contains(value) else {
            throw error(key, "must be a duration from \(least) to \(most), like 250ms or 10s.")
        }
        return value
    }
}
