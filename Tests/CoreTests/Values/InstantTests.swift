import Core
import Testing

@Suite("Instants")
struct InstantTests {
    @Test(
        "text and microseconds agree, across leap days, centuries and the epoch",
        arguments: [
            ("1970-01-01T00:00:00.000000Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T12:34:56.789012Z", 951_827_696_789_012),
            ("2024-02-29T23:59:59.999999Z", 1_709_251_199_999_999),
            ("2024-03-01T00:00:00.000000Z", 1_709_251_200_000_000),
            ("1900-03-01T00:00:00.000000Z", -2_203_891_200_000_000),
            ("2100-02-28T23:59:59.000000Z", 4_107_542_399_000_000),
            ("2038-01-19T03:14:08.000000Z", 2_147_483_648_000_000),
            ("0000-01-01T00:00:00.000000Z", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)])
    func text(_ text: String, _ microseconds: Int64) {
        #expect(Instant(microseconds: microseconds).description == text)
        #expect(Instant(text)?.microseconds == microseconds)
    }

    @Test(
        "offsets, fractions and case are read",
        arguments: [
            ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000000Z"),
            ("2024-01-01t00:00:00z", "2024-01-01T00:00:00.000000Z"),
            ("2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00.000000Z"),
            ("2023-12-31T18:30:00-05:30", "2024-01-01T00:00:00.000000Z"),
            ("2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00.000000Z"),
            ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.500000Z"),
            ("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
            ("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.500000Z"),
        ])
    func reads(_ text: String, _ canonical: String) {
        #expect(Instant(text)?.description == canonical)
    }

    @Test(
        "what is no RFC 3339 date-time is refused",
        arguments: [
            "", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-32T00:00:00Z", "2024-01-00T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T12:00:60Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+0200", "2024-01-01T00:00:00+02", "2024-1-01T00:00:00Z",
            "24-01-01T00:00:00Z", "2024-01-01T00:00:00ZZ", " 2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:60",
            "-024-01-01T00:00:00Z",
            "+2024-01-01T00:00:00Z", "2024-01-01T00:00Z", "２０24-01-01T00:00:00Z",
        ])
    func refuses(_ text: String) {
        #expect(Instant(text) == nil)
    }

    @Test("every day of 800 years is the one that counting from the first gives")
    func calendar() {
        var (year, month, day) = (1570, 1, 1)
        for days in Int64(-146_097)..<146_097 {
            let date = [year, month, day].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
            let instant = Instant(microseconds: days * 86_400_000_000)
            if instant.description != date + "T00:00:00.000000Z" || Instant(instant.description) != instant {
                Issue.record("day \(days) is \(instant), not \(date)")
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test("adding and subtracting durations is exact and stops at the ends of time")
    func arithmetic() {
        let instant = Instant(microseconds: 1_000_000)
        #expect(instant + .milliseconds(1500) == Instant(microseconds: 2_500_000))
        #expect(instant - .seconds(2) == Instant(microseconds: -1_000_000))
        #expect(instant - Instant(microseconds: 250_000) == .milliseconds(750))
        #expect(Instant(microseconds: .max) + .seconds(1) == Instant(microseconds: .max))
        #expect(Instant(microseconds: .min) - .seconds(1) == Instant(microseconds: .min))
        #expect(Instant(microseconds: .max) - Instant(microseconds: .min) > .zero)
        #expect(Instant(microseconds: 1) < Instant(microseconds: 2))
    }

    @Test("the ends of time have a text")
    func ends() {
        #expect(Instant(microseconds: .max).description == "+294247-01-10T04:00:54.775807Z")
        #expect(Instant(microseconds: .min).description == "-290308-12-21T19:59:05.224192Z")
    }
}
