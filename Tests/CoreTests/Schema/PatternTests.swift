@testable import Core
import Testing

@Suite("Regular expressions of schemas")
struct PatternTests {
    private struct Row: Sendable, CustomTestStringConvertible {
        let pattern: String
        let matching: [String]
        let others: [String]
        var testDescription: String { pattern }

        init(_ pattern: String, _ matching: [String], not others: [String] = []) {
            (self.pattern, self.matching, self.others) = (pattern, matching, others)
        }
    }

    private static let rows: [Row] = [
        Row("", ["", "a"]), Row("b", ["b", "abc"], not: ["", "a"]), Row("^b", ["b", "bc"], not: ["ab"]),
        Row("b$", ["ab"], not: ["b\n", "bc"]), Row("^$", [""], not: ["\n", "a"]),
        Row("^(a|bc|)$", ["a", "bc", ""], not: ["b", "abc"]), Row("^a|b$", ["ax", "xb"], not: ["xax"]),
        Row("^(?:a|b)+?c$", ["ac", "abac"], not: ["c", "abd"]), Row("^(?<year>[0-9]{4})$", ["2026"], not: ["26"]),
        Row("^a{2}$", ["aa"], not: ["a", "aaa"]), Row("^a{2,}$", ["aa", "aaaaa"], not: ["a"]),
        Row("^a{1,3}$", ["a", "aaa"], not: ["", "aaaa"]), Row("^a{0}b$", ["b"], not: ["ab"]),
        Row("^(a*)*$", ["", "aaaa"], not: ["b"]), Row("^(a|b?)*c$", ["c", "abbac"], not: ["d"]),
        Row("^(ab?){2,3}$", ["aa", "abab", "aaba"], not: ["a", "abb"]),
        Row("^.$", ["a", "😀", "é"], not: ["\n", "\u{2028}", "ab", ""]),
        Row("^[a-cx]$", ["a", "c", "x"], not: ["d", "-"]), Row("^[^a-c]$", ["d", "\n"], not: ["a", ""]),
        Row("^[-a]$", ["-", "a"]), Row("^[a-]$", ["-", "a"]), Row("^[]$", [], not: ["", "a"]),
        Row("^[^]$", ["a", "\n"]),
        Row("^[\\w.-]+$", ["a.b-c_9"], not: ["a b"]), Row("^[\\D]$", ["a", "é"], not: ["1"]),
        Row("^[\\d\\s]+$", ["1 2\u{A0}"], not: ["a"]), Row("^[^\\W]$", ["a"], not: ["-"]),
        Row("^[\\b]$", ["\u{8}"], not: ["b"]), Row("^[\\]\\\\^]+$", ["]\\^"]),
        Row("^\\S\\W$", ["a-"], not: [" -", "aa"]),
        Row("\\bcat\\b", ["a cat.", "cat"], not: ["cats", "éccat"]), Row("\\Bat\\B", ["cats"], not: ["cat", "at"]),
        Row("^\\u0041\\x42\\u{43}\\cJ\\t\\0$", ["ABC\n\t\0"]), Row("^\\ud83d\\ude00$", ["😀"]),
        Row("^\\u{1F600}$", ["😀"]),
        Row("^[\\u{1F600}-\\u{1F64F}]$", ["😀"], not: ["a"]), Row("^😀{2}$", ["😀😀"], not: ["😀"]),
        Row("^\\p{L}+$", ["aéж漢"], not: ["a1"]), Row("^\\P{L}$", ["1"], not: ["a"]),
        Row("^[\\p{Lu}\\p{Nd}_]+$", ["AÉ٣_"], not: ["a"]), Row("^\\p{gc=Decimal_Number}$", ["٣"], not: ["Ⅷ"]),
        Row("^\\p{Alphabetic}\\p{Uppercase}\\p{ASCII}$", ["aBc"], not: ["1Bc", "abc", "aBé"]),
        Row("^[\\P{ASCII}]$", ["é"], not: ["a"]), Row("^[^\\p{L}]$", ["1"], not: ["é"]),
        // Signs may be escaped, though only some need be.
        Row("^\\-\\/\\@\\.\\_\\\"$", ["-/@._\""]), Row("^a\\.b$", ["a.b"], not: ["axb"]),
        // Scalars, as texts are measured: a letter and its accent are two.
        Row("^..$", ["e\u{301}"], not: ["é"]), Row("^e\u{301}$", ["e\u{301}"], not: ["\u{E9}"]),
    ]

    private func matches(_ pattern: Pattern, _ text: String) throws -> Bool {
        var left = 1_000_000
        return try pattern.matches(text, left: &left)
    }

    @Test("what matches is found, and nothing else", arguments: rows)
    private func matching(_ row: Row) throws {
        let pattern = try Pattern(row.pattern)
        for text in row.matching { #expect(try matches(pattern, text), "\(text.debugDescription)") }
        for text in row.others { #expect(try !matches(pattern, text), "\(text.debugDescription)") }
    }

    @Test(
        "what is not supported or malformed is refused for what it is",
        arguments: [
            ("(?=a)", PatternError.Kind.lookaround, 2), ("(?!a)", .lookaround, 2), ("(?<=a)b", .lookaround, 3),
            ("(?<!a)b", .lookaround, 3), ("(a)\\1", .backReference, 4), ("(?<n>a)\\k<n>", .backReference, 8),
            ("(?i:a)", .unknownGroup, 2), ("(?<1>a)", .unknownGroup, 3), ("a)", .strayBracket(")"), 1),
            ("(a", .endsEarly, 2),
            ("[a", .endsEarly, 2), ("a\\", .endsEarly, 2), ("*a", .nothingToRepeat, 0), ("a**", .nothingToRepeat, 2),
            ("^*", .nothingToRepeat, 0), ("a{2}{3}", .nothingToRepeat, 4), ("a{3,2}", .badRepetition, 1),
            ("a{,2}", .strayBracket("{"), 1), ("a{2", .strayBracket("{"), 1), ("{2}", .nothingToRepeat, 0),
            ("a]", .strayBracket("]"), 1), ("a}", .strayBracket("}"), 1), ("\\a", .unknownEscape, 1),
            ("\\é", .unknownEscape, 1), ("\\01", .unknownEscape, 1), ("\\u12", .endsEarly, 4),
            ("\\u12g4", .unknownEscape, 2), ("\\ud800", .unknownEscape, 2), ("\\u{110000}", .unknownEscape, 2),
            ("\\u{}", .unknownEscape, 2), ("[z-a]", .badRange, 1), ("[\\d-z]", .badRange, 1),
            ("\\p{Script=Latin}", .unknownProperty, 1), ("\\p{Nope}", .unknownProperty, 1),
            ("\\pL", .unknownProperty, 1),
            ("a{5000}", .tooLarge(limit: 5000), 0), ("((a{99}){99}){99}", .tooLarge(limit: 5000), 0),
            ("(((a{999999999999}){999999999999}){999999999999}){999999999999}", .tooLarge(limit: 5000), 0),
            ("(?:){999999999}", .tooLarge(limit: 5000), 0),
            (String(repeating: "(", count: 40), .tooDeep(limit: 32), 33),
        ])
    func refused(_ text: String, _ kind: PatternError.Kind, _ offset: Int) {
        let error = #expect(throws: PatternError.self) { try Pattern(text) }
        #expect(error?.kind == kind)
        if kind != .lookaround || offset > 0 { #expect(error?.offset == offset, "\(error?.message ?? "")") }
    }

    /// Expressions that take engines that go back a time exponential in the text's length.
    @Test(
        "no text makes matching take longer than its length and the expression's allow",
        arguments: [
            "^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*a){12}$", "(x+x+)+y", "^((a?){20}a{20})+$", "([a-z]+)*=",
            "^(a*)*b$",
        ])
    func linear(_ text: String) throws {
        let pattern = try Pattern(text)
        func cost(_ length: Int) throws -> Int {
            var left = Int.max
            #expect(try !pattern.matches(String(repeating: "a", count: length) + "!", left: &left))
            return Int.max - left
        }
        let (short, long) = (try cost(1000), try cost(10_000))
        #expect(long < short * 11, "\(short) and \(long)")
        #expect(long < 10_002 * (pattern.size + 1) * 2 * 8)
        // What it costs is what is charged: with less it is given up.
        var left = long / 2
        #expect(throws: SchemaGivenUp.tooCostly) {
            try pattern.matches(String(repeating: "a", count: 10_000) + "!", left: &left)
        }
    }
}
