import Core
import Testing

@Suite("The members of an object's text")
struct JSONMembersTests {
    private static let objects = [
        "{}", " { } ", #"{"a":1}"#, #"{"a":"b","c":[1,{"d":"}"}],"e":{"f":"\"]"}}"#, #"{ "a" : null , "b" : true }"#,
        #"{"\"x":"\\","y":"\\\""}"#, #"{"a":-1.5e3,"b":false}"#, "{\"a\"\n:\t[ ]\r\n}",
        #"{"é":"ü\u0041","":{}}"#, #"{"a":[[[["]"]]]],"b":"{"}"#,
    ]

    @Test("are those that a parser sees, each with its value as it is written", arguments: objects)
    func same(_ text: String) throws {
        let parsed = try JSON(parsing: text)
        var members = try #require(JSONMembers(Array(text.utf8)))
        var found: [(JSON, JSON)] = []
        while let (key, value) = members.next() {
            found.append((try JSON(parsing: "\"\(key)\""), try JSON(parsing: Array(value))))
        }
        #expect(found.map { $0.0.string } == parsed.object?.members.map(\.key))
        #expect(found.map { $0.1 } == parsed.object?.members.map(\.value))
    }

    @Test("what is cut off or no object ends, and gives nothing that is not there")
    func broken() {
        for text in Self.objects + ["", "[1]", "1", "\"a\"", "nonsense"] {
            for length in 0...text.utf8.count {
                guard var members = JSONMembers(Array(text.utf8.prefix(length))) else { continue }
                var bytes = 0
                while let (key, value) = members.next() { bytes += key.utf8.count + value.count }
                #expect(bytes <= length)
            }
        }
        #expect(JSONMembers([UInt8]("[]".utf8)) == nil)
    }
}
