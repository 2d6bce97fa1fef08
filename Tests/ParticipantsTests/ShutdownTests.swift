import NIOCore
import NIOPosix
import Participants
import Testing

@Suite("Shutting down ends every call once and leaves no connection", .timeLimit(.minutes(2)))
struct ShutdownTests {
    @Test("without grace, calls in flight end unknown, waiting calls and later ones not sent")
    func withoutGrace() async throws {
        try await FaultyServer.with(script: { _ in [] }) { server in
            try await withClient({ $0.maxConnectionsPerOrigin = 3 }) { client in
                let endings = try await withThrowingTaskGroup(of: Ending.self) { group in
                    for _ in 0..<10 {
                        group.addTask { await client.send(call(server.port, timeout: .seconds(60))).ending }
                    }
                    try await until("all calls wait") {
                        await client.statistics().waiting + server.requests.count == 10
                    }
                    try await server.received(3)
                    let took = await ContinuousClock().measure { await client.shutdown() }
                    #expect(took < .seconds(20), "the calls' own deadline ended them")
                    return try await group.reduce(into: [Ending: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(endings == [.unknown(.shutdown): 3, .notSent(.shutdown): 7])
                #expect(await client.send(call(server.port)).ending == .notSent(.shutdown))
                #expect(await client.statistics() == ParticipantClient.Statistics())
                try await until("the server sees every connection closed") { server.openChannels.isEmpty }
            }
        }
    }

    @Test("with grace, calls in flight may end by themselves")
    func withGrace() async throws {
        let gate = Gate()
        let script: FaultyServer.Script = { $0.number == 0 ? [.wait(gate), .send(answer())] : [.send(answer())] }
        try await FaultyServer.with(script: script) { server in
            try await withClient { client in
                async let first = client.send(call(server.port))
                try await server.received(1)
                async let shutdown: Void = client.shutdown(grace: .seconds(20))
                try await until("the client refuses calls") {
                    await client.send(call(server.port)).ending == .notSent(.shutdown)
                }
                gate.open()
                #expect(await first.ending == .response(200))
                await shutdown
                #expect(await client.statistics() == ParticipantClient.Statistics())
            }
        }
    }

    @Test("grace that is used up ends the calls that are left")
    func graceUsedUp() async throws {
        try await FaultyServer.with(script: { _ in [] }) { server in
            try await withClient { client in
                async let first = client.send(call(server.port, timeout: .seconds(60)))
                try await server.received(1)
                await client.shutdown(grace: .milliseconds(50))
                #expect(await first.ending == .unknown(.shutdown))
            }
        }
    }

    @Test("shutting down in the middle of a storm of calls loses none of them", arguments: 0..<5)
    func storm(_ round: Int) async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient(on: MultiThreadedEventLoopGroup.singleton) { client in
                let endings = try await withThrowingTaskGroup(of: [Ending].self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            var endings: [Ending] = []
                            while endings.last != .notSent(.shutdown) {
                                endings.append(await client.send(call(server.port)).ending)
                            }
                            return endings
                        }
                    }
                    try await server.received(50 + 40 * round)
                    await client.shutdown()
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                let allowed: Set<Ending> = [.response(200), .unknown(.shutdown), .notSent(.shutdown)]
                #expect(Set(endings).isSubset(of: allowed))
                #expect(await client.statistics() == ParticipantClient.Statistics())
            }
        }
    }
}
