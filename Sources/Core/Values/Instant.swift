internal import Basics

/// A point in time to the microsecond, as Postgres keeps it.
package struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, without leap seconds.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The instant this much later; the ends of time are not passed.
    package static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(duration.microseconds)
        return Instant(microseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The instant this much earlier; the ends of time are not passed.
    package static func - (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.microseconds.subtractingReportingOverflow(duration.microseconds)
        return Instant(microseconds: overflow ? (duration < .zero ? .max : .min) : sum)
    }

    /// How long it is from the right instant to the left one.
    package static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds) - .microseconds(right.microseconds)
    }

    package static func += (instant: inout Instant, duration: Duration) { instant = instant + duration }
}

extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC with six decimals: `2025-01-31T12:00:00.000000Z`.
    ///
    /// Years outside 0...9999, which RFC 3339 cannot write, get a sign and as many digits as they need (ISO 8601).
    package var description: String {
        let (day, time) = microseconds.flooredDivision(by: 86_400_000_000)
        let date = CivilDate(daysSince1970: day)
        var text = ""
        text.reserveCapacity(27)
        if (0...9999).contains(date.year) {
            text.append(digits: date.year, count: 4)
        } else {
            text += date.year < 0 ? "-" : "+"
            text.append(digits: Int64(date.year.magnitude), count: 4)
        }
        text += "-"
        text.append(digits: date.month, count: 2)
        text += "-"
        text.append(digits: date.day, count: 2)
        text += "T"
        text.append(digits: time / 3_600_000_000, count: 2)
        text += ":"
        text.append(digits: time / 60_000_000 % 60, count: 2)
        text += ":"
        text.append(digits: time / 1_000_000 % 60, count: 2)
        text += "."
        text.append(digits: time % 1_000_000, count: 6)
        text += "Z"
        return text
    }

    /// The same with no more decimals than it needs: `2025-01-31T12:00:00Z`.
    package var shortText: String {
        let text = description
        var digits = text.utf8.dropLast()[...]
        while digits.last == UInt8(ascii: "0") { digits = digits.dropLast() }
        if digits.last == UInt8(ascii: ".") { digits = digits.dropLast() }
        return String(Substring(digits)) + "Z"
    }

    /// Parses an RFC 3339 date-time with any offset; decimals beyond the sixth are cut off.
    ///
    /// A leap second (`:60`, only before midnight UTC) is the first second of the next day. Nil for any other text.
    package init?(_ text: String) {
        var scan = Scan(bytes: Array(text.utf8))
        guard let year = scan.digits(4), scan.take("-"), let month = scan.digits(2), scan.take("-"),
            let day = scan.digits(2), scan.take("T") || scan.take("t"),
            let hour = scan.digits(2), scan.take(":"), let minute = scan.digits(2), scan.take(":"),
            let second = scan.digits(2), let fraction = scan.fraction(), let offset = scan.offset(), scan.isAtEnd
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.isValid, hour < 24, minute < 60, second <= 60 else { return nil }
        let minutes = date.daysSince1970 * 1440 + hour * 60 + minute - offset
        if second == 60, minutes.flooredDivision(by: 1440).remainder != 1439 { return nil }
        self.init(microseconds: (minutes * 60 + second) * 1_000_000 + fraction)
    }

    private struct Scan {
        let bytes: [UInt8]
        var at = 0

        var isAtEnd: Bool { at == bytes.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard at < bytes.count, bytes[at] == UInt8(ascii: scalar) else { return false }
            at += 1
            return true
        }

        mutating func digit() -> Int64? {
            guard at < bytes.count, bytes[at].isDigit else { return nil }
            defer { at += 1 }
            return Int64(bytes[at] - 0x30)
        }

        mutating func digits(_ count: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Microseconds of the optional fraction; nil when a point has no digit after it.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            guard var value = digit() else { return nil }
            var count = 1
            while let digit = digit() {
                if count < 6 {
                    value = value * 10 + digit
                    count += 1
                }
            }
            for _ in count..<6 { value *= 10 }
            return value
        }

        /// Minutes east of UTC.
        mutating func offset() -> Int64? {
            if take("Z") || take("z") { return 0 }
            let isWest = take("-")
            guard isWest || take("+"), let hours = digits(2), take(":"), let minutes = digits(2) else { return nil }
            guard hours < 24, minutes < 60 else { return nil }
            return (isWest ? -1 : 1) * (hours * 60 + minutes)
        }
    }
}

extension String {
    /// Appends a number that is not negative with leading zeros up to `count` digits.
    fileprivate mutating func append(digits value: Int64, count: Int) {
        let text = String(value)
        for _ in 0..<max(0, count - text.utf8.count) { append("0") }
        append(text)
    }
}
