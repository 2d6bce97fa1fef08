internal import Basics

/// Durations as definitions and configuration write them: a positive integer and one unit, `250ms 10s 5m 1h 2d`.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// The duration; nil for zero, signs, decimals, leading zeros, white space, unknown units and what would overflow.
    package static func parse(_ text: String) -> Duration? {
        let digits = text.utf8.prefix(while: \.isDigit)
        guard !digits.isEmpty, digits.first != UInt8(ascii: "0"),
            let count = Int64(String(decoding: digits, as: UTF8.self)),
            let unit = units.first(where: { $0.name.utf8.elementsEqual(text.utf8.dropFirst(digits.count)) })
        else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
        // Microseconds must fit as well: that is what is computed with and stored.
        guard !overflow, milliseconds <= Int64.max / 1000 else { return nil }
        return .milliseconds(milliseconds)
    }

    /// The text in the largest unit that needs no fraction; what is below a millisecond is cut off.
    package static func format(_ duration: Duration) -> String {
        let milliseconds = duration.microseconds / 1000
        let unit = units.first { milliseconds != 0 && milliseconds % $0.milliseconds == 0 } ?? ("ms", 1)
        return String(milliseconds / unit.milliseconds) + unit.name
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero; held at the ends of `Int64`.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// A duration as `DurationText` writes it: `Duration("250ms")`.
    package init?(_ text: String) {
        guard let duration = DurationText.parse(text) else { return nil }
        self = duration
    }
}
