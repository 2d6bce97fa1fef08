import NIOCore
import Participants
import Testing

/// One way to misbehave and what the call must end in.
struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let acts: [Act]
    let ending: Ending
    var timeout = Duration.seconds(30)
    /// What is wrong with the body of an answer.
    var fault: String?

    var testDescription: String { name }

    static let all: [Fault] = answers + cuts + garbage + slow + refusals

    /// An answer that is none of success, with a body that can't be had.
    static let refusals: [Fault] = [
        Fault(
            name: "404 with 10 MB by length",
            acts: [.send(answer("404 Not Found", body: String(repeating: "x", count: 10_000_000)))],
            ending: .response(404), fault: "exceeds 262144 bytes"),
        Fault(
            name: "429 with endless chunks",
            acts: [
                .send("HTTP/1.1 429 Later\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .endless("4\r\naaaa\r\n"),
            ], ending: .response(429), fault: "exceeds 262144 bytes"),
        Fault(
            name: "422 with one chunk that is too long",
            acts: [
                .send("HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n"), .endless("0123456789"),
            ], ending: .response(422), fault: "exceeds 262144 bytes"),
        Fault(
            name: "302 with an endless body", acts: [.send("HTTP/1.1 302 Found\r\n\r\n"), .endless("0123456789")],
            ending: .response(302), fault: "exceeds 262144 bytes"),
        Fault(
            name: "404 closed in the body",
            acts: [.send("HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nwhy"), .close],
            ending: .response(404), fault: "was cut off"),
        Fault(
            name: "404 reset in a body that would end with the connection",
            acts: [.send("HTTP/1.1 404 Not Found\r\n\r\nwhy"), .reset], ending: .response(404), fault: "was cut off"),
        Fault(
            name: "500 with a chunk that is malformed",
            acts: [.send("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")],
            ending: .response(500), fault: "is malformed"),
        Fault(
            name: "409 whose body takes too long",
            acts: [
                .send("HTTP/1.1 409 Conflict\r\nContent-Length: 99\r\n\r\n"),
                .drip("0123456789", every: .milliseconds(50)),
            ], ending: .response(409), timeout: .seconds(2), fault: "was not complete before the deadline"),
        Fault(
            name: "404 in a content coding",
            acts: [.send(answer("404 Not Found", ["Content-Encoding: gzip"], body: "\u{1f}\u{8b}x"))],
            ending: .response(404), fault: "is in a content coding, which was not asked for"),
        Fault(
            name: "404 closed in the head", acts: [.send("HTTP/1.1 404 Not Found\r\nContent-"), .close],
            ending: .unknown(.connectionClosed)),
        Fault(
            name: "404 whose head contradicts itself",
            acts: [.send("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n")],
            ending: .unknown(.malformedResponse)),
    ]

    static let answers = [
        Fault(name: "plain answer", acts: [.send(answer())], ending: .response(200)),
        Fault(
            name: "redirect", acts: [.send(answer("302 Found", ["Location: http://127.0.0.1:1/"]))],
            ending: .response(302)),
        Fault(name: "204 without length", acts: [.send("HTTP/1.1 204 No Content\r\n\r\n")], ending: .response(204)),
        Fault(
            name: "304 with the length of what it does not send",
            acts: [.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")], ending: .response(304)),
        Fault(name: "500", acts: [.send(answer("500 Internal Server Error"))], ending: .response(500)),
        Fault(
            name: "early hints before the answer",
            acts: [.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + answer())],
            ending: .response(200)),
        Fault(
            name: "HTTP/1.0 body that ends with the connection", acts: [.send("HTTP/1.0 200 OK\r\n\r\n{}"), .close],
            ending: .response(200)),
        Fault(
            name: "chunks and trailers",
            acts: [
                .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .send("1\r\n{\r\n"),
                .send("1;x=y\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n"),
            ], ending: .response(200)),
    ]

    static let cuts = [
        Fault(name: "closed without an answer", acts: [.close], ending: .unknown(.connectionClosed)),
        Fault(name: "reset without an answer", acts: [.reset], ending: .unknown(.connectionClosed)),
        Fault(
            name: "closed in the head", acts: [.send("HTTP/1.1 200 OK\r\nContent-"), .close],
            ending: .unknown(.connectionClosed)),
        Fault(
            name: "closed in the body", acts: [.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"a\""), .close],
            ending: .unknown(.connectionClosed)),
        Fault(
            name: "closed between chunks",
            acts: [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"), .close],
            ending: .unknown(.connectionClosed)),
        Fault(
            name: "reset in the body", acts: [.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"a\""), .reset],
            ending: .unknown(.connectionClosed)),
        Fault(
            name: "reset in a body that would end with the connection",
            acts: [.send("HTTP/1.1 200 OK\r\n\r\n{"), .reset],
            ending: .unknown(.connectionClosed)),
    ]

    static let garbage = [
        Fault(name: "another protocol", acts: [.send("SSH-2.0-OpenSSH_9.2\r\n")], ending: .unknown(.malformedResponse)),
        Fault(name: "HTTP/2", acts: [.send("HTTP/2 200\r\n\r\n")], ending: .unknown(.malformedResponse)),
        Fault(
            name: "status that is no number", acts: [.send("HTTP/1.1 2OO OK\r\n\r\n")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "chunk size that is no number",
            acts: [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "two lengths", acts: [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "protocol switched unasked", acts: [.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "header flood", acts: [.send("HTTP/1.1 200 OK\r\n"), .endless("X-Flood: 0123456789\r\n")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "one endless header", acts: [.send("HTTP/1.1 200 OK\r\nX-Flood: "), .endless("0123456789")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "endless informational answers", acts: [.endless("HTTP/1.1 102 Processing\r\n\r\n")],
            ending: .unknown(.malformedResponse)),
        Fault(
            name: "endless trailers",
            acts: [
                .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
                .endless("X-Flood: 0123456789\r\n"),
            ], ending: .unknown(.malformedResponse)),
        Fault(
            name: "10 MB by length", acts: [.send(answer(body: String(repeating: "x", count: 10_000_000)))],
            ending: .unknown(.responseTooLarge)),
        Fault(
            name: "endless chunks",
            acts: [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .endless("4\r\naaaa\r\n")],
            ending: .unknown(.responseTooLarge)),
        Fault(
            name: "endless body", acts: [.send("HTTP/1.1 200 OK\r\n\r\n"), .endless("0123456789")],
            ending: .unknown(.responseTooLarge)),
    ]

    static let slow = [
        Fault(name: "no answer at all", acts: [], ending: .unknown(.timeout), timeout: .milliseconds(150)),
        Fault(
            name: "a head byte by byte", acts: [.drip(answer(), every: .milliseconds(20))], ending: .unknown(.timeout),
            timeout: .milliseconds(300)),
        Fault(
            name: "a body byte by byte",
            acts: [
                .send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), .drip("0123456789", every: .milliseconds(50)),
            ],
            ending: .unknown(.timeout), timeout: .milliseconds(300)),
    ]
}

@Suite("A participant that misbehaves costs its call, never the client", .timeLimit(.minutes(2)))
struct FaultTests {
    /// Ends as it must, within the deadline, leaves no connection behind that can't be used, and the next call works.
    @Test("ends in the right result and leaves a client that works", arguments: Fault.all)
    func fault(_ fault: Fault) async throws {
        let script: FaultyServer.Script = { $0.number == 1 ? fault.acts : [.send(answer(body: "well"))] }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                // The connection is made beforehand, so that a short deadline is about the fault alone.
                #expect(await client.send(call(server.port)).body == Array("well".utf8))
                let clock = ContinuousClock()
                var result: TransportResult?
                let took = await clock.measure { result = await client.send(call(server.port, timeout: fault.timeout)) }
                #expect(result?.ending == fault.ending, "\(result?.message ?? "")")
                #expect(result?.bodyFault == fault.fault)
                #expect((result?.body?.count ?? 0) <= 4096)
                #expect(took < fault.timeout + .seconds(10))
                let next = await client.send(call(server.port))
                #expect(next.body == Array("well".utf8), "\(next)")
                #expect(server.requests.count == 3, "a call was repeated")
                if case .unknown = fault.ending { #expect(server.accepted == 2, "a broken connection was used again") }
                if fault.fault?.contains("coding") == false { #expect(server.accepted == 2) }
            }
        }
    }

    @Test("bytes that are not UTF-8 arrive untouched")
    func rawBytes() async throws {
        let bytes: [UInt8] = [0xFF, 0xC0, 0x80, 0x00, 0x0D, 0x0A, 0xED, 0xA0, 0x80]
        let script: FaultyServer.Script = { _ in
            [
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=x\r\nContent-Length: 9\r\n\r\n"),
                .sendBytes(bytes),
            ]
        }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                let result = await client.send(call(server.port))
                #expect(result.body == bytes)
                guard case .response(_, _, let contentType, _, _, _) = result else { return }
                #expect(contentType == "text/plain; charset=x")
            }
        }
    }

    @Test("the answer to HEAD has no body, whatever length it names")
    func head() async throws {
        let script: FaultyServer.Script = { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")] }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                for _ in 0..<2 {
                    let result = await client.send(call(server.port, method: "HEAD", body: ""))
                    #expect(result.ending == .response(200))
                }
                #expect(server.accepted == 1)
            }
        }
    }

    @Test(
        "Retry-After reaches the caller as a wait or not at all",
        arguments: [
            ("5", Duration.seconds(5)), ("-1", nil), ("1000000000", .seconds(86_400)), ("soon", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .zero), ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(86_400)),
        ])
    func retryAfter(_ value: String, _ wait: Duration?) async throws {
        let script: FaultyServer.Script = { _ in
            [.send(answer("503 Service Unavailable", ["Retry-After: \(value)"]))]
        }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                let result = await client.send(call(server.port))
                #expect(result.ending == .response(503))
                #expect(result.retryAfter == wait)
            }
        }
    }

    @Test("an answer that is decided by its head keeps its wait and the beginning of its body")
    func cutAnswer() async throws {
        let words = "why not: " + String(repeating: "x", count: 300_000)
        let script: FaultyServer.Script = { _ in
            [.send(answer("429 Later", ["Retry-After: 7", "Content-Type: text/html"], body: words))]
        }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                let result = await client.send(call(server.port))
                #expect(result.ending == .response(429))
                #expect(result.retryAfter == .seconds(7))
                #expect(result.body == Array(words.utf8.prefix(4096)))
            }
        }
    }

    @Test("every call says that it can't read content codings, unless it says itself what it reads")
    func acceptEncoding() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                _ = await client.send(call(server.port))
                _ = await client.send(call(server.port, headers: [("Accept-Encoding", "br"), ("x", "y")]))
                _ = await client.send(call(server.port, headers: [("idempotency-key", "k"), ("User-Agent", "me")]))
                let heads = server.requests.map { $0.head.lowercased() }
                #expect(heads[0].contains("\r\naccept-encoding: identity\r\n"))
                #expect(heads[0].contains("\r\nuser-agent: sagaflow\r\n"))
                #expect(heads[1].contains("\r\naccept-encoding: br\r\n") && !heads[1].contains("identity"))
                #expect(heads[1].contains("\r\nuser-agent: sagaflow\r\n"))
                #expect(heads[2].contains("\r\naccept-encoding: identity\r\n") && !heads[2].contains("sagaflow"))
            }
        }
    }

    @Test("an answer before the request was read is taken, and the connection given up")
    func earlyAnswer() async throws {
        let script: FaultyServer.Script = { _ in [.send(answer("413 Content Too Large"))] }
        try await FaultyServer.with(answersEarly: true, script: script) { server in
            try await withClient { client in
                let large = String(repeating: "x", count: 16_000_000)
                let first = await client.send(call(server.port, body: large))
                #expect(first.ending == .response(413))
                let second = await client.send(call(server.port, body: "{}"))
                #expect(second.ending == .response(413))
                #expect(server.accepted == 2)
            }
        }
    }
}
