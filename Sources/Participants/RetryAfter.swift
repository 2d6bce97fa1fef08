/// Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in the one form servers may still send.
enum RetryAfter {
    /// A participant that asks for more than this is asked again after a day.
    static let longest: Int64 = 86_400

    /// - Parameters:
    ///   - value: the header's value without surrounding blanks.
    ///   - now: seconds since 1970, only asked for when the value is a date.
    /// - Returns: the time to wait from now, zero for a date that has passed; nil for anything that is not understood.
    static func parse(_ value: String, now: () -> Int64) -> Duration? {
        let bytes = Array(value.utf8)
        guard let first = bytes.first else { return nil }
        guard first.isDigit else {
            guard let date = secondsSince1970(fixdate: bytes) else { return nil }
            return .seconds(min(max(date - now(), 0), longest))
        }
        guard bytes.allSatisfy({ $0.isDigit }) else { return nil }
        var seconds: Int64 = 0
        for byte in bytes where seconds <= longest { seconds = seconds * 10 + Int64(byte - 0x30) }
        return .seconds(min(seconds, longest))
    }

    /// IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`: every part at its fixed place.
    private static func secondsSince1970(fixdate bytes: [UInt8]) -> Int64? {
        let shape = Array("___, dd ___ dddd dd:dd:dd GMT".utf8)
        guard bytes.count == shape.count else { return nil }
        for (byte, wanted) in zip(bytes, shape) {
            switch wanted {
            case UInt8(ascii: "_"): guard (byte | 0x20) &- 0x61 < 26 else { return nil }
            case UInt8(ascii: "d"): guard byte.isDigit else { return nil }
            default: guard byte == wanted else { return nil }
            }
        }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) } }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let month = months.firstIndex(where: { $0.utf8.elementsEqual(bytes[8..<11]) }) else { return nil }
        let (day, year) = (number(5..<7), number(12..<16))
        let (hour, minute, second) = (number(17..<19), number(20..<22), number(23..<25))
        guard (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        return days(year: year, month: Int64(month + 1), day: day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`).
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
