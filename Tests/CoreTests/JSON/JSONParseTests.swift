import Core
import Testing

@Suite("Parsing JSON")
struct JSONParseTests {
    @Test("what RFC 8259 allows is accepted and written compactly", arguments: accepted)
    func accepts(_ text: String, _ expected: String) throws {
        #expect(try JSON(parsing: Array(text.utf8)).text == expected)
    }

    @Test("what RFC 8259 does not allow is refused as malformed", arguments: malformed)
    func refuses(_ text: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
        #expect(error?.isSyntax == true, "\(text)")
    }

    @Test("bytes that are not UTF-8 are refused, inside strings and out", arguments: brokenUTF8)
    func refusesBrokenUTF8(_ bytes: [UInt8]) {
        let inString = #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
        #expect(inString?.kind == .invalidUTF8)
        #expect(inString?.isSyntax == true)
        let inLongString = #expect(throws: JSONError.self) {
            try JSON(parsing: Array("[\"0123456789abcdef".utf8) + bytes + Array("0123456789\"]".utf8))
        }
        #expect(inLongString?.kind == .invalidUTF8)
        let outside = #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        #expect(outside?.isSyntax == true)
    }

    @Test(
        "the borders of UTF-8's ranges are accepted",
        arguments: [0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
    func acceptsBorders(_ value: UInt32) throws {
        let text = String(try #require(Unicode.Scalar(value)))
        #expect(try JSON(parsing: "\"\(text)\"") == .string(text))
        #expect(try JSON(parsing: "\"abcdefg\(text)hijklmnop\"") == .string("abcdefg\(text)hijklmnop"))
    }

    @Test(
        "other encodings and byte order marks are refused",
        arguments: [
            [0xEF, 0xBB, 0xBF, 0x31], [0xFE, 0xFF, 0x00, 0x31], [0xFF, 0xFE, 0x31, 0x00], [0x00, 0x31], [0x31, 0x00],
            [0x00, 0x00, 0x00, 0x31],
        ] as [[UInt8]])
    func refusesOtherEncodings(_ bytes: [UInt8]) {
        #expect((#expect(throws: JSONError.self) { try JSON(parsing: bytes) })?.isSyntax == true)
    }

    @Test(
        "what cannot be stored is refused for its content, with its place",
        arguments: [
            (#"{"a":"\u0000"}"#, JSONError.Kind.nullCharacter, 6, "/a"),
            (#"{"a":["x","\uD800"]}"#, .loneSurrogate, 11, "/a/1"),
            (#"["\uDC00"]"#, .loneSurrogate, 2, "/0"),
            (#"["\uD83D\uD83D"]"#, .loneSurrogate, 2, "/0"),
            (#"["\uD83Dx"]"#, .loneSurrogate, 2, "/0"),
            (#"["\uDE00\uD83D"]"#, .loneSurrogate, 2, "/0"),
            (#"{"a":{"\u0000":1}}"#, .nullCharacter, 7, "/a"),
            (#"{"a":1e401}"#, .exponentTooLarge(limit: 400), 5, "/a"),
            (#"[1e18446744073709551617]"#, .exponentTooLarge(limit: 400), 1, "/0"),
            (#"{"a/b":-1E-99999999999999999999}"#, .exponentTooLarge(limit: 400), 7, "/a~1b"),
        ])
    func refusesContent(_ text: String, _ kind: JSONError.Kind, _ offset: Int, _ pointer: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.kind == kind)
        #expect(error?.isSyntax == false)
        #expect(error?.offset == offset)
        #expect(error?.pointer.description == pointer)
    }

    @Test("a key or a number of absurd length is refused for its content")
    func refusesLongTokens() throws {
        let key = String(repeating: "k", count: 4097)
        #expect(
            (#expect(throws: JSONError.self) { try JSON(parsing: "{\"\(key)\":1}") })?.kind == .keyTooLong(limit: 4096))
        #expect(try JSON(parsing: "{\"\(key.dropLast())\":1}")[String(key.dropLast())] == 1)
        let number = String(repeating: "7", count: 1025)
        #expect((#expect(throws: JSONError.self) { try JSON(parsing: number) })?.kind == .numberTooLong(limit: 1024))
        #expect(try JSON(parsing: String(number.dropLast())).text == String(number.dropLast()))
    }

    @Test(
        "duplicate keys are refused, also escaped ones and among thousands",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"":2}"#, #"{"x":{"é":1,"é":1}}"#,
            "{" + (0..<5000).map { "\"k\($0)\":0" }.joined(separator: ",") + ",\"k17\":1}",
        ])
    func refusesDuplicates(_ text: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.kind == .duplicateKey)
        #expect(error?.isSyntax == true)
    }

    @Test("keys that are canonically equivalent but differ in their bytes are two keys")
    func keepsEquivalentKeys() throws {
        let json = try JSON(parsing: "{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(json["\u{e9}"] == 1)
        #expect(json["e\u{301}"] == 2)
        #expect(json.object?.count == 2)
    }

    @Test("64 levels are accepted, the 65th is refused where it begins", arguments: [("[", "]"), ("{\"a\":", "}")])
    func limitsDepth(_ open: String, _ close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(try JSON(parsing: nested(64)).text == nested(64))
        let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(65)) }
        #expect(error?.kind == .tooDeep(limit: 64))
        #expect(error?.isSyntax == true)
        #expect(error?.offset == 64 * open.utf8.count)
    }

    @Test("a depth bomb ends in an error, not in a stack overflow", arguments: ["[", "{\"a\":", "[{\"a\":"])
    func survivesBombs(_ open: String) {
        let bomb = String(repeating: open, count: 100_000)
        #expect((#expect(throws: JSONError.self) { try JSON(parsing: bomb) })?.kind == .tooDeep(limit: 64))
    }

    @Test("a hundred thousand members take time in proportion")
    func parsesLargeObjects() throws {
        let text = "{" + (0..<100_000).map { "\"key-\($0)\":\($0)" }.joined(separator: ",") + "}"
        let clock = ContinuousClock()
        var json = JSON.null
        let elapsed = try clock.measure { json = try JSON(parsing: text) }
        #expect(json["key-99999"] == 99_999)
        #expect(elapsed < .seconds(60))
    }

    @Test("every source of bytes gives the same value")
    func parsesAnySource() throws {
        let text = #"{"a":[1,"x"]}"#
        let expected: JSON = ["a": [1, "x"]]
        let bytes = Array(text.utf8)
        #expect(try JSON(parsing: text) == expected)
        #expect(try JSON(parsing: bytes) == expected)
        #expect(try JSON(parsing: bytes[...]) == expected)
        #expect(try JSON(parsing: text.utf8.reversed().reversed() as [UInt8]) == expected)
        #expect(
            try JSON(parsing: bytes.reversed().reversed() as ReversedCollection<ReversedCollection<[UInt8]>>)
                == expected)
        #expect(try bytes.withUnsafeBytes { try JSON(parsing: $0) } == expected)
    }
}
