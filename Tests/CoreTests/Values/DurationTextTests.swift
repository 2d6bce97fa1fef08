import Core
import Testing

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        "each unit is read, and written in the largest one that fits",
        arguments: [
            ("1ms", .milliseconds(1), "1ms"), ("250ms", .milliseconds(250), "250ms"), ("1000ms", .seconds(1), "1s"),
            ("10s", .seconds(10), "10s"), ("90s", .seconds(90), "90s"), ("60s", .seconds(60), "1m"),
            ("5m", .seconds(300), "5m"),
            ("1h", .seconds(3600), "1h"), ("24h", .seconds(86_400), "1d"), ("2d", .seconds(172_800), "2d"),
            ("1500ms", .milliseconds(1500), "1500ms"), ("106751991d", .seconds(106_751_991 * 86_400), "106751991d"),
        ] as [(String, Duration, String)])
    func reads(_ text: String, _ duration: Duration, _ canonical: String) {
        #expect(Duration(text) == duration)
        #expect(DurationText.parse(text) == duration)
        #expect(DurationText.format(duration) == canonical)
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", "10", "s", "ms", "0s", "0ms", "-1s", "+1s", "1.5s", "1,5s", "1 s", " 1s", "1s ", "1S", "1Ms", "1us",
            "1w", "1y",
            "1m30s", "01s", "1e3s", "١s", "99999999999999999999s", "9223372036854775807d", "106751992d", "PT10S",
            "10sec",
        ])
    func refuses(_ text: String) {
        #expect(Duration(text) == nil)
    }

    @Test("microseconds are cut towards zero and held at the ends")
    func microseconds() {
        #expect(Duration.nanoseconds(1_999).microseconds == 1)
        #expect(Duration.nanoseconds(-1_999).microseconds == -1)
        #expect(Duration.milliseconds(-1500).microseconds == -1_500_000)
        #expect(Duration.seconds(Int64.max).microseconds == .max)
        #expect(Duration.seconds(Int64.min).microseconds == .min)
        #expect(DurationText.format(.microseconds(1_999)) == "1ms")
        #expect(DurationText.format(.zero) == "0ms")
    }
}
