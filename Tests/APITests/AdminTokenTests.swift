import Testing

@testable import API

@Suite("Admin tokens")
struct AdminTokenTests {
    @Test("each of several tokens is found by its name, and nothing that is nearly one")
    func find() throws {
        let list = (0..<50).map { "admin-\($0):token-number-\($0)-of-fifty" }.joined(separator: ", ")
        let tokens = try #require(AdminToken.parse(list))
        for number in 0..<50 {
            #expect(AdminToken.find("token-number-\(number)-of-fifty", in: tokens)?.name == "admin-\(number)")
        }
        for other in ["", "token-number-1-of-fift", "token-number-1-of-fiftyy", "Token-number-1-of-fifty", "admin-1"] {
            #expect(AdminToken.find(other, in: tokens) == nil, "\(other)")
        }
        #expect(AdminToken.find("token-number-1-of-fifty", in: []) == nil)
    }

    @Test("a token may hold colons")
    func colons() {
        #expect(AdminToken.parse("a:x:y:z:12345").flatMap { AdminToken.find("x:y:z:12345", in: $0) }?.name == "a")
    }

    @Test(
        "a list with a token that is too short, has no name, a name twice, the name client, or one token with two names is refused",
        arguments: [
            "a:1234567", "a:", "a", ":12345678", "12345678", "a:12345678,", ",a:12345678", "a:12345678,a:87654321",
            "a:12345678,b:12345678", "client:12345678", "a b:12345678", "a:1234 5678", "a:12345678\u{e9}",
            "a:\(String(repeating: "x", count: 513))", "\(String(repeating: "x", count: 65)):12345678",
        ])
    func refused(_ list: String) { #expect(AdminToken.parse(list) == nil) }

    @Test("a description never shows a token or its digest")
    func description() throws {
        let token = AdminToken(name: "ann", token: "canary-token")
        #expect(!"\(token)".contains("canary"))
        var text = ""
        dump(token, to: &text)
        #expect(!text.contains("canary"))
    }
}
