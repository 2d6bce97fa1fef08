import Testing

@testable import Participants

@Suite("Retry-After: what a participant asks for, never more than a day, never nonsense", .timeLimit(.minutes(2)))
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of the RFC.
    private let now: Int64 = 784_111_777

    @Test(
        "understood",
        arguments: [
            ("0", 0), ("1", 1), ("007", 7), ("86400", 86_400), ("86401", 86_400), ("1000000000", 86_400),
            ("999999999999999999999999999999", 86_400), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Mon, 07 Nov 1994 08:00:00 GMT", 83_423),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sat, 29 Feb 2020 23:59:60 GMT", 86_400),
        ])
    func understood(_ value: String, _ seconds: Int) {
        #expect(RetryAfter.parse(value, now: { now }) == .seconds(seconds))
    }

    @Test(
        "the two older forms of a date are understood as well",
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
            ("Sun Nov  6 08:50:07 1994", 30), ("Sun Nov 06 08:49:38 1994", 1), ("Mon Nov  7 08:00:00 1994", 83_423),
            ("Wednesday, 09-Nov-94 08:49:37 GMT", 86_400),
            // A year of two digits is the next with them, unless that is more than 50 years ahead.
            ("Monday, 07-Nov-44 08:49:37 GMT", 86_400), ("Saturday, 06-Nov-45 08:49:37 GMT", 0),
            ("Friday, 31-Dec-93 08:49:37 GMT", 0), ("Saturday, 01-Jan-00 00:00:00 GMT", 86_400),
        ])
    func olderForms(_ value: String, _ seconds: Int) {
        #expect(RetryAfter.parse(value, now: { now }) == .seconds(seconds))
    }

    @Test(
        "not understood",
        arguments: [
            "", "-1", "+1", "1.5", "1e9", "0x10", "1 ", "soon", "12 s", "Sun, 06-Nov-94 08:49:37 EST",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday 06-Nov-94 08:49:37 GMT", "Someday., 06-Nov-94 08:49:37 GMT",
            "Sunday, 6-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov  0 08:49:37 1994",
            "Sun Nov  6 24:00:00 1994", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37", "٣",
        ])
    func notUnderstood(_ value: String) {
        #expect(RetryAfter.parse(value, now: { now }) == nil)
    }
}
