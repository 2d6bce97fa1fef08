import NIOCore
import NIOPosix
import Participants
import Synchronization
import Testing

@Suite("A call that found no connection was surely not sent", .timeLimit(.minutes(2)))
struct ConnectTests {
    /// A port on which nobody listens.
    private func closedPort() async throws -> Int {
        let server = try await FaultyServer(script: { _ in [] })
        let port = server.port
        try await server.stop()
        return port
    }

    @Test("refused")
    func refused() async throws {
        let port = try await closedPort()
        try await withClient { client in
            let result = await client.send(call(port))
            #expect(result.ending == .notSent(.connect))
            #expect(result.message == "http://127.0.0.1:\(port) refused the connection.")
            #expect(await client.statistics() == ParticipantClient.Statistics())
        }
    }

    @Test("refused for many at once: each call ends, none hangs")
    func refusedForMany() async throws {
        let port = try await closedPort()
        try await withClient({ $0.maxConnectionsPerOrigin = 4 }) { client in
            let endings = await withTaskGroup(of: Ending.self) { group in
                for _ in 0..<100 { group.addTask { await client.send(call(port)).ending } }
                return await group.reduce(into: Set<Ending>()) { $0.insert($1) }
            }
            #expect(endings == [.notSent(.connect)])
        }
    }

    @Test("a host that does not exist")
    func unresolvable() async throws {
        try await withClient { client in
            let result = await client.send(call(80, host: "participant.invalid"))
            #expect(result.ending == .notSent(.dns), "\(result.message ?? "")")
        }
    }

    @Test("a look-up that hangs ends at the connect timeout, and other hosts are still found")
    func hangingLookup() async throws {
        let gate = Gate()
        let resolver: HostResolver = { host throws(ParticipantsError) in
            if host == "hanging.test" { try? gate.opened.wait() }
            return [ResolvedAddress(ip: "127.0.0.1")]
        }
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient({
                $0.resolver = resolver
                $0.connectTimeout = .seconds(1)
            }) { client in
                async let hanging = client.send(call(server.port, host: "hanging.test"))
                #expect(await client.send(call(server.port, host: "other.test")).ending == .response(200))
                #expect(await hanging.ending == .notSent(.dns))
                gate.open()
            }
        }
    }

    @Test("a server that accepts no connection ends at the connect timeout")
    func noAccept() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        // Nobody accepts: the queue of one is filled, and further connections are not answered.
        let server = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 0)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let filler = try await ClientBootstrap(group: loop).connect(host: "127.0.0.1", port: port).get()
        try await withClient({ $0.connectTimeout = .milliseconds(200) }) { client in
            let result = await client.send(call(port))
            #expect(result.ending == .notSent(.connect), "\(result.message ?? "")")
        }
        try await filler.close().get()
        try await server.close().get()
    }

    @Test("the resolver decides what is called: its address, and nothing when it gives none")
    func resolver() async throws {
        let asked = Mutex<[String]>([])
        let resolver: HostResolver = { host throws(ParticipantsError) in
            asked.withLock { $0.append(host) }
            switch host {
            case "refused.test", "169.254.169.254": return []
            case "unknown.test": throw .unresolvable("unknown.test is not in the table.")
            default: return [ResolvedAddress(ip: "127.0.0.2"), ResolvedAddress(ip: "127.0.0.1")]
            }
        }
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient({ $0.resolver = resolver }) { client in
                // Nobody listens on 127.0.0.2: the second address is tried.
                #expect(await client.send(call(server.port, host: "payments.test")).ending == .response(200))
                #expect(server.requests.first?.header("host") == "payments.test:\(server.port)")
                for host in ["refused.test", "169.254.169.254", "unknown.test"] {
                    #expect(await client.send(call(server.port, host: host)).ending == .notSent(.dns))
                }
                #expect(asked.withLock { $0 } == ["payments.test", "refused.test", "169.254.169.254", "unknown.test"])
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test("a burst of new connections looks the host up once")
    func sharedLookup() async throws {
        let lookups = Mutex(0)
        let resolver: HostResolver = { _ throws(ParticipantsError) in
            lookups.withLock { $0 += 1 }
            return [ResolvedAddress(ip: "127.0.0.1")]
        }
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient({ $0.resolver = resolver }) { client in
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<30 {
                        group.addTask {
                            #expect(
                                await client.send(call(server.port, host: "payments.test")).ending == .response(200))
                        }
                    }
                }
                #expect(lookups.withLock { $0 } == 1)
            }
        }
    }

    @Test(
        "a call that cannot be one request is refused before anything is sent",
        arguments: [
            call(1, headers: [("X-Note", "a\r\nX-Forged: 1")]), call(1, headers: [("X-Note", "a\nb")]),
            call(1, headers: [("X-Note", "a\0b")]), call(1, headers: [("X Note", "a")]), call(1, headers: [("", "a")]),
            call(1, headers: [("Host", "other")]), call(1, headers: [("content-LENGTH", "0")]),
            call(1, headers: [("Transfer-Encoding", "chunked")]), call(1, headers: [("Connection", "close")]),
            call(1, headers: [("Expect", "100-continue")]), call(1, path: "charge"), call(1, path: ""),
            call(1, path: "/a b"), call(1, path: "/a\r\nX: 1"), call(1, path: "/ä"), call(1, path: "/a#b"),
            call(1, path: "/a%2"), call(1, path: "/a%zz"), call(1, method: "post"), call(1, method: "PO ST"),
            call(1, method: ""), call(1, method: "CONNECT"),
            call(1, headers: Array(repeating: ("X-Flood", "1"), count: 1000)),
            call(1, headers: [("X-Flood", String(repeating: "x", count: 100_000))]),
        ])
    func invalid(_ call: ParticipantCall) async throws {
        try await withClient { client in
            let result = await client.send(call)
            #expect(result.ending == .notSent(.invalidRequest))
            #expect(result.message?.contains("Forged") == false)
        }
    }

    @Test("a deadline that has passed is not sent", arguments: [Duration.zero, .seconds(-1)])
    func passed(_ timeout: Duration) async throws {
        try await withClient { client in
            #expect(await client.send(call(1, timeout: timeout)).ending == .notSent(.timeout))
        }
    }
}
