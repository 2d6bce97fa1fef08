import Core
import Testing

@Suite("What a value takes in memory")
struct JSONFootprintTests {
    private static let size = 20_000

    /// `part` again and again, between `open` and `close`; `%` becomes a number, so that keys differ.
    private static func text(_ open: String, _ part: String, _ close: String) -> String {
        var parts: [String] = []
        var count = 0
        while count < size {
            parts.append(part.replacing("%", with: String(parts.count, radix: 36)))
            count += parts.last?.utf8.count ?? 1
        }
        return open + parts.joined(separator: ",") + close
    }

    @Test(
        "is never more than is reckoned from the length of its text, however it is made up",
        arguments: [
            ("numbers", text("[", "1", "]")), ("empty texts", text("[", "\"\"", "]")),
            ("empty lists", text("[", "[]", "]")), ("empty objects", text("[", "{}", "]")),
            ("lists of one", text("[", "[1]", "]")), ("lists in lists", text("[", "[[[1]]]", "]")),
            ("deep lists", text("[", String(repeating: "[", count: 60) + String(repeating: "]", count: 60), "]")),
            ("objects of one", text("[", #"{"a":1}"#, "]")), ("objects without a name", text("[", #"{"":1}"#, "]")),
            ("objects in objects", text("[", #"{"":{"":{"":1}}}"#, "]")),
            ("an object of many", text("{", #""%":1"#, "}")),
            ("many objects of many", text("[{", #""%":1"#, "}]")),
            ("lists of two", text("[", "[1,2]", "]")), ("texts of 16 bytes", text("[", "\"0123456789abcdef\"", "]")),
            ("long texts", text("[", "\"\(String(repeating: "x", count: 500))\"", "]")),
        ])
    func worstCases(_ name: String, _ text: String) throws {
        let footprint = try JSON(parsing: text).footprint
        #expect(footprint <= JSON.mostMemory(ofText: text.utf8.count), "\(name): \(footprint / text.utf8.count) times")
        #expect(footprint >= text.utf8.count / 2, "\(name)")
    }

    @Test("of small objects is thirteen times their text: half of what it is with room to spare")
    func smallObjects() throws {
        let text = Self.text("[", #"{"a":1}"#, "]")
        let times = Double(try JSON(parsing: text).footprint) / Double(text.utf8.count)
        #expect((11.0...14).contains(times), "\(times)")
    }

    @Test("A compact value is the same value, and can be changed")
    func compact() throws {
        let text = Self.text("{", #""%":[1,{"a":2}]"#, "}")
        var value = try JSON(parsing: text)
        #expect(value.text == text)
        value["new"] = 1
        #expect(value.object?.keys.suffix(1) == ["new"] && value["5"]?[1]?["a"] == 2)
    }

    @Test("Short texts are not reckoned with")
    func short() {
        #expect(JSON.mostMemory(ofText: 1024) == 0)
        #expect(JSON.mostMemory(ofText: 1025) == 1025 * JSON.maxFootprint)
    }
}
