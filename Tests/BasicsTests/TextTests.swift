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

    @Test("base64url has one text for each value, and no other is read")
    func base64URL() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ count) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes, "\(text)")
            for other in [text + "=", text + "A", text + " ", " " + text, text + "\n"]
            where other != Base64URL.encode(bytes + [0]) {
                #expect(Base64URL.decode(other).map { Base64URL.encode($0) == other } ?? true, "\(other)")
            }
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8" && Base64URL.decode("AA") == [0])
        for text in ["A", "AAAAA", "AB", "AAB", "-_9", "+/8", "AA=", "AA==", "A A", "ÄA", "AAAA\u{0}"] {
            #expect(Base64URL.decode(text) == nil, "\(text)")
        }
    }

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
