import Synchronization
import Testing

@testable import Engine

@Suite("Large requests are built within a budget")
struct RequestRoomTests {
    private final class Begun: Sendable {
        let names = Mutex<[String]>([])
        func note(_ name: String) -> @Sendable () -> Void { { self.names.withLock { $0.append(name) } } }
        var all: [String] { names.withLock { $0 } }
    }

    @Test("What does not fit waits for its turn, and is not overtaken by what would")
    func turns() {
        let (room, begun) = (RequestRoom(bytes: 100), Begun())
        #expect(room.take(60))
        #expect(!room.take(60))
        room.wait(for: 60, begun.note("large"))
        #expect(!room.take(10), "somebody waits")
        room.wait(for: 10, begun.note("small"))
        #expect(begun.all == [])
        room.give(60)
        #expect(begun.all == ["large", "small"])
        room.give(60)
        room.give(10)
        #expect(room.take(100))
    }

    @Test("One that is larger than all the room goes alone")
    func alone() {
        let (room, begun) = (RequestRoom(bytes: 100), Begun())
        #expect(room.take(1))
        #expect(!room.take(500))
        room.wait(for: 500, begun.note("huge"))
        room.wait(for: 1, begun.note("next"))
        room.give(1)
        #expect(begun.all == ["huge"])
        room.give(500)
        #expect(begun.all == ["huge", "next"])
    }
}
