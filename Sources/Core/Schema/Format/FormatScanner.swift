internal import Basics

/// Goes through the bytes of a text whose format is a matter of digits and signs.
struct FormatScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    /// Moves on if this byte stands here.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// A number of so many digits.
    private mutating func number(digits: Int) -> Int64? {
        guard at + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<digits {
            guard bytes[at].isDigit else { return nil }
            value = value * 10 + Int64(bytes[at] - 0x30)
            at += 1
        }
        return value
    }

    /// One digit or more; false when there is none.
    private mutating func skipDigits() -> Bool {
        let start = at
        while at < bytes.count, bytes[at].isDigit { at += 1 }
        return at > start
    }

    // MARK: RFC 3339

    mutating func dateTime() -> Bool {
        guard date(), take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) else { return false }
        return time() && isAtEnd
    }

    /// `full-date`.
    mutating func date() -> Bool {
        guard let year = number(digits: 4), take(UInt8(ascii: "-")), let month = number(digits: 2),
            take(UInt8(ascii: "-")), let day = number(digits: 2)
        else { return false }
        return CivilDate(year: year, month: month, day: day).isValid
    }

    /// `full-time`. A leap second is one only where UTC has it, in the last minute of the day.
    mutating func time() -> Bool {
        guard let hour = number(digits: 2), take(UInt8(ascii: ":")), let minute = number(digits: 2),
            take(UInt8(ascii: ":")), let second = number(digits: 2), hour < 24, minute < 60, second <= 60
        else { return false }
        if take(UInt8(ascii: ".")), !skipDigits() { return false }
        guard let offset = offset() else { return false }
        if second < 60 { return true }
        return (hour * 60 + minute - offset).flooredDivision(by: 1440).remainder == 1439
    }

    /// `time-offset`, in minutes.
    private mutating func offset() -> Int64? {
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
        let isNegative = take(UInt8(ascii: "-"))
        guard isNegative || take(UInt8(ascii: "+")), let hour = number(digits: 2), take(UInt8(ascii: ":")),
            let minute = number(digits: 2), hour < 24, minute < 60
        else { return nil }
        return (hour * 60 + minute) * (isNegative ? -1 : 1)
    }

    /// Years, months and days, then hours, minutes and seconds after a T, each at most once and at least one of them; or
    /// weeks alone.
    mutating func duration() -> Bool {
        guard take(UInt8(ascii: "P")) else { return false }
        let start = at
        if skipDigits(), take(UInt8(ascii: "W")) { return isAtEnd }
        at = start
        let hasDays = units("YMD")
        guard take(UInt8(ascii: "T")) else { return hasDays && isAtEnd }
        return units("HMS") && isAtEnd
    }

    /// Numbers with these letters behind them, in their order; false when there is none.
    private mutating func units(_ letters: StaticString) -> Bool {
        var hasAny = false
        for index in 0..<letters.utf8CodeUnitCount {
            let start = at
            if skipDigits(), take(letters.utf8Start[index]) { hasAny = true } else { at = start }
        }
        return hasAny
    }

    // MARK: RFC 6901

    mutating func jsonPointer() -> Bool {
        guard isAtEnd || bytes[0] == UInt8(ascii: "/") else { return false }
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "~") {
            guard index + 1 < bytes.count else { return false }
            let next = bytes[index + 1]
            guard next == UInt8(ascii: "0") || next == UInt8(ascii: "1") else { return false }
        }
        return true
    }
}
