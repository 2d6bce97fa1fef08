import Core
@testable import Engine
import Logging
import NIOPosix
import Synchronization
import Testing
import TestSupport

@Suite("Calls before a breaker", .timeLimit(.minutes(3)))
struct BreakerGateTests {
    /// Collects what calls were told.
    private final class Told: Sendable {
        private struct State {
            var passages: [BreakerGate.Passage] = []
            var waiter: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        }
        private let state = Mutex(State())

        var all: [BreakerGate.Passage] { state.withLock { $0.passages } }
        var eras: [Int] { all.compactMap { if case .go(let era, _) = $0 { era } else { nil } } }
        var turnedAway: [Duration] { all.compactMap { if case .turnedAway(_, let wait) = $0 { wait } else { nil } } }

        func add(_ passage: BreakerGate.Passage) {
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.passages.append(passage)
                guard let waiter = state.waiter, state.passages.count >= waiter.count else { return nil }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume()
        }

        /// Waits until so many were told: a thread that is letting calls go does so for those that others let go, too.
        func untilTold(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isSo = state.withLock { state in
                    if state.passages.count >= count { return true }
                    state.waiter = (count, continuation)
                    return false
                }
                if isSo { continuation.resume() }
            }
        }
    }

    private static func gate(
        failures: Int = 1, successes: Int = 2, openFor: Duration = .milliseconds(100), patience: Duration? = nil
    ) -> BreakerGate {
        var logger = Logger(label: "breaker")
        logger.logLevel = .critical
        return BreakerGate(
            BreakerPolicy(failureThreshold: failures, successThreshold: successes, openFor: openFor), participant: "p",
            patience: patience, eventLoops: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// A gate whose open time is over. A machine under load may take long between two lines of a test: no probe is taken for
    /// one that hangs meanwhile, unless that is what is tested.
    private func dueGate(successes: Int = 2, patience: Duration? = .seconds(600)) async throws -> BreakerGate {
        let gate = Self.gate(successes: successes, patience: patience)
        gate.report(.failure, of: .sample(), era: 0)
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
        gate.report(.failure, of: .sample(), era: 0)
        let told = passes(gate, 200)
        #expect(told.turnedAway.count == 200)
        #expect(told.turnedAway.allSatisfy { $0 > .seconds(29) && $0 <= .seconds(36) })
        #expect(Set(told.turnedAway).count > 100)
        #expect(gate.refusal() != nil)
        #expect(gate.openedCount == 1)
    }

    @Test("it tells what a person wants to know as long as something is wrong, and nothing else")
    func reading() async throws {
        let gate = Self.gate(failures: 3, openFor: .seconds(30))
        #expect(gate.reading == nil)
        gate.report(.failure, of: .sample(), era: 0, failure: "It answered 500.")
        #expect(gate.reading?.state == .closed)
        #expect(gate.reading?.failures == 1)
        #expect(gate.reading?.lastError == "It answered 500.")
        gate.report(.success, of: .sample(), era: 0)
        #expect(gate.reading == nil)
        for _ in 0..<3 { gate.report(.failure, of: .sample(), era: 0, failure: "It hangs.") }
        let open = try #require(gate.reading)
        #expect(open.state == .open)
        #expect(open.opensFor.map { $0 > .seconds(20) && $0 <= .seconds(30) } == true)
        #expect(open.lastError == "It hangs.")
        let due = try await dueGate(successes: 1)
        _ = passes(due, 4)
        #expect(due.reading?.state == .halfOpen)
        #expect(due.reading?.waiting == 3)
    }

    @Test("a report is bounded, whatever participants there are and whatever they say: the worst come first")
    func report() throws {
        var readings: [ParticipantID: BreakerGate.Reading] = [:]
        for number in 0..<100 {
            readings["closed-\(number)"] = BreakerGate.Reading(
                state: .closed, failures: 1, lastError: String(repeating: "é", count: 5000), waiting: 0)
        }
        readings["zz"] = BreakerGate.Reading(
            state: .open, opensFor: .seconds(2), lastError: "It hangs.", lastErrorAge: .seconds(1), waiting: 0)
        let report = ParticipantReport.json(readings, queued: ["zz": 7, "quiet": 3]).shared
        #expect(report.object?.count == ParticipantReport.maxParticipants)
        #expect(report.bytes.count < 16_384)
        let expected: JSON = [
            "breaker": "open", "failures": 0, "openMs": 2000, "lastError": "It hangs.", "lastErrorAgeMs": 1000,
            "waiting": 0, "queued": 7,
        ]
        #expect(report["zz"] == expected)
        #expect(ParticipantReport.json([:], queued: ["quiet": 3]).shared["quiet"]?["queued"] == 3)
        // However many a tenant has, and however bad they are, others' are told of.
        let own = ParticipantID("x", of: .tenant("b"))
        for number in 0..<100 {
            readings[ParticipantID("own-\(number)", of: .tenant("a"))] = BreakerGate.Reading(
                state: .open, failures: 9, waiting: 0)
        }
        readings[own] = BreakerGate.Reading(state: .closed, failures: 1, waiting: 0)
        let all = ParticipantReport.json(readings, queued: ["zz": 7, "quiet": 3])
        #expect(all.shared == report)
        #expect(all.own["a"]?.object?.count == ParticipantReport.maxOfTenant && all.own["b"]?["x"]?["failures"] == 1)
    }

    @Test("while probes are under way others wait, go when they succeed, and are turned away when one fails")
    func waiting() async throws {
        for isBack in [true, false] {
            let gate = try await dueGate()
            let told = passes(gate, 50)
            #expect(told.all.count == 2)
            let eras = told.eras
            gate.report(.success, of: .sample(), era: eras[0])
            #expect(told.all.count == 2, "one success is not enough")
            gate.report(isBack ? .success : .failure, of: .sample(), era: eras[1])
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
                if case .go(let era, _) = passage, told.all.count > 1 { gate.report(.neither, of: .sample(), era: era) }
            }
        }
        #expect(told.all.count == 1)
        gate.report(.neither, of: .sample(), era: told.eras[0])
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
        let gate = try await dueGate(successes: 1, patience: nil)
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
        gate.report(.success, of: .sample(), era: era)
        await others.untilTold(20)
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
        gate.report(.failure, of: .sample(), era: probe)
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
                            gate.report((worker + number) % 3 == 0 ? .success : .failure, of: .sample(), era: era)
                        }
                    }
                }
            }
        }
        #expect(told.all.count == 16_000)
        #expect(gate.openedCount > 0)
    }
}
