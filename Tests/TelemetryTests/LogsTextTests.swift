import Core
import Logging
import Testing

@testable import Telemetry

@Suite("Log lines for a terminal")
struct LogsTextTests {
    private func encode(_ message: String, _ members: [(String, JSON)], isColoured: Bool = false) -> String {
        let line = LogLine(
            time: Instant(microseconds: 1_738_324_984_567_890), level: .info, logger: "l", message: message,
            metadata: [:])
        return String(decoding: TextLine.encode(line, members: members, isColoured: isColoured), as: UTF8.self)
    }

    @Test("A line begins with the time and the level, and words are not quoted")
    func shape() {
        #expect(encode("engine started", []) == "12:03:04.567 INFO  engine started\n")
        let members: [(String, JSON)] = [("run", "0190-a"), ("n", 3), ("text", "two words"), ("empty", ""), ("x", [1])]
        #expect(
            encode("m", members) == #"12:03:04.567 INFO  m  run=0190-a n=3 text="two words" empty="" x=[1]"# + "\n")
    }

    @Test("Text from outside can't move the cursor, colour the terminal, begin a line or pass for a member")
    func hostile() {
        let line = encode("\u{1B}[2J\nfaked", [("k\u{9B}", "\u{1B}]0;title\u{7}"), ("v", "a b=\"c\"")])
        #expect(
            line
                == #"12:03:04.567 INFO  \u001b[2J\nfaked  k\u009b="\u001b]0;title\u0007" v="a b=\"c\"""# + "\n")
    }

    @Test("Colours are for terminals only, and auto chooses by what standard error is")
    func terminal() throws {
        #expect(!encode("m", [("a", "b")]).contains("\u{1B}"))
        #expect(encode("m", [("a", "b")], isColoured: true).contains("\u{1B}[32mINFO\u{1B}[0m"))
        for (format, isTerminal, isJSON, isColoured) in [
            (LogConfiguration.Format.auto, true, false, true), (.auto, false, true, false),
            (.text, false, false, false),
            (.text, true, false, true), (.json, true, true, false),
        ] {
            let log = CapturedLog()
            log.logger(format, isTerminal: isTerminal).info("m")
            let line = try #require(log.lines.first)
            #expect(line.hasPrefix("{") == isJSON)
            #expect(line.contains("\u{1B}") == isColoured)
        }
    }
}
