import Basics
import Foundation
import Logging
import Testing

@testable import Redis

extension Logger {
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

@Suite("Redis client")
struct RedisClientTests {
    @Test("arguments of any content arrive as they are")
    func argumentsAreSafe() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        for text in [
            "", " ", "a\r\nSET x 1\r\n", "\u{0}%s%b\u{0}", "héllo 🦊", String(repeating: "x", count: 1_000_000),
        ] {
            #expect(try await client.command(["ECHO", text]) == .string(text))
        }
    }

    @Test("every kind of reply is read")
    func replies() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        let reply = try await client.command([
            "EVAL", "return {1, 'a', false, {}, redis.status_reply('S'), redis.error_reply('E x')}", "0",
        ])
        #expect(
            reply
                == .array([
                    .integer(1), .string("a"), .null, .array([]), .status("S"), .error(code: "E", message: "x"),
                ]))
    }

    @Test("an error reply is thrown and the connection stays good")
    func errorReply() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        await #expect(throws: RedisError.self) { try await client.command(["NOSUCH"]) }
        try await client.ping()
    }

    @Test("many callers at once each get their own answer")
    func answersAreNotMixedUp() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let reply = try await client.command(["ECHO", "\(number)"])
                    #expect(reply == .string("\(number)"))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("user, password and database of the URL are used")
    func logsIn() async throws {
        let server = try RedisServer(["--requirepass", "s3cret", "--user", "ann", "on", ">pa@ss", "~*", "+@all"])
        for credentials in [":s3cret@", "default:s3cret@", "ann:pa%40ss@"] {
            let client = RedisClient(try server.configuration(credentials: credentials, database: 2), logger: .quiet)
            try await client.ping()
            guard case .string(let info) = try await client.command(["CLIENT", "LIST"]) else {
                Issue.record("no client list")
                continue
            }
            #expect(info.contains(" db=2 "))
        }
    }

    @Test(
        "a wrong password is told clearly, without the password",
        arguments: [":wr0ng@", "bob:wr0ng@", "ann:wr0ng@", ""])
    func wrongPassword(credentials: String) async throws {
        let server = try RedisServer(["--requirepass", "s3cret"])
        let client = RedisClient(try server.configuration(credentials: credentials, database: 1), logger: .quiet)
        let error = await #expect(throws: RedisError.self) { try await client.ping() }
        let code = credentials.isEmpty ? "NOAUTH" : "WRONGPASS"
        #expect(error == .authenticationFailed(endpoint: "127.0.0.1:\(server.port)", code: code))
        #expect(error.map { "\($0)".contains("refused the user or password") && !"\($0)".contains("wr0ng") } == true)
    }

    @Test("a connection the server closed while it was idle is replaced unnoticed")
    func idleConnectionIsReplaced() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        try await client.ping()
        server.kill()
        try server.start()
        try await client.ping()
    }

    @Test("while Redis is down callers are refused at once, and it is found again when it is back")
    func failsFastAndRecovers() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        try await client.ping()
        server.kill()
        let first = await #expect(throws: RedisError.self) { try await client.ping() }
        guard case .connectFailed = first else {
            Issue.record("expected a refused connect, not \(String(describing: first))")
            return
        }
        var errors: [RedisError?] = []
        let elapsed = await ContinuousClock().measure {
            for _ in 0..<1_000 { errors.append(await #expect(throws: RedisError.self) { try await client.ping() }) }
        }
        #expect(elapsed < .seconds(5))
        #expect(errors.filter(isRefusal).count > 900)
        try server.start()
        try await pingUntilBack(client)

        // The pause begins anew after a success.
        server.kill()
        _ = await #expect(throws: RedisError.self) { try await client.ping() }
        let second = await #expect(throws: RedisError.self) { try await client.ping() }
        if case .unavailable(let wait) = second { #expect(wait <= RedisCircuit.firstPause) }
    }

    private func isRefusal(_ error: RedisError?) -> Bool {
        if case .unavailable = error { true } else { false }
    }

    @Test("a frozen Redis holds no caller longer than the timeout, and late answers are nobody's")
    func frozen() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(timeout: .milliseconds(500)), logger: .quiet)
        try await client.ping()
        server.freeze()
        let elapsed = await ContinuousClock().measure {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        await #expect(throws: RedisError.self) { try await client.command(["ECHO", "late"]) }
                    }
                }
            }
        }
        #expect(elapsed >= .milliseconds(450) && elapsed < .seconds(5))
        server.thaw()
        try await pingUntilBack(client)
        #expect(try await client.command(["ECHO", "mine"]) == .string("mine"))
    }

    @Test(
        "a server that speaks something else, or one byte now and then, ends in an error within the timeout",
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", 0), ("+PO", 0), ("$-9\r\n", 0), ("*3\r\n:1\r\n", 0),
            (":" + String(repeating: "1", count: 100), 100_000),
        ] as [(String, Int)])
    func strangeServer(answer: String, pause: Int) async throws {
        let server = try FakeServer(bytes: Array(answer.utf8), pause: UInt32(pause))
        defer { server.stop() }
        let client = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:\(server.port)"), logger: .quiet)
        let elapsed = await ContinuousClock().measure {
            await #expect(throws: RedisError.self) { try await client.ping() }
        }
        #expect(elapsed < .seconds(5))
    }

    @Test("a host that cannot be found is a connect error", arguments: ["no-such-host.invalid", "256.1.1.1"])
    func unknownHost(host: String) async throws {
        let server = try RedisServer()
        var configuration = try RedisConfiguration(url: "redis://\(host):\(server.port)")
        configuration.commandTimeout = .seconds(2)
        let client = RedisClient(configuration, logger: .quiet)
        let error = await #expect(throws: RedisError.self) { try await client.ping() }
        switch error {
        case .connectFailed(endpoint: "\(host):\(server.port)", _), .timedOut(.resolving): break
        default: Issue.record("not a connect error: \(String(describing: error))")
        }
    }

    @Test("a name is looked up and each of its addresses tried")
    func nameIsResolved() async throws {
        // The server listens on 127.0.0.1 only; where localhost is also ::1, that one is refused first.
        let server = try RedisServer()
        let client = RedisClient(try RedisConfiguration(url: "redis://localhost:\(server.port)"), logger: .quiet)
        try await client.ping()
    }
}

@Suite("Redis session")
struct RedisSessionTests {
    @Test("an address that answers nothing leaves time for the one behind it")
    func silentAddress() async throws {
        let server = try RedisServer()
        let hole = try BlackHole(address: "127.0.0.2", port: server.port)
        defer { withExtendedLifetime(hole) {} }
        let configuration = try server.configuration()
        let reply: RedisReply = try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread {
                    continuation.resume(
                        with: Result {
                            let session = try RedisSession.open(
                                configuration, addresses: ["127.0.0.2", "127.0.0.1"], deadline: .now + .seconds(4))
                            return try session.roundTrip(["PING"], deadline: .now + .seconds(10))
                        })
                }
            } catch { continuation.resume(throwing: error) }
        }
        #expect(reply == .status("PONG"))
    }
}

/// Waits out the circuit's pauses until Redis answers; fails when it does not within a minute's worth of them.
func pingUntilBack(_ client: RedisClient) async throws {
    for _ in 0..<30 {
        do {
            return try await client.ping()
        } catch RedisError.unavailable(let wait) {
            try await Task.sleep(for: wait)
        } catch {
            continue
        }
    }
    Issue.record("Redis was not found again")
}
