import Testing

@testable import Basics

@Suite("Texts of URLs and headers")
struct TextTests {
    @Test(
        "a segment of a path lets nothing through that could end it",
        arguments: [
            ("abc-._~09AZ", "abc-._~09AZ"), ("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("../x", "..%2Fx"),
            ("a b+c", "a%20b%2Bc"),
            ("é", "%C3%A9"), ("%2F", "%252F"), ("\r\n\u{0}", "%0D%0A%00"), ("😀", "%F0%9F%98%80"), ("", ""),
            ("a:@b;c=d&e", "a%3A%40b%3Bc%3Dd%26e"),
        ])
    func percentEncoding(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.segment(text) == encoded)
    }

    @Test(
        "percent-decoding gives text or nothing",
        arguments: [
            ("a%20b", "a b"), ("%C3%BC", "ü"), ("+", "+"), ("%2f%2F", "//"), ("", ""), ("%", nil), ("%2", nil),
            ("%zz", nil), ("%ff", nil), ("%C0%AF", nil),
        ] as [(String, String?)])
    func percentDecoding(_ text: String, _ decoded: String?) { #expect(PercentEncoding.decode(text[...]) == decoded) }

    @Test(
        "blanks go from the ends only",
        arguments: [(" a b\t", "a b"), ("", ""), (" \t ", ""), ("\na", "\na"), (" é ", "é")])
    func blanks(_ text: String, _ trimmed: String) { #expect(text.trimmingBlanks() == trimmed) }

    @Test("the classes of ASCII hold what their standards say and nothing else")
    func classes() {
        let all = (UInt8.min...UInt8.max)
        func text(_ isMember: (UInt8) -> Bool) -> String { String(decoding: all.filter(isMember), as: UTF8.self) }
        let (upper, lower) = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
        #expect(text(\.isDigit) == "0123456789")
        #expect(text(\.isLetter) == upper + lower)
        #expect(text(\.isLowerAlphanumeric) == "0123456789" + lower)
        #expect(text(\.isTokenCharacter) == "!#$%&'*+-.0123456789" + upper + "^_`" + lower + "|~")
        #expect(text { $0.hexValue != nil } == "0123456789ABCDEFabcdef")
        #expect("0123456789abcdef".utf8.map(\.hexValue) == (0..<16).map { $0 })
        #expect((0..<16).map { UInt8($0).hexDigit } == Array("0123456789abcdef".utf8))
    }
}
