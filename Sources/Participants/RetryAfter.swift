internal import Basics
internal import Glibc

/// Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in any of the three forms that a recipient must accept.
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
            let now = now()
            guard let date = HTTPDate.secondsSince1970(bytes, now: now) else { return nil }
            return .seconds(min(max(date - now, 0), longest))
        }
        guard bytes.allSatisfy(\.isDigit) else { return nil }
        var seconds: Int64 = 0
        for byte in bytes where seconds <= longest { seconds = seconds * 10 + Int64(byte - 0x30) }
        return .seconds(min(seconds, longest))
    }
}

/// `HTTP-date` (RFC 9110 §5.6.7): the form of today and the two that are obsolete and still to be accepted.
enum HTTPDate {
    /// Where a form has its parts; `_` is a letter, `d` a digit, `?` a digit or a blank.
    private struct Form {
        let shape: [UInt8]
        let day, month, year, time: Int

        init(_ shape: String, day: Int, month: Int, year: Int, time: Int) {
            self.shape = Array(shape.utf8)
            (self.day, self.month, self.year, self.time) = (day, month, year, time)
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static let fixdate = Form("___, dd ___ dddd dd:dd:dd GMT", day: 5, month: 8, year: 12, time: 17)
    /// `Sunday, 06-Nov-94 08:49:37 GMT`, from its comma on.
    private static let rfc850 = Form(", dd-___-dd dd:dd:dd GMT", day: 2, month: 5, year: 9, time: 12)
    /// `Sun Nov  6 08:49:37 1994`
    private static let asctime = Form("___ ___ ?d dd:dd:dd dddd", day: 8, month: 4, year: 20, time: 11)

    /// - Parameter now: seconds since 1970; a year of two digits is the last one with them that is not more than 50 years
    ///   ahead of it.
    static func secondsSince1970(_ bytes: [UInt8], now: Int64) -> Int64? {
        if fits(bytes[...], fixdate) { return seconds(bytes, fixdate, year: number(bytes, fixdate.year, 4)) }
        if fits(bytes[...], asctime) { return seconds(bytes, asctime, year: number(bytes, asctime.year, 4)) }
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")), (6...9).contains(comma),
            bytes[..<comma].allSatisfy(\.isLetter), fits(bytes[comma...], rfc850)
        else { return nil }
        let rest = Array(bytes[comma...])
        let latest = 1970 + now / 31_556_952 + 50
        let year = number(rest, rfc850.year, 2)
        return seconds(rest, rfc850, year: latest - (latest - year) % 100)
    }

    private static func fits(_ bytes: ArraySlice<UInt8>, _ form: Form) -> Bool {
        guard bytes.count == form.shape.count else { return false }
        return zip(bytes, form.shape).allSatisfy { byte, wanted in
            switch wanted {
            case UInt8(ascii: "_"): byte.isLetter
            case UInt8(ascii: "d"): byte.isDigit
            case UInt8(ascii: "?"): byte.isDigit || byte == 0x20
            default: byte == wanted
            }
        }
    }

    /// A blank counts as a zero.
    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64 {
        bytes[start..<(start + count)].reduce(0) { $0 * 10 + Int64($1 & 0x0F) }
    }

    private static func seconds(_ bytes: [UInt8], _ form: Form, year: Int64) -> Int64? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let name = bytes[form.month..<(form.month + 3)]
        guard let month = months.firstIndex(where: { $0.utf8.elementsEqual(name) }) else { return nil }
        let day = number(bytes, form.day, 2)
        let (hour, minute) = (number(bytes, form.time, 2), number(bytes, form.time + 3, 2))
        let second = number(bytes, form.time + 6, 2)
        guard (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        let days = CivilDate(year: year, month: Int64(month + 1), day: day).daysSince1970
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }
}

/// The wall clock, needed only to turn the date of a `Retry-After` into a wait.
func secondsSince1970() -> Int64 {
    Int64(time(nil))
}
