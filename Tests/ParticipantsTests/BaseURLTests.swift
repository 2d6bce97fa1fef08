import Participants
import Testing

@Suite("Base URLs: what could lead a call astray is refused with a sentence", .timeLimit(.minutes(2)))
struct BaseURLTests {
    @Test(
        "accepted, in one form",
        arguments: [
            ("http://payments:3001", "http://payments:3001", ""),
            ("HTTP://Payments.Example:80/", "http://payments.example", ""),
            ("https://a.example:443/v1/", "https://a.example", "/v1"),
            ("https://a.example:80", "https://a.example:80", ""),
            ("http://127.0.0.1:65535/a/b", "http://127.0.0.1:65535", "/a/b"),
            ("http://[::1]:3001", "http://[::1]:3001", ""),
            ("http://[2001:DB8::1]", "http://[2001:db8::1]", ""), ("http://a_b-c.d", "http://a_b-c.d", ""),
            ("http://a/p%20q", "http://a", "/p%20q"),
            ("http://a/a%2Fb/..c/%2e.d", "http://a", "/a%2Fb/..c/%2e.d"), ("http://a:", "http://a", ""),
        ])
    func accepted(_ text: String, _ origin: String, _ prefix: String) throws {
        let url = try BaseURL(parsing: text)
        #expect(url.origin.description == origin)
        #expect(url.pathPrefix == prefix)
        #expect(try BaseURL(parsing: url.description) == url)
    }

    @Test(
        "refused",
        arguments: [
            "", "payments", "payments:3001", "//payments", "ftp://a", "file:///etc/passwd", "http:/a", "http:a",
            "http://",
            "http:///path", "http://:80", "http://user@a", "http://user:secret@a", "http://a?x=1", "http://a/#f",
            "http://a:0",
            "http://a:65536", "http://a:-1", "http://a:8x", "http://a:123456", "http://a b", "http://a\r\nX: 1",
            "http://a\u{0}",
            "http://ä", "http://a..b", "http://.a", "http://a.", "http://-a", "http://a-", "http://a/%", "http://a/%2",
            "http://a/b/../c", "http://a/./b", "http://a/%2e%2e/b",
            "http://a/%2E%2e", "http://a/.%2e/", "http://a/b/%2e", "http://a/x%2F..%2Fb", "http://a/x%5c%2e%2e",
            "http://[::1", "http://[::1]x", "http://[1.2.3.4]",
            "http://[fe80::1%25eth0]",
            "http://[zz::1]", "http://a\\b", "http://a/<b>", "http://" + String(repeating: "a", count: 64),
            "http://" + String(repeating: "a.", count: 130) + "b", "http://a/" + String(repeating: "x", count: 3000),
            " http://a",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: ParticipantsError.self) { try BaseURL(parsing: text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test("a path prefix stands before the call's path")
    func prefix() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                var call = call(server.port, path: "/charge?dry=1")
                call.baseURL = try BaseURL(parsing: "http://127.0.0.1:\(server.port)/v1/")
                #expect(await client.send(call).ending == .response(200))
                #expect(server.requests.first?.requestLine == "POST /v1/charge?dry=1 HTTP/1.1")
            }
        }
    }

    @Test(
        "a location is followed below the base only",
        arguments: [
            ("/v1/things/7", "/things/7"), ("/v1/things/7?x=1&y=/", "/things/7?x=1&y=/"), ("/v1/", "/"),
            ("https://a.example/v1/t", "/t"), ("HTTPS://A.example:443/v1/t", "/t"), ("/v1/a%20b", "/a%20b"),
            ("/v1", nil), ("/v2/t", nil), ("/v10/t", nil), ("things/7", nil), ("", nil), ("//b.example/v1/t", nil),
            ("http://a.example/v1/t", nil), ("https://b.example/v1/t", nil), ("https://a.example:444/v1/t", nil),
            ("https://u@a.example/v1/t", nil), ("https://a.example", nil), ("/v1/../v2", nil), ("/v1/%2e%2e/x", nil),
            ("/v1/t#f", nil), ("/v1/a b", nil), ("/v1/\r\nx: y", nil), ("https:/v1/t", nil), ("/v1//t", "//t"),
            ("https://a.example?/v1/t", nil), ("/v1/x%2F..%2Fb", nil), ("/v1/%zz", nil),
        ] as [(String, String?)])
    func locations(_ location: String, _ path: String?) throws {
        let base = try BaseURL(parsing: "https://a.example/v1")
        #expect(base.path(ofLocation: location) == path)
        if let path {
            #expect(try BaseURL(parsing: "https://a.example").path(ofLocation: path) == path || path.hasPrefix("//"))
        }
    }
}
