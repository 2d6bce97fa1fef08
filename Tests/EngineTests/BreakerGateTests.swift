import Core
@testable import Engine
import Logging
import NIOPosix
import Synchronization
import Testing

@Suite("Calls before a breaker", .timeLimit(.minutes(1)))
struct BreakerGateTests {
    /// Collects what calls were told.
    private final class Told: Sendable {
        private let state = Mutex<[BreakerGate.Passage]>([])

        var all: [BreakerGate.Passage] { state.withLock { $0 } }
        var eras: [Int] { all.compactMap { if case .go(let era, _) = $0 { era } else { nil } } }
        var turnedAway: [Duration] { all.compactMap { if case .turnedAway(_, let wait) = $0 { wait } else { nil } } }

        func add(_ passage: BreakerGate.Passage) { state.withLock { $0.append(passage) } }
    }

    private static func gate(
        failures: Int = 1, successes: Int = 2, openFor: Duration = .milliseconds(100)
    ) -> BreakerGate {
        var logger = Logger(label: "breaker")
        logger.logLevel = .critical
        return BreakerGate(
            BreakerPolicy(failureThreshold: failures, successThreshold: successes, openFor: openFor), participant: "p",
            eventLoops: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// A gate whose open time is over.
    private func dueGate(successes: Int = 2) async throws -> BreakerGate {
        let gate = Self.gate(successes: successes)
        gate.report(.failure, era: 0)
        #expect(gate.state == .open)
        try await Task.sleep(for: .milliseconds(110))
        #expect(gate.state == .halfOpen)
        return gate
    }

    private func passes(_ gate: BreakerGate, _ count: Int, within: Duration = .seconds(60)) -> Told {
        let told = Told()
        for _ in 0..<count { gate.pass(within: within) { told.add($0) } }
        return told
    }

    @Test("an open breaker turns calls away at once, until its end and up to a fifth longer, not all equally long")
    func open() {
        let gate = Self.gate(openFor: .seconds(30))
        #expect(gate.refusal() == nil)
        gate.report(.failure, era: 0)
        let told = passes(gate, 200)
        #expect(told.turnedAway.count == 200)
        #expect(told.turnedAway.allSatisfy { $0 > .seconds(29) && $0 <= .seconds(36) })
        #expect(Set(told.turnedAway).count > 100)
        #expect(gate.refusal() != nil)
        #expect(gate.openedCount == 1)
    }

    @Test("while probes are under way others wait, go when they succeed, and are turned away when one fails")
    func waiting() async throws {
        for isBack in [true, false] {
            let gate = try await dueGate()
            let told = passes(gate, 50)
            #expect(told.all.count == 2)
            let eras = told.eras
            gate.report(.success, era: eras[0])
            #expect(told.all.count == 2, "one success is not enough")
            gate.report(isBack ? .success : .failure, era: eras[1])
            #expect(told.eras.count == (isBack ? 50 : 2))
            #expect(told.turnedAway.count == (isBack ? 0 : 48))
        }
    }

    @Test("a probe withdrawn because its lease was lost makes room for a waiting one, however many are withdrawn")
    func withdrawn() async throws {
        let gate = try await dueGate(successes: 1)
        let told = Told()
        // Each of these ends as soon as it may go, from within the gate's own call.
        for _ in 0..<2_000 {
            gate.pass(within: .seconds(60)) { passage in
                told.add(passage)
                if case .go(let era, _) = passage, told.all.count > 1 { gate.report(.neither, era: era) }
            }
        }
        #expect(told.all.count == 1)
        gate.report(.neither, era: told.eras[0])
        #expect(told.eras.count == 2_000)
        #expect(gate.state == .halfOpen)
    }

    @Test("a call waits no longer than its own timeout, and is not sent again at once")
    func timeout() async throws {
        let gate = try await dueGate(successes: 1)
        _ = passes(gate, 1)
        let passage = await withCheckedContinuation { continuation in
            gate.pass(within: .milliseconds(50)) { continuation.resume(returning: $0) }
        }
        guard case .turnedAway(let reason, let retryAfter) = passage else {
            Issue.record("\(passage)")
            return
        }
        #expect(reason.contains("p is back"))
        #expect(retryAfter == .milliseconds(100))
    }

    @Test("a probe that hangs does not keep others waiting to the end of their timeouts: one tries beside it")
    func hangingProbe() async throws {
        let gate = try await dueGate(successes: 1)
        let hangs = passes(gate, 1)
        #expect(hangs.eras.count == 1)
        let begun = ContinuousClock.now
        let passage = await withCheckedContinuation { continuation in
            gate.pass(within: .seconds(20)) { continuation.resume(returning: $0) }
        }
        guard case .go(let era, let waited) = passage else {
            Issue.record("\(passage)")
            return
        }
        #expect(waited >= .milliseconds(1900) && ContinuousClock.now - begun < .seconds(15))
        let others = passes(gate, 20)
        #expect(others.all.isEmpty)
        gate.report(.success, era: era)
        #expect(others.eras.count == 20)
        #expect(gate.state == .closed)
    }

    @Test("registering the participant anew lets everybody go, and probes of before no longer matter")
    func reset() async throws {
        let gate = try await dueGate(successes: 1)
        let told = passes(gate, 20)
        let probe = told.eras[0]
        gate.reset()
        #expect(told.eras.count == 20)
        #expect(gate.state == .closed)
        gate.report(.failure, era: probe)
        #expect(gate.state == .closed)
    }

    @Test("from many threads at once every call is told exactly once, and never more probes go than may")
    func threads() async throws {
        let gate = Self.gate(failures: 3, successes: 2, openFor: .milliseconds(1))
        let told = Told()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<2_000 {
                        let passage = await withCheckedContinuation { continuation in
                            gate.pass(within: .seconds(30)) { continuation.resume(returning: $0) }
                        }
                        told.add(passage)
                        if case .go(let era, _) = passage {
                            gate.report((worker + number) % 3 == 0 ? .success : .failure, era: era)
                        }
                    }
                }
            }
        }
        #expect(told.all.count == 16_000)
        #expect(gate.openedCount > 0)
    }
}
