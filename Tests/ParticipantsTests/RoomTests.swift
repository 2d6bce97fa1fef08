import NIOCore
import Participants
import Testing

@Suite("Connections to all participants together are bounded", .timeLimit(.minutes(3)))
struct RoomTests {
    @Test("an idle connection to one participant makes room for a call to another")
    func idleMakesRoom() async throws {
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { first in
            try await FaultyServer.with(script: { _ in [.send(answer())] }) { second in
                try await withClient({ $0.maxConnections = 1 }) { client in
                    for _ in 0..<3 {
                        #expect(await client.send(call(first.port)).ending == .response(200))
                        #expect(await client.send(call(second.port)).ending == .response(200))
                        #expect(await client.statistics().connections == 1)
                    }
                }
            }
        }
    }

    @Test("a participant with many calls waiting does not keep another from its turn")
    func nobodyStarves() async throws {
        // From the twentieth on the busy one answers only when the other has been called: so whose turn it is counts, and not
        // who connects faster.
        let (gate, called) = (Gate(), Gate())
        let script: FaultyServer.Script = {
            if $0.number < 2 { return [.wait(gate), .send(answer())] }
            return $0.number < 19 ? [.send(answer())] : [.wait(called), .send(answer())]
        }
        try await FaultyServer.with(script: script) { busy in
            try await FaultyServer.with(script: { _ in [.send(answer())] }) { other in
                try await withClient({ $0.maxConnections = 2 }) { client in
                    let endings = await withTaskGroup(of: (String, Ending).self) { tasks in
                        for _ in 0..<40 {
                            tasks.addTask { ("busy", await client.send(call(busy.port)).ending) }
                        }
                        try? await busy.received(2)
                        tasks.addTask { ("other", await client.send(call(other.port)).ending) }
                        try? await until("the other's call waits") { await client.statistics().waiting == 39 }
                        gate.open()
                        try? await until("the other is called") { other.requests.count == 1 }
                        #expect(other.requests.count == 1, "it waits for all calls of the busy one")
                        called.open()
                        return await tasks.reduce(into: [(String, Ending)]()) { $0.append($1) }
                    }
                    #expect(endings.allSatisfy { $0.1 == .response(200) }, "\(endings)")
                    #expect(busy.mostOpen <= 2)
                }
            }
        }
    }
}
