import Basics
import Core
import HTTPTypes
import Testing

@testable import API

@Suite("Small things that are read from requests")
struct ValueTests {
    @Test("Base 64 goes there and back", arguments: [0, 1, 2, 3, 19, 20, 21])
    func base64(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 97 + 250) }
        #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }

    @Test("Base 64 that encodes nothing we wrote is refused", arguments: ["A", "A=", "AB", "+/", "AAA\n", "ÄÄ"])
    func badBase64(text: String) { #expect(Base64URL.decode(text) == nil) }

    @Test("A cursor that was changed in any character is refused")
    func cursor() throws {
        let cursor = Cursor(after: RunID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001))
        #expect(Cursor(cursor.text)?.last == cursor.last)
        for position in cursor.text.indices {
            var text = cursor.text
            text.replaceSubrange(position...position, with: text[position] == "A" ? "B" : "A")
            #expect(Cursor(text) == nil)
        }
        #expect(Cursor("") == nil)
        #expect(Cursor(cursor.text + "A") == nil)
    }

    @Test(
        "Prefer by the standard",
        arguments: [
            (["wait=5"], 5), (["respond-async, wait=10"], 10), (["Wait = 3"], 3), (["wait=7; x=y"], 7),
            (["a", "wait=2"], 2),
            (["wait=600"], 60), (["wait=0"], 0), (["wait=-1"], nil), (["wait=x"], nil), (["wait"], nil), ([], nil),
            ([#"wait="5""#], 5), ([#"x="a, wait=9", wait="1\2""#], 12), ([#"wait="""#], nil), (["wait=+5"], nil),
            (["x; wait=4"], nil),
        ] as [([String], Int?)])
    func preference(values: [String], seconds: Int?) { #expect(Preference.wait(values) == seconds) }

    @Test(
        "A stream is only given to whom it is welcome",
        arguments: [
            (nil, false), ("text/event-stream", true), ("Text/Event-Stream; q=0.1", true), ("*/*", false),
            ("text/event-stream;q=0", false), ("text/event-stream; q=0.000, application/json", false),
            ("application/json, text/event-stream", true), ("application/json, text/event-stream;q=0.5", false),
            ("application/json;q=0.5, text/event-stream", true), (#"x/y;a=",text/event-stream,""#, false),
        ] as [(String?, Bool)])
    func accept(header: String?, isStream: Bool) {
        #expect(AcceptHeader(header).prefers("text/event-stream", over: "application/json") == isStream)
    }

    @Test("Nobody takes all of what there is for all, and what was taken is given back")
    func shares() {
        let shares = Shares(total: 10, perClient: 4)
        var held = [shares.take(3, for: "a"), shares.take(1, for: "a")]
        #expect(!held.contains { $0 == nil })
        #expect(shares.take(1, for: "a") == nil)
        held.append(shares.take(4, for: "b"))
        #expect(shares.take(3, for: "c") == nil && shares.taken == 8)
        held.removeFirst()
        held.append(shares.take(3, for: "a"))
        #expect(shares.taken == 8 && shares.refused == 2)
        held = []
        #expect(shares.taken == 0)
        let large = shares.take(50, for: "a")
        #expect(large != nil, "what would never fit goes alone")
        #expect(shares.take(1, for: "b") == nil)
    }

    @Test(
        "Percent-decoding gives text or nothing",
        arguments: [
            ("a%20b", "a b"), ("%C3%BC", "ü"), ("+", "+"), ("%2f", "/"), ("", ""), ("%", nil), ("%2", nil),
            ("%zz", nil),
            ("%00", nil), ("%ff", nil), ("%C0%AF", nil),
        ] as [(String, String?)])
    func percent(text: String, decoded: String?) { #expect(decodedText(text[...]) == decoded) }

    @Test("Tokens are found whole or not at all")
    func tokens() throws {
        let tokens = try #require(AdminToken.parse("a:token-one,b: token-two"))
        #expect(AdminToken.find("token-one", in: tokens)?.name == "a")
        #expect(AdminToken.find("token-two", in: tokens)?.name == "b")
        for text in ["", "token-on", "token-one ", "Token-one", "a:token-one"] {
            #expect(AdminToken.find(text, in: tokens) == nil)
        }
    }

    @Test(
        "A list of tokens that is none is refused",
        arguments: ["a", "a:", "a:short", ":token-one", "a:token-one,", "a:token-one,a:token-two", "a:tokenünfug"])
    func badTokens(list: String) { #expect(AdminToken.parse(list) == nil) }

    @Test("Every kind of problem has its own type, and a status that fits")
    func problems() {
        #expect(Set(ProblemKind.allCases.map(\.type)).count == ProblemKind.allCases.count)
        #expect(ProblemKind.allCases.allSatisfy { (400..<600).contains($0.status.code) })
    }

    @Test("404 and 405 are told apart by the path alone")
    func table() {
        let table = RouteTable([
            Route(.get, "/a/:x", needs: nil) { _, _ in throw CancellationError() },
            Route(.put, "/a/:x", needs: nil) { _, _ in throw CancellationError() },
            Route(.post, "/a/b", needs: nil) { _, _ in throw CancellationError() },
            Route(.post, "/a/b/c", needs: nil) { _, _ in throw CancellationError() },
        ])
        #expect(table.allowed("/a/1") == "GET, HEAD, PUT")
        #expect(table.allowed("/a/b") == "POST")
        #expect(table.allowed("/a/b/c") == "POST")
        #expect(table.allowed("/a") == nil)
        #expect(table.allowed("/a/1/c") == nil)
    }
}
