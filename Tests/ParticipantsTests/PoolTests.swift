import Dispatch
import NIOCore
import NIOPosix
import Participants
import Synchronization
import Testing

@Suite("Connections are reused without losing, repeating or mixing up calls", .timeLimit(.minutes(2)))
struct PoolTests {
    @Test("calls one after the other share a connection, and the request is exactly what was asked for")
    func keepAlive() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                for _ in 0..<20 { #expect(await client.send(call(server.port)).ending == .response(200)) }
                #expect(server.accepted == 1)
                let request = try #require(server.requests.first)
                #expect(
                    request.head == """
                        POST /charge HTTP/1.1\r\nhost: 127.0.0.1:\(server.port)\r\nuser-agent: sagaflow\r\n\
                        accept-encoding: identity\r\ncontent-type: application/json\r\ncontent-length: 12\r\n
                        """)
                #expect(request.body == Array(#"{"amount":1}"#.utf8))
            }
        }
    }

    @Test("a server that closes after each answer, with or without saying so, is called on new connections")
    func closing() async throws {
        for headers in [["Connection: close"], ["connection: Keep-Alive, CLOSE"], ["Keep-Alive: timeout=1"]] {
            try await FaultyServer.with(script: { _ in [.send(answer("200 OK", headers)), .close] }) { server in
                try await withClient { client in
                    for _ in 0..<5 { #expect(await client.send(call(server.port)).ending == .response(200)) }
                    #expect(server.accepted == 5)
                }
            }
        }
    }

    @Test("a connection the server closed while it was idle is noticed before it is used")
    func closedWhileIdle() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                for round in 1...20 {
                    #expect(await client.send(call(server.port)).ending == .response(200))
                    #expect(server.accepted == round)
                    for channel in server.openChannels { try await channel.close().get() }
                    try await until("the client notices") { await client.statistics().connections == 0 }
                }
            }
        }
    }

    @Test("a request that was written and got no answer is unknown and is not repeated")
    func noRepeat() async throws {
        let script: FaultyServer.Script = { $0.number == 0 ? [.send(answer())] : [.close] }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                #expect(await client.send(call(server.port)).ending == .response(200))
                #expect(await client.send(call(server.port)).ending == .unknown(.connectionClosed))
                #expect(server.requests.count == 2)
                #expect(server.accepted == 1)
            }
        }
    }

    /// The client's loop is held while the server resets or closes, so that the client cannot have noticed when it
    /// writes.
    @Test(
        "a stale connection: when nothing could be written the call goes out again, otherwise it is unknown",
        arguments: [true, false])
    func staleRace(reset: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient(on: group) { client in
                #expect(await client.send(call(server.port)).ending == .response(200))
                let held = DispatchSemaphore(value: 0)
                let isHeld = group.next().makePromise(of: Void.self)
                group.next().execute {
                    isHeld.succeed(())
                    held.wait()
                }
                // The loop runs what was queued before it looks at its sockets again.
                async let second = client.send(call(server.port))
                let channel = try #require(server.openChannels.first)
                let closed = channel.eventLoop.makePromise(of: Void.self)
                if reset { channel.closeWithReset(promise: closed) } else { channel.close(promise: closed) }
                try await closed.futureResult.get()
                held.signal()
                let ending = await second.ending
                if reset {
                    #expect(ending == .response(200))
                } else {
                    #expect(ending == .unknown(.connectionClosed) || ending == .response(200))
                    #expect(server.requests.count == (ending == .response(200) ? 2 : 1))
                }
            }
        }
        try await group.shutdownGracefully()
    }

    @Test("bytes after an answer are not taken for the next call's answer, in the same packet or later")
    func unsolicited() async throws {
        let forged = answer(body: "forged")
        let extras: [String] = [forged, "HTTP/1.1 200 OK\r\nContent-Le", "\r\n", "x"]
        for extra in extras {
            let script: FaultyServer.Script = { request in
                request.number == 0 ? [.send(answer() + extra)] : [.send(answer(body: "own"))]
            }
            try await FaultyServer.with(script: script) { server in
                try await withClient { client in
                    #expect(await client.send(call(server.port)).body == Array("{}".utf8))
                    #expect(await client.send(call(server.port)).body == Array("own".utf8))
                    #expect(server.accepted == 2)
                }
            }
        }
        try await FaultyServer.with(script: { _ in [.send(answer(body: "own"))] }) { server in
            try await withClient { client in
                #expect(await client.send(call(server.port)).body == Array("own".utf8))
                let channel = try #require(server.openChannels.first)
                try await channel.writeAndFlush(ByteBuffer(string: forged)).get()
                try await until("the client closes the connection") { !channel.isActive }
                #expect(await client.send(call(server.port)).body == Array("own".utf8))
            }
        }
    }

    @Test("an idle connection is closed by the client after the idle time")
    func idle() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient({ $0.idleTimeout = .milliseconds(50) }) { client in
                #expect(await client.send(call(server.port)).ending == .response(200))
                try await until("the server sees every connection closed") { server.openChannels.isEmpty }
                #expect(await client.send(call(server.port)).ending == .response(200))
                #expect(server.accepted == 2)
            }
        }
    }

    @Test("many calls at once keep to the limit of connections, and none is lost", arguments: [1, 3, 8])
    func limit(_ limit: Int) async throws {
        try await FaultyServer.with(script: { [.send(answer(body: String($0.number)))] }) { server in
            try await withClient(on: MultiThreadedEventLoopGroup.singleton, { $0.maxConnectionsPerOrigin = limit }) {
                client in
                let bodies = await withTaskGroup(of: [UInt8]?.self) { group in
                    for _ in 0..<500 {
                        group.addTask { await client.send(call(server.port, timeout: .seconds(20))).body }
                    }
                    return await group.reduce(into: Set<[UInt8]>()) { if let body = $1 { $0.insert(body) } }
                }
                #expect(bodies.count == 500)
                #expect(server.requests.count == 500)
                #expect(server.mostOpen <= limit)
                let statistics = await client.statistics()
                #expect(statistics.waiting == 0 && statistics.connecting == 0)
                #expect(statistics.idle == statistics.connections)
            }
        }
    }

    @Test("calls that wait for a connection are served in order of arrival")
    func order() async throws {
        let gate = Gate()
        let script: FaultyServer.Script = { $0.number == 0 ? [.wait(gate), .send(answer())] : [.send(answer())] }
        try await FaultyServer.with(script: script) { server in
            try await withClient({ $0.maxConnectionsPerOrigin = 1 }) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<20 {
                        group.addTask {
                            #expect(await client.send(call(server.port, path: "/\(index)")).ending == .response(200))
                        }
                        // The first is in flight or waits for its connection, the others wait behind it.
                        try await until("call \(index) waits") {
                            await client.statistics().waiting + server.requests.count == index + 1
                        }
                    }
                    gate.open()
                }
                #expect(server.requests.map { $0.requestLine } == (0..<20).map { "POST /\($0) HTTP/1.1" })
            }
        }
    }

    @Test("a call whose deadline passes while it waits for a connection was never sent")
    func exhausted() async throws {
        let gate = Gate()
        try await FaultyServer.with(script: { _ in [.wait(gate), .send(answer())] }) { server in
            try await withClient({ $0.maxConnectionsPerOrigin = 1 }) { client in
                async let first = client.send(call(server.port))
                try await server.received(1)
                let second = await client.send(call(server.port, timeout: .milliseconds(100)))
                #expect(second.ending == .notSent(.poolExhausted))
                gate.open()
                #expect(await first.ending == .response(200))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test("a call that finds too many waiting already is refused at once, and those who wait are served")
    func tooManyWaiting() async throws {
        let gate = Gate()
        try await FaultyServer.with(script: { _ in [.wait(gate), .send(answer())] }) { server in
            try await withClient({
                $0.maxConnectionsPerOrigin = 1
                $0.maxWaitingPerOrigin = 1
            }) { client in
                async let first = client.send(call(server.port))
                try await server.received(1)
                async let second = client.send(call(server.port))
                try await until("the second call waits") { await client.statistics().waiting == 1 }
                #expect(await client.send(call(server.port)).ending == .notSent(.poolExhausted))
                gate.open()
                #expect(await first.ending == .response(200))
                #expect(await second.ending == .response(200))
            }
        }
    }

    @Test("one origin that hangs does not hold up another")
    func isolation() async throws {
        try await FaultyServer.with(script: { _ in [] }) { hanging in
            try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
                try await withClient({ $0.maxConnectionsPerOrigin = 2 }) { client in
                    try await withThrowingTaskGroup(of: Ending.self) { group in
                        for _ in 0..<20 {
                            group.addTask { await client.send(call(hanging.port, timeout: .seconds(2))).ending }
                        }
                        try await hanging.received(2)
                        for _ in 0..<20 { #expect(await client.send(call(server.port)).ending == .response(200)) }
                        // Those that got no connection were not sent; which of the reasons depends on the last
                        // millisecond.
                        let endings = try await group.reduce(into: [Ending: Int]()) { $0[$1, default: 0] += 1 }
                        #expect(endings[.unknown(.timeout)] == hanging.requests.count)
                        let allowed: Set<Ending> = [.unknown(.timeout), .notSent(.poolExhausted), .notSent(.connect)]
                        #expect(Set(endings.keys).isSubset(of: allowed))
                    }
                }
            }
        }
    }

    @Test("cancelling the caller's task does not abort the call")
    func cancellation() async throws {
        let gate = Gate()
        try await FaultyServer.with(script: { _ in [.wait(gate), .send(answer())] }) { server in
            try await withClient { client in
                let port = server.port
                try await withThrowingTaskGroup(of: Ending.self) { group in
                    group.addTask { await client.send(call(port)).ending }
                    try await server.received(1)
                    group.cancelAll()
                    gate.open()
                    #expect(try await group.next() == .response(200))
                }
            }
        }
    }
}
