import Core
import Testing

@Suite("An answer that is not understood is never taken for another one")
struct AnswerBodyTests {
    private static func call(_ members: String = "") throws -> CallDefinition {
        let action = #"{"participant":"p","path":"/"\#(members)}"#
        let text = #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":\#(action)}]}"#
        return try WorkflowDefinition(JSON(parsing: text)).steps[0].madeCall
    }

    private func judge(
        _ body: [UInt8], _ contentType: String? = "application/json", status: Int = 200, fault: String? = nil,
        asText: Bool = false
    ) throws -> CallResult {
        CallResult(
            .response(status: status, retryAfter: nil, body: body, contentType: contentType, bodyFault: fault),
            of: try Self.call(asText ? #","onUnreadable":"text""# : ""), isAmbiguous: false, duration: .zero)
    }

    private func judge(_ body: String, _ contentType: String? = "application/json") throws -> CallResult {
        try judge(Array(body.utf8), contentType)
    }

    /// What says that it is JSON and isn't, or can't be kept, and what the failure names.
    static let broken: [(String, String)] = [
        (#"{"id":"p-1","score":NaN}"#, "byte 20"), (#"{"id":"p-1","id":"p-2"}"#, "twice"),
        (#"{"a":{"b":"x\u0000y"}}"#, "in /a/b"), (#"{"a":"\ud800"}"#, "surrogate"), (#"{"a":1e999999999}"#, "exponent"),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), "deeper"), (#"{"a":1,}"#, "byte 7"),
        ("not json", "byte 1"), (#"{"a":"#, "too early"), ("{} {}", "follows"), (" ", "too early"),
    ]

    @Test(
        "a success that says JSON and is none may have had its effect; what and where is told, its words are kept",
        arguments: broken, ["application/json", "application/problem+json; x=y", "Text/JSON ; charset=\"UTF-8\""])
    func unreadable(_ row: (body: String, names: String), contentType: String) throws {
        let result = try judge(row.body, contentType)
        #expect(result.outcome == .unknown)
        #expect(result.output == nil)
        #expect(result.httpStatus == 200)
        let failure = try #require(result.failure)
        #expect(failure.kind == "unreadable")
        #expect(failure.message.contains(row.names), "\(failure.message)")
        #expect(!failure.message.contains("at \"\""))
        #expect(failure.response?.string == row.body)
    }

    @Test("a definition may take it for a text; what is none stays not understood", arguments: broken)
    func asText(_ row: (body: String, names: String)) throws {
        let result = try judge(Array(row.body.utf8), asText: true)
        #expect(result.outcome == .succeeded)
        #expect(result.output == .string(row.body))
        for body in [[0x7B, 0xFF, 0x7D], [0x61, 0x00]] as [[UInt8]] {
            #expect(try judge(body, asText: true).failure?.kind == "unreadable")
        }
    }

    @Test(
        "what does not say JSON is a text if it is one, as ever",
        arguments: [nil, "text/plain", "text/html; charset=utf-8", "application/jsonish", ""] as [String?])
    func otherTypes(_ contentType: String?) throws {
        #expect(try judge("{oops", contentType).output == "{oops")
        #expect(try judge(#"{"a":1}"#, contentType).output == ["a": 1])
        #expect(try judge([0xFF], contentType).failure?.kind == "unknown")
    }

    @Test("a byte order mark is skipped", arguments: ["application/json", "application/json; charset=utf-8", nil])
    func byteOrderMark(_ contentType: String?) throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try judge(mark + Array(#"{"id":"p-1"}"#.utf8), contentType).output == ["id": "p-1"])
        let broken = try judge(mark + Array("{,".utf8), "application/json; charset=utf-8")
        #expect(broken.failure?.message.contains("byte 4") == true, "counted from the body's begin")
    }

    /// `{"n":"é€"}` or, where the charset has no €, `{"n":"é"}`.
    @Test(
        "a charset that is declared is honoured",
        arguments: [
            ("application/json; charset=ISO-8859-1", [0x7B, 0x22, 0x6E, 0x22, 0x3A, 0x22, 0xE9, 0x22, 0x7D], "é"),
            // In UTF-8 these bytes would be another text.
            ("application/json; charset=latin1", [0x7B, 0x22, 0x6E, 0x22, 0x3A, 0x22, 0xC3, 0xA9, 0x22, 0x7D], "Ã©"),
        ] as [(String, [UInt8], String)])
    func latin1(contentType: String, body: [UInt8], name: String) throws {
        #expect(try judge(body, contentType).output == ["n": .string(name)])
    }

    @Test("UTF-16 with and without its mark, in both orders, and not if half a character is missing")
    func utf16() throws {
        let units = Array(#"{"n":"é€😀"}"#.utf16)
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let little = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let cases: [(String, [UInt8])] = [
            ("utf-16", big), ("utf-16", little), ("utf-16", [0xFE, 0xFF] + big), ("utf-16", [0xFF, 0xFE] + little),
            ("UTF-16BE", big), ("utf-16le", little), ("\"utf-16le\"", [0xFF, 0xFE] + little),
        ]
        for (charset, body) in cases {
            #expect(try judge(body, "application/json;charset=\(charset)").output == ["n": "é€😀"], "\(charset)")
            let cut = try judge(Array(body.dropLast()), "application/json;charset=\(charset)")
            #expect(cut.failure?.kind == "unreadable")
        }
        let loneSurrogate = try judge([0x00, 0x22, 0xD8, 0x00, 0x00, 0x22], "application/json; charset=utf-16be")
        #expect(loneSurrogate.outcome == .unknown)
    }

    @Test("a success in a content coding is not understood, and not a text either")
    func encoded() throws {
        let result = try judge([], fault: "is in a content coding, which was not asked for", asText: true)
        #expect(result.outcome == .unknown)
        #expect(result.failure?.kind == "unreadable")
        #expect(result.failure?.message.contains("content coding") == true)
    }

    @Test("what refuses does so whatever its body is, and tells as much of it as there is")
    func refusals() throws {
        let whole = try judge(Array("{oops".utf8), status: 422)
        #expect(whole.outcome == .rejected)
        #expect(whole.failure?.kind == "rejected")
        #expect(whole.failure?.response == "{oops")
        // Cut in the middle of a character.
        let cut = try judge(Array("{\"why\":\"é".utf8.dropLast()), status: 404, fault: "exceeds 262144 bytes")
        #expect(cut.outcome == .rejected)
        #expect(cut.failure?.message == "The participant answered 404. Its body exceeds 262144 bytes.")
        #expect(cut.failure?.response?.string?.hasPrefix("{\"why\":\"") == true)
        #expect(try judge([0x61, 0x00], status: 404, fault: "was cut off").failure?.response == nil)
        #expect(try judge([], status: 404, fault: "was cut off").failure?.response == nil)
    }

    @Test("no more than a beginning of an unreadable answer is kept")
    func bounded() throws {
        let long = try judge("{" + String(repeating: "é", count: 10_000))
        #expect(try #require(long.failure?.response?.string).utf8.count <= CallResult.keptBytes + 2)
        let key = try judge(#"{"\#(String(repeating: "k", count: 4000))":[}"#)
        #expect(try #require(key.failure?.message).utf8.count < 400)
    }
}
