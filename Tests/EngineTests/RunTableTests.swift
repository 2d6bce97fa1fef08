import Core
import Driver
@testable import Engine
import Storage
import Testing
import TestSupport

@Suite("An engine holds so many runs, and so many bytes of them", .timeLimit(.minutes(3)))
struct RunTableTests {
    private func add(_ table: RunTable, _ weight: Int) -> Lease {
        let lease = Lease(runID: .sample(), epoch: 1)
        table.add(lease, Mailbox(), heldUntil: .now + .seconds(60), weight: weight)
        return lease
    }

    @Test("Whoever wants room waits for it, for runs and for bytes; growing takes it, ending gives it back")
    func bytes() async throws {
        let table = RunTable(capacity: 3, bytes: 100)
        #expect(await table.waitForRoom(1) == .init(runs: 3, bytes: 100))
        let first = add(table, 60)
        let second = add(table, 0)
        #expect(await table.waitForRoom(1) == .init(runs: 1, bytes: 40))
        table.weigh(second, 70)
        #expect(table.room == .init(runs: 1, bytes: 0) && table.weight == 130)
        async let room = table.waitForRoom(1)
        try await waitForClaimer(table)
        // Nothing that does not make room wakes: a lease that is held no more, a smaller weight that is still too much.
        table.remove(Lease(runID: first.runID, epoch: 2))
        table.weigh(first, 50)
        #expect(table.isWaitedFor)
        table.remove(second)
        #expect(await room == .init(runs: 2, bytes: 50))
        table.remove(first)
        #expect(table.weight == 0)
    }

    @Test("A run that comes to weigh less makes room for who waits")
    func lighter() async throws {
        let table = RunTable(capacity: 3, bytes: 100)
        let lease = add(table, 100)
        async let room = table.waitForRoom(1)
        try await waitForClaimer(table)
        table.weigh(lease, 30)
        let isWoken = !table.isWaitedFor
        #expect(isWoken)
        if !isWoken { table.stop() }
        #expect(await room == .init(runs: 2, bytes: 70))
    }

    /// Ends with the test's time limit, too.
    private func waitForClaimer(_ table: RunTable) async throws {
        while !table.isWaitedFor {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test("A run claimed anew takes the place of its former lease")
    func again() {
        let table = RunTable(capacity: 3, bytes: 100)
        let lease = add(table, 60)
        table.add(Lease(runID: lease.runID, epoch: 2), Mailbox(), heldUntil: .now + .seconds(60), weight: 10)
        #expect(table.weight == 10)
        table.weigh(lease, 90)
        table.remove(lease)
        #expect(table.weight == 10 && table.count == 1)
    }
}
