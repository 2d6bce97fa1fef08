import Core
import Logging
import Testing

@testable import Telemetry

@Suite("JSON log lines")
struct LogsJSONTests {
    @Test("A line has the time in UTC, the level, the logger, the message, the service and the metadata")
    func members() throws {
        let line = LogLine(
            time: Instant(microseconds: 1_738_324_984_000_001), level: .warning, logger: "engine", message: "late",
            metadata: [:])
        let bytes = JSONLine.encode(line, members: [("runId", "r"), ("attempt", 2)], service: "sagaflow-engine")
        let expected = """
            {"time":"2025-01-31T12:03:04.000001Z","level":"warning","logger":"engine","message":"late",\
            "service":"sagaflow-engine","runId":"r","attempt":2}\n
            """
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test("Metadata keeps its types and its nesting, and the event's wins over the logger's")
    func metadata() throws {
        let log = CapturedLog()
        var logger = log.logger()
        logger[metadataKey: "runId"] = "old"
        logger.info(
            "m",
            metadata: [
                "runId": "new", "count": .stringConvertible(7), "isLate": .stringConvertible(true),
                "share": .stringConvertible(0.5), "none": .stringConvertible(Double.nan),
                "nested": ["list": ["a", ["b": "c"]]],
            ])
        let json = try JSON(parsing: String(try #require(log.lines.first).dropLast()))
        #expect(json["runId"] == "new")
        #expect(json["count"] == 7)
        #expect(json["isLate"] == true)
        #expect(json["share"]?.double == 0.5)
        #expect(json["none"]?.string == "nan")
        #expect(json["nested"]?.text == #"{"list":["a",{"b":"c"}]}"#)
    }

    @Test("An error given to the logger is a member")
    func error() throws {
        struct Trouble: Error, CustomStringConvertible { let description = "no luck" }
        let log = CapturedLog()
        log.logger().error("failed", error: Trouble())
        #expect(try #require(log.lines.first).contains(#""error":"no luck""#))
    }

    @Test("Metadata can't pass itself off as one of our own members, nor can two become the same")
    func clashes() throws {
        let json = try CapturedLog.json(
            "real",
            ["message": "forged", "level": "x", "time": "x", "metadata.level": "y", "service": "x", "logger": "x"])
        #expect(json["message"] == "real")
        #expect(json["level"] == "info")
        #expect(json["service"] == "sagaflow-test")
        #expect(json["metadata.message"] == "forged")
        #expect(json["metadata.level"] == "x")
        #expect(json["metadata.metadata.level"] == "y")
    }

    @Test(
        "Whatever a text holds, one event stays one line for every reader, and comes back unchanged",
        arguments: [
            "two\nlines", "cr\r\nlf", "tab\t", "nul\u{0}", "\u{1B}[31mred", "quote\" back\\slash", "\u{7F}\u{85}\u{9B}",
            "\u{2028}\u{2029}", "\u{202E}turned\u{2069}", "ünïcödé 🧾 e\u{301}", "\u{C2}\u{A0}", "", "\u{200D}",
        ])
    func escaping(text: String) throws {
        let log = CapturedLog()
        log.logger().info("\(text)", metadata: ["key\(text)": "\(text)", "list": ["\(text)", [text: "\(text)"]]])
        let line = try #require(log.lines.first)
        let body = line.dropLast()
        #expect(
            !body.unicodeScalars.contains {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || (0x2028...0x202E).contains($0.value)
                    || (0x2066...0x2069).contains($0.value)
            })
        // Core refuses U+0000, which is right for payloads; here it only must be escaped.
        guard !text.contains("\u{0}") else {
            #expect(body.contains(#"nul\u0000"#))
            return
        }
        let json = try JSON(parsing: String(body))
        #expect(json["message"] == JSON(text))
        #expect(json["key\(text)"] == JSON(text))
        #expect(json["list"] == [JSON(text), .object([text: JSON(text)])])
    }

    @Test("A long value is cut at a whole character and says how long it was")
    func cutting() throws {
        let text = "x" + String(repeating: "ä", count: 10_000)
        let json = try CapturedLog.json("\(text)", ["value": "\(text)", "short": "s"])
        for key in ["value", "message"] {
            let value = try #require(json[key]?.string)
            #expect(value.hasSuffix("ä…[cut, 20001 bytes]"))
            #expect(value.utf8.count < 8300)
        }
        #expect(json["short"] == "s")
    }

    @Test("A huge or endlessly nested event is still a line of bounded size")
    func bounds() throws {
        var nested: Logger.MetadataValue = "deepest"
        for _ in 0..<2000 { nested = ["n": nested] }
        let list = Logger.MetadataValue.array((0..<100_000).map { "\($0)" })
        let json = try CapturedLog.json("m", ["a": "kept", "list": list, "nested": nested])
        #expect(json["a"] == "kept")
        #expect(json["list"] == nil)
        #expect(json["cut"] == true)
        #expect(try CapturedLog.json("m", ["nested": nested]).text.contains("[too deep]"))
    }

    @Test("Events below the level are not written")
    func level() {
        let log = CapturedLog()
        let logger = log.logger(level: .warning)
        logger.info("quiet")
        logger.warning("loud")
        #expect(log.lines.count == 1)
    }
}
