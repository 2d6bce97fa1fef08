import Testing

@testable import Participants

/// What a parser made of some bytes.
private enum Reading: Equatable {
    case complete(status: Int, body: String, consumed: Int, reuse: Bool)
    case cutOff
    case failed(ParseFault)
}

@Suite("The parser reads what a hostile server sends, the same however it is cut into packets", .timeLimit(.minutes(2)))
struct ResponseParserTests {
    private static let limits = ResponseParser.Limits(
        headBytes: 400, headerCount: 10, informationalAnswers: 2, bodyBytes: 64)

    /// Feeds the bytes in pieces of the given size, then the end of the connection.
    private func read(_ bytes: [UInt8], pieces: Int, expectsBody: Bool = true) -> Reading {
        var parser = ResponseParser(limits: Self.limits)
        parser.begin(expectsBody: expectsBody)
        var at = 0
        do {
            while at < bytes.count {
                let piece = Array(bytes[at..<min(at + pieces, bytes.count)])
                if let consumed = try parser.feed(piece.span) { return reading(&parser, consumed: at + consumed) }
                at += piece.count
            }
        } catch {
            return .failed(error)
        }
        return parser.endOfInput() ? reading(&parser, consumed: at) : .cutOff
    }

    private func reading(_ parser: inout ResponseParser, consumed: Int) -> Reading {
        let reuse = parser.mayReuseConnection
        return .complete(
            status: parser.head.status, body: String(decoding: parser.takeBody(), as: UTF8.self), consumed: consumed,
            reuse: reuse)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        /// Nil: malformed or cut off.
        var status: Int?
        var body = ""
        var reuse = true
        /// Bytes at the end that do not belong to the answer.
        var leftover = 0
        var expectsBody = true

        var testDescription: String { text.debugDescription }
    }

    static let validCases: [Case] = [
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", status: 200, body: "{}"),
        Case(text: "HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", status: 200),
        Case(text: "HTTP/1.1 200 \r\ncontent-length: 0 \t\r\n\r\n", status: 200),
        Case(text: "HTTP/1.1 999 Odd \u{e9}\ncontent-length: 1\n\nx", status: 999, body: "x"),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", status: 200, body: "{}"),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1", status: 200, body: "{}", leftover: 8),
        Case(text: "HTTP/1.1 200 OK\r\n\r\nto the end", status: 200, body: "to the end", reuse: false),
        Case(text: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x", reuse: false),
        Case(text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x"),
        Case(
            text: "HTTP/1.1 200 OK\r\nConnection: x , Close\r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x",
            reuse: false),
        Case(text: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204),
        Case(text: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", status: 304),
        Case(text: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", status: 200, expectsBody: false),
        Case(
            text:
                "HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
            status: 200, body: "x"),
        Case(
            text:
                "HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A ;q=1\r\n0123456789\r\n00\r\n\r\n",
            status: 200, body: "abc0123456789"),
        Case(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: 1\r\nSum: 2\r\n\r\nz",
            status: 200,
            body: "x", leftover: 1),
        Case(text: "HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Text: \u{e4}\t!\r\nContent-Length: 0\r\n\r\n", status: 200),
    ]

    @Test("valid answers, cut at every size of packet", arguments: validCases)
    func valid(_ given: Case) throws {
        let bytes = Array(given.text.utf8)
        let status = try #require(given.status)
        for pieces in 1...bytes.count {
            let reading = read(bytes, pieces: pieces, expectsBody: given.expectsBody)
            #expect(
                reading
                    == .complete(
                        status: status, body: given.body, consumed: bytes.count - given.leftover, reuse: given.reuse))
        }
    }

    static let invalidCases: [String] = [
        "HTTP/1.1\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : x\r\n\r\n", "HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: x\u{0}y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: x\ry\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000f\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n", String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3),
        "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 11),
        "HTTP/1.1 200 " + String(repeating: "x", count: 500),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 300),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "A: b\r\n", count: 20),
    ]

    @Test("malformed answers, cut at every size of packet", arguments: invalidCases)
    func invalid(_ text: String) {
        let bytes = Array(text.utf8)
        for pieces in 1...bytes.count {
            guard case .failed(.malformed) = read(bytes, pieces: pieces) else {
                Issue.record("accepted in pieces of \(pieces): \(read(bytes, pieces: pieces))")
                return
            }
        }
    }

    @Test(
        "bodies over the limit are refused by length, by chunks and by bytes",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + String(repeating: "x", count: 64)
                + "\r\n1\r\n",
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 65),
        ])
    func tooLarge(_ text: String) {
        let bytes = Array(text.utf8)
        for pieces in 1...bytes.count { #expect(read(bytes, pieces: pieces) == .failed(.tooLarge)) }
        let limit = Array("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n".utf8) + Array(repeating: 0x78, count: 64)
        #expect(read(limit, pieces: 1) != .failed(.tooLarge))
    }

    @Test("every answer cut off before its end is cut off, or ends with the connection where that is its end")
    func cutOff() {
        for given in Self.validCases where given.reuse {
            let bytes = Array(given.text.utf8)
            for end in 0..<(bytes.count - given.leftover) {
                #expect(read(Array(bytes[..<end]), pieces: 7, expectsBody: given.expectsBody) == .cutOff)
            }
        }
    }

    @Test("bytes changed at random never crash it, nor make it depend on how they are cut", arguments: 0..<4)
    func fuzz(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<700 {
            var bytes = Array(Self.validCases[Int(random.next() % UInt64(Self.validCases.count))].text.utf8)
            for _ in 0...(random.next() % 4) {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
                default: if bytes.count > 1 { bytes.remove(at: at) }
                }
            }
            let whole = read(bytes, pieces: bytes.count)
            #expect(read(bytes, pieces: 1) == whole, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            #expect(read(bytes, pieces: 5) == whole, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }
}

/// A seeded generator, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
