import Storage
import Synchronization
import TestSupport
import Testing

@testable import API

@Suite("Requests have room for so many bytes", .timeLimit(.minutes(3)))
struct ByteRoomTests {
    private final class Order: Sendable {
        let sizes = Mutex<[Int]>([])
    }

    @Test("Who does not fit waits, in order, also when somebody smaller comes later; all get their turn")
    func order() async throws {
        let room = ByteRoom(100)
        let first = try await room.take(80)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            // Also when the test's time is over: who waits must end.
            defer { room.give(first) }
            for (place, bytes) in [60, 10, 90].enumerated() {
                tasks.addTask {
                    let held = await room.takePatiently(bytes)
                    order.sizes.withLock { $0.append(bytes) }
                    room.give(held)
                }
                try await wait(for: place + 1, in: room)
            }
        }
        #expect(order.sizes.withLock { $0 }.last == 90)
        #expect(try await room.take(100) == 100, "all of it came back")
    }

    @Test("Who wants more than there is gets all of it; who wants nothing waits for nobody")
    func extremes() async throws {
        let room = ByteRoom(100)
        try #require(try await takenAtOnce(1000, from: room) == 100)
        async let _ = room.takePatiently(50)
        // Also when the test's time is over: who waits must end.
        defer { room.give(100) }
        try await wait(for: 1, in: room)
        #expect(try await takenAtOnce(0, from: room) == 0)
    }

    @Test("Whose turn comes too late is refused, and keeps nothing")
    func patience() async throws {
        let room = ByteRoom(100, patience: .zero)
        let held = await room.takePatiently(100)
        async let late = isOverloaded { try await room.hold(50) {} }
        try await wait(for: 1, in: room)
        room.give(held)
        #expect(await late)
        #expect(await room.takePatiently(100) == 100)
    }

    /// Until so many wait, or the test's time is over.
    private func wait(for count: Int, in room: ByteRoom) async throws {
        while room.waitingCount < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// What is taken; nil when it had to be waited for, and room was made so that the wait has an end.
    private func takenAtOnce(_ bytes: Int, from room: ByteRoom) async throws -> Int? {
        let (waiting, isTaken) = (room.waitingCount, Gate())
        async let taken = { () async throws -> Int in
            defer { isTaken.open() }
            return try await room.take(bytes)
        }()
        while !isTaken.isOpen, room.waitingCount == waiting { await Task.yield() }
        let isAtOnce = isTaken.isOpen
        if !isAtOnce { room.give(1_000_000) }
        let held = try await taken
        return isAtOnce ? held : nil
    }

    private func isOverloaded(_ work: () async throws -> Void) async -> Bool {
        do { try await work() } catch StoreError.overloaded { return true } catch {}
        return false
    }

    @Test("A run that would be too heavy for any engine is refused at its start, alone and in a bulk start")
    func tooHeavy() async throws {
        try await TestAPI.with(["MAX_BODY_BYTES": "4000000"]) { api in
            try await api.register()
            let list = "[" + String(repeating: "[1],", count: 700_000) + "1]"
            let answer = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: #"{"input":\#(list)}"#)
            #expect(answer.status == 422 && answer.problem == "invalid-content", "\(answer.text.prefix(300))")
            #expect(answer.text.contains("32 MiB"))
            let text = "\"" + String(repeating: "x", count: 2_800_000) + "\""
            let large = try await api.client.send("POST", "/v1/workflows/w/start", body: #"{"input":\#(text)}"#)
            #expect(large.status == 202)
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["1"]])
        }
    }
}
