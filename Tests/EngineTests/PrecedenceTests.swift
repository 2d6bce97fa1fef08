import Synchronization
import Testing

@testable import Engine

@Suite("Runs of tenants that need little go first")
struct PrecedenceTests {
    /// What is to be done later is done when a test says so.
    private final class Timers: Sendable {
        let set = Mutex<[@Sendable () -> Void]>([])

        func precedence() -> Precedence {
            Precedence { wait, action in
                #expect(wait == Precedence.longest)
                self.set.withLock { $0.append(action) }
            }
        }

        func fire() {
            for action in set.withLock({ $0 }) { action() }
        }
    }

    private static let start = ContinuousClock.now + .seconds(60)

    /// Tasks that wait for their turn, all of them by the time this returns.
    private static func waiters(_ count: Int, for precedence: Precedence) async -> [Task<Void, Never>] {
        let tasks = (0..<count).map { _ in Task { await precedence.waitForTurn() } }
        while precedence.waiting < count { await Task.yield() }
        return tasks
    }

    @Test("others wait until the last of them has left, and nobody while none is ahead", .timeLimit(.minutes(1)))
    func others() async throws {
        let precedence = Timers().precedence()
        await precedence.waitForTurn()
        let first = try #require(precedence.enter(at: Self.start))
        let second = try #require(precedence.enter(at: Self.start + .milliseconds(1)))
        let waiting = await Self.waiters(3, for: precedence)
        precedence.leave(first, at: Self.start + .milliseconds(2))
        precedence.leave(first, at: Self.start + .milliseconds(2))
        #expect(precedence.waiting == 3)
        precedence.leave(second, at: Self.start + .milliseconds(3))
        for task in waiting { await task.value }
        await precedence.waitForTurn()
    }

    @Test("nobody is ahead for longer than some time, and others have as much time afterwards", .timeLimit(.minutes(1)))
    func bounded() async throws {
        let timers = Timers()
        let precedence = timers.precedence()
        let slow = try #require(precedence.enter(at: Self.start))
        let waiting = await Self.waiters(2, for: precedence)
        timers.fire()
        for task in waiting { await task.value }
        let free = Self.start + Precedence.longest * 2
        #expect(precedence.enter(at: free - .milliseconds(1)) == nil, "the others have their time")
        let next = try #require(precedence.enter(at: free))
        let others = await Self.waiters(1, for: precedence)
        // What was to end the first time does not end the second, nor does the run that was ahead then.
        timers.set.withLock { $0[0] }()
        precedence.leave(slow, at: free)
        #expect(precedence.waiting == 1)
        precedence.leave(next, at: free + .milliseconds(4))
        for task in others { await task.value }
        #expect(
            precedence.enter(at: free + .milliseconds(7)) == nil && precedence.enter(at: free + .milliseconds(8)) != nil
        )
    }
}
