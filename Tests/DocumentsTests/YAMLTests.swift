import Core
import Documents
import Testing

/// Why a text is refused; nil when it is not.
private func refusal(of bytes: some Collection<UInt8>) -> YAMLError? {
    do throws(YAMLError) {
        _ = try JSON(yaml: bytes)
        return nil
    } catch {
        return error
    }
}

@Suite("YAML becomes the JSON that it says")
struct YAMLTests {
    private static let values: [(String, String)] = [
        // Null, booleans and what only YAML 1.1 takes for them: core schema, YAML 1.2.2 §10.3.2.
        ("---\n", "null"), ("~", "null"), ("null", "null"), ("Null", "null"), ("NULL", "null"), ("nULL", #""nULL""#),
        ("true", "true"), ("True", "true"), ("FALSE", "false"), ("tRUE", #""tRUE""#),
        ("no", #""no""#), ("on", #""on""#), ("off", #""off""#), ("yes", #""yes""#), ("Y", #""Y""#),
        // Numbers keep their text where JSON would write them so.
        ("0", "0"), ("-0", "-0"), ("12", "12"), ("1.50", "1.50"), ("1e3", "1e3"), ("1E+3", "1E+3"),
        ("-1.0e-2", "-1.0e-2"),
        ("9007199254740993", "9007199254740993"), ("1.000000000000000005", "1.000000000000000005"),
        // And are written as JSON has them where it would not.
        ("+1", "1"), ("007", "7"), ("-007", "-7"), ("00", "0"), (".5", "0.5"), ("-.5", "-0.5"), ("1.", "1.0"),
        ("+.5e1", "0.5e1"), ("1.e3", "1.0e3"), ("0x1F", "31"), ("0xff", "255"), ("0o17", "15"),
        ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
        // Texts that look like numbers to some.
        ("1_000", #""1_000""#), ("12:30:45", #""12:30:45""#), ("0b101", #""0b101""#), ("0x", #""0x""#),
        ("0xG", #""0xG""#),
        ("-0x1F", #""-0x1F""#), ("0o8", #""0o8""#), ("1.0.0", #""1.0.0""#), ("1e", #""1e""#), ("e3", #""e3""#),
        ("+", #""+""#),
        (".", #"".""#), ("-.", #""-.""#), ("1 2", #""1 2""#), ("2025-01-31", #""2025-01-31""#),
        ("2025-01-31T12:00:00Z", #""2025-01-31T12:00:00Z""#), ("10s", #""10s""#), ("١", #""١""#),
        // Quoted, or a block: a text.
        (#""7""#, #""7""#), ("'true'", #""true""#), ("''", #""""#), (#""a\tb\u00e9\x41""#, #""a\tbéA""#),
        ("'it''s'", #""it's""#), ("|\n  7\n", #""7\n""#), (">-\n  a\n  b\n", #""a b""#),
        // Plain texts with what templates need.
        ("${input.orderId}", #""${input.orderId}""#), ("a ${b} c", #""a ${b} c""#), ("a#b", #""a#b""#),
        ("a # b", #""a""#),
        // Collections, in both styles.
        ("[]", "[]"), ("{}", "{}"), ("[1, a, ~]", #"[1,"a",null]"#), ("{a: 1, \"b\": [x]}", #"{"a":1,"b":["x"]}"#),
        ("- 1\n- - 2\n  - 3\n- a: b\n", #"[1,[2,3],{"a":"b"}]"#),
        ("a:\n  b:\n    - c\nd: e\n", #"{"a":{"b":["c"]},"d":"e"}"#),
        ("a:\nb:\n", #"{"a":null,"b":null}"#), ("? a\n: b\n", #"{"a":"b"}"#), ("[a: b]", #"[{"a":"b"}]"#),
        // Keys are their text.
        ("404: x", #"{"404":"x"}"#), ("true: x", #"{"true":"x"}"#), ("~: x", #"{"~":"x"}"#),
        ("'<<': x", #"{"<<":"x"}"#),
        // Around a document.
        ("---\na: b\n...\n", #"{"a":"b"}"#), ("%YAML 1.2\n---\na", #""a""#), ("# only\na # and\n# so on", #""a""#),
        (#"{"a": [1, 2.0, "x", null, true], "b": {"c": "\u00e9\/"}}"#, #"{"a":[1,2.0,"x",null,true],"b":{"c":"é/"}}"#),
    ]

    @Test("Every value is what YAML 1.2's core schema makes of it, and its text is JSON's", arguments: values)
    func value(yaml: String, json: String) throws {
        #expect(try JSON(yaml: yaml.utf8).text == json)
    }

    @Test(
        "Lines may end in any way, and a byte order mark at the beginning is nothing", arguments: ["\n", "\r\n", "\r"])
    func lines(end: String) throws {
        let yaml = "a: 1 # one\nb:\n  - x\n  - |\n    two\n    lines\n".replacing("\n", with: end)
        let json: JSON = ["a": 1, "b": ["x", "two\nlines\n"]]
        #expect(try JSON(yaml: yaml.utf8) == json)
        #expect(try JSON(yaml: [0xEF, 0xBB, 0xBF] + Array(yaml.utf8)) == json)
    }

    @Test("Texts of any script come through byte by byte, and keys are told apart by their bytes")
    func unicode() throws {
        let json = try JSON(yaml: "\"\u{E9}\": 😀\n\"e\u{301}\": \"\\U0001F600 日本\"\n".utf8)
        #expect(json.text == "{\"\u{E9}\":\"😀\",\"e\u{301}\":\"😀 日本\"}")
    }

    @Test("The same content has the same hash, whichever way it was written")
    func canonical() throws {
        let yaml = """
            # a comment
            version: 1.0.0
            name: w
            steps:
              - { id: a, action: { participant: p, path: /x, timeout: 5s } }
            """
        let json =
            #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x","timeout":"5s"}}]}"#
        #expect(try JSON(yaml: yaml.utf8).canonicalBytes == JSON(parsing: json).canonicalBytes)
    }
}

@Suite("What is no plain data is refused, with its place")
struct YAMLRefusalTests {
    private static let refusals: [(String, YAMLError.Kind, Int, Int, String)] = [
        ("a: &x 1", .anchor, 1, 4, "/a"), ("a: [&x {}]", .anchor, 1, 5, "/a/0"), ("&x a: 1", .anchor, 1, 1, ""),
        ("a: 1\nb: *x", .alias, 2, 4, "/b"), ("*x : 1", .alias, 1, 1, ""),
        ("a: !!str 1", .tag, 1, 4, "/a"), ("a: ! 1", .tag, 1, 4, "/a"), ("a: ! 'x'", .tag, 1, 4, "/a"),
        ("a: !", .tag, 1, 4, "/a"), ("! {}", .tag, 1, 1, ""), ("!x {a: 1}", .tag, 1, 1, ""),
        ("!!map {}", .tag, 1, 1, ""),
        ("a:\n  <<: {b: 1}", .mergeKey, 2, 3, "/a"), ("[a, b]: 1", .keyNotScalar, 1, 1, ""),
        ("? {a: 1}\n: 1", .keyNotScalar, 1, 3, ""),
        ("a: 1\nb: 2\na: 3", .duplicateKey, 3, 1, "/a"), ("x:\n- 1: a\n  '1': b", .duplicateKey, 3, 3, "/x/0/1"),
        ("a\n---\nb", .severalDocuments, 2, 1, ""), ("a\n---\n", .severalDocuments, 2, 1, ""),
        ("", .empty, 1, 1, ""), ("# nothing\n", .empty, 2, 1, ""), ("%TAG ! x:\n--- a", .directive, 1, 1, ""),
        ("a: .inf", .notFinite, 1, 4, "/a"), ("a: -.INF", .notFinite, 1, 4, "/a"), ("a: .NaN", .notFinite, 1, 4, "/a"),
        ("a: 0x10000000000000000", .integerTooLarge, 1, 4, "/a"),
        ("a: 1e401", .exponentTooLarge(limit: 400), 1, 4, "/a"),
        ("a: \"x\\0y\"", .nullCharacter, 1, 4, "/a"), ("\"\\0\": 1", .nullCharacter, 1, 1, ""),
        ("a: \u{2028}", .lineSeparator, 1, 4, ""), ("a: 'x\u{85}y'", .lineSeparator, 1, 6, ""),
        ("é: \u{7}", .controlCharacter, 1, 4, ""), ("a: \0", .controlCharacter, 1, 4, ""),
    ]

    @Test("Each kind is named, with line, column and pointer", arguments: refusals)
    func refused(yaml: String, kind: YAMLError.Kind, line: Int, column: Int, pointer: String) {
        let error = refusal(of: yaml.utf8)
        #expect(error?.kind == kind && error?.pointer.description == pointer, "\(String(describing: error))")
        #expect(error?.place == TextPlace(line: line, column: column), "\(String(describing: error))")
    }

    @Test(
        "What is not YAML at all is refused where that is seen, without repeating any of it",
        arguments: [
            ("a: b: canary", 1), ("a: [canary", 2), ("a: 1\n b: canary", 2), ("a: \"canary", 2), ("a: @canary", 1),
            ("\tcanary: 1", 1),
            ("a: 'canary' x", 1), ("{canary", 2), ("]", 1), ("- a\ncanary: b", 2), ("%YAML 1.1\n--- canary", 1),
            ("a: \"\\q canary\"", 1),
            ("a: \"\\ud83d\\ude00 canary\"", 1), ("a: |\n canary\n  b\n c\n d: e\ne", 7), ("%YAML 2.0\n---\ncanary", 1),
        ])
    func malformed(yaml: String, line: Int) throws {
        let error = try #require(refusal(of: yaml.utf8))
        #expect(error.isSyntax && (1...line).contains(error.place.line), "\(error)")
        #expect(!error.description.contains("canary"), "\(error)")
    }

    @Test(
        "Only UTF-8 is read",
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF], 4), ([0xC0, 0xAF], 1), ([0xED, 0xA0, 0x80], 1), ([0xFF, 0xFE, 0x61, 0x00], 1),
            ([0x61, 0x0A, 0xE2, 0x82], 1), ([0xF5, 0x80, 0x80, 0x80], 1),
        ] as [([UInt8], Int)])
    func invalid(bytes: [UInt8], column: Int) {
        let error = refusal(of: bytes)
        #expect(error?.kind == .invalidUTF8 && error?.place.column == column)
    }
}

@Suite("Hostile YAML costs no more than its size")
struct HostileYAMLTests {
    private static let depth = YAMLError.Kind.tooDeep(limit: 64)

    @Test(
        "Nesting is refused at the 65th level, whatever it is made of, however deep it goes on",
        arguments: [
            ("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[{a: ", "}]"),
        ])
    func deep(open: String, close: String) throws {
        let levels = open.count { "[{-?".contains($0) }
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth / levels) + (open == "? " ? "" : "x")
                + String(repeating: close, count: depth / levels)
        }
        for depth in [66, 1000, 100_000] {
            let kind = refusal(of: nested(depth).utf8)?.kind
            #expect(kind == (open == "? " ? .keyNotScalar : Self.depth))
        }
        if open != "? " { _ = try JSON(yaml: nested(64).utf8) }
    }

    @Test("Aliases of aliases make nothing larger: the first anchor is the end")
    func bomb() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<30 {
            yaml += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
        }
        yaml += "? *a29\n: 1\n"
        #expect(refusal(of: yaml.utf8)?.kind == .anchor)
    }

    private static let megabytes: [String: @Sendable () -> String] = [
        "a word": { repeated("x", 1 << 20) }, "words": { repeated("x ", 1 << 19) },
        "lines": { repeated("x\n", 1 << 19) },
        "escapes": { "\"" + repeated("\\u0041", 170_000) + "\"" }, "a block": { "|\n" + repeated(" é\n", 1 << 18) },
        "members": { (0..<60_000).map { "key-\($0): 1\n" }.joined() }, "elements": { repeated("- a\n", 1 << 18) },
        "a flow of elements": { "[" + repeated("a, ", 340_000) + "]" },
        "what comes after": { repeated("[],", 340_000) },
        "a comment": { repeated("#", 1 << 20) }, "blanks": { repeated(" ", 1 << 20) },
        "digits": { repeated("9", 1 << 20) },
        "colons": { repeated("a: ", 340_000) }, "quotes": { repeated("'", 1 << 20) },
        "keys": { repeated("? ", 1 << 19) },
        "equal members": { "{" + repeated("a: {}, ", 140_000) + "}" },
        "empty keys": { "{" + repeated("\"\": ", 200_000) },
        "a tag": { repeated("!", 1 << 20) }, "directives": { repeated("%", 1 << 20) },
        "tabs": { repeated("\t", 1 << 20) },
        "brackets": { repeated("[", 1 << 20) }, "braces": { repeated("{", 1 << 20) },
        "dashes": { repeated("- ", 1 << 19) },
        "a number of hexadecimal digits": { "0x" + repeated("F", 1 << 20) },
    ]

    private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test("A megabyte of anything is read or refused in proportion to its size", arguments: megabytes.keys.sorted())
    func large(of what: String) throws {
        let make = try #require(Self.megabytes[what])
        let yaml = make()
        let begun = ContinuousClock.now
        _ = try? JSON(yaml: yaml.utf8)
        // An unoptimized build takes some hundred milliseconds; what is quadratic takes minutes.
        #expect(ContinuousClock.now - begun < .seconds(20))
    }

    @Test("Limits are those that JSON has")
    func limits() throws {
        let long = String(repeating: "k", count: 4096)
        #expect(try JSON(yaml: "? \(long)\n: 1\n".utf8) == .object([long: 1]))
        #expect(refusal(of: "? \(long)k\n: 1\n".utf8)?.kind == .keyTooLong(limit: 4096))
        let digits = String(repeating: "9", count: 1024)
        #expect(try JSON(yaml: digits.utf8).text == digits)
        #expect(refusal(of: "9\(digits)".utf8)?.kind == .numberTooLong(limit: 1024))
        #expect(throws: YAMLError.self) { try JSON(yaml: "[[1]]".utf8, limits: JSON.Limits(depth: 1)) }
    }
}

@Suite("Places in a text")
struct PlaceTests {
    @Test(
        "A pointer leads to the line of its member, or to the innermost part that is there",
        arguments: [
            ("", 2, 1), ("/name", 2, 1), ("/steps", 3, 1), ("/steps/0", 4, 5), ("/steps/0/action", 5, 5),
            ("/steps/0/action/path", 5, 31), ("/steps/1/id", 7, 5), ("/steps/0/when", 4, 5), ("/version", 2, 1),
            ("/steps/7", 3, 1),
        ])
    func places(pointer: String, line: Int, column: Int) throws {
        let yaml = """
            # é
            name: w
            steps:
              - id: a
                action: { participant: é, path: /x }
              - # the second
                id: b
            """
        let document = try YAMLDocument(yaml.utf8)
        let tokens = pointer.split(separator: "/").map(String.init)
        #expect(document.place(of: JSONPointer(tokens)) == TextPlace(line: line, column: column))
    }

    @Test("JSON has places, too, as it is YAML")
    func json() throws {
        let document = try YAMLDocument("{\n  \"a\": [\n    1,\n    {\"b\": 2}\n  ]\n}".utf8)
        #expect(document.place(of: JSONPointer(["a", "1", "b"])) == TextPlace(line: 4, column: 6))
        #expect(document.json == ["a": [1, ["b": 2]]])
    }
}
