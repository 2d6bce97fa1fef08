import Core
@testable import Engine
import Testing
import TestSupport

@Suite("The breaker of a participant, step by step")
struct BreakerTests {
    private static let policy = BreakerPolicy(failureThreshold: 3, successThreshold: 2, openFor: .seconds(30))
    private let start = ContinuousClock.now

    /// A breaker that opened at `start`.
    private func opened() -> Breaker {
        var breaker = Breaker(Self.policy)
        for _ in 0..<3 { breaker.record(.failure, of: .sample(), era: breaker.era, at: start) }
        return breaker
    }

    /// One that lets probes through, with `count` of them under way, and their era.
    private func probing(_ count: Int) throws -> (Breaker, era: Int) {
        var breaker = opened()
        for _ in 0..<count {
            guard case .go = breaker.admit(at: start + .seconds(30)) else {
                Issue.record("a probe may not go")
                throw CancellationError()
            }
        }
        return (breaker, breaker.era)
    }

    @Test(
        "only failures in a row open it",
        arguments: [
            ("fff", true), ("ff", false), ("ffsff", false), ("ffsfff", true), ("ffnf", true), ("nnnnnn", false),
            ("fsfsfsfs", false),
        ])
    func opens(verdicts: String, isOpen: Bool) {
        var breaker = Breaker(Self.policy)
        for verdict in verdicts {
            breaker.record(
                verdict == "f" ? .failure : verdict == "s" ? .success : .neither, of: .sample(), era: breaker.era,
                at: start)
        }
        #expect((breaker.admit(at: start) == .refuse(for: .seconds(30))) == isOpen)
        #expect(breaker.openedCount == (isOpen ? 1 : 0))
    }

    @Test(
        "one run's retries open nothing, nor do two runs': it takes three, unless fewer failures are enough",
        arguments: [
            (5, "aaaaaaaaaaaa", false), (5, "aaabbb", false), (5, "abababababab", false), (5, "aaabbbc", true),
            (5, "aabc", false), (5, "aabcb", true), (5, "aaabbscccc", false), (5, "aaabbscaabb", true),
            (2, "aaaa", false), (2, "ab", true), (1, "a", true),
        ])
    func runs(threshold: Int, calls: String, isOpen: Bool) {
        var breaker = Breaker(BreakerPolicy(failureThreshold: threshold, successThreshold: 1, openFor: .seconds(30)))
        for call in calls {
            let run = RunID(high: 1, low: UInt64(call.asciiValue ?? 0))
            breaker.record(call == "s" ? .success : .failure, of: run, era: breaker.era, at: start)
        }
        #expect((BreakerState(breaker.state, at: start) == .open) == isOpen)
    }

    @Test("while open it says how long it stays so; then as many probes go as must succeed, the others wait")
    func probes() {
        var breaker = opened()
        #expect(breaker.admit(at: start + .seconds(10)) == .refuse(for: .seconds(20)))
        #expect(breaker.admit(at: start + .seconds(30) - .nanoseconds(1)) == .refuse(for: .nanoseconds(1)))
        let era = breaker.era + 1
        #expect(breaker.admit(at: start + .seconds(30)) == .go(era: era))
        #expect(breaker.admit(at: start + .seconds(31)) == .go(era: era))
        #expect(breaker.admit(at: start + .seconds(32)) == .wait)
        #expect(BreakerState(breaker.state, at: start) == .halfOpen)
    }

    @Test("enough successful probes close it; no more go than are still needed")
    func closes() throws {
        var (breaker, era) = try probing(2)
        breaker.record(.success, of: .sample(), era: era, at: start)
        #expect(breaker.state == .halfOpen(probes: 1, successes: 1))
        #expect(breaker.admit(at: start + .seconds(31)) == .wait)
        breaker.record(.success, of: .sample(), era: era, at: start)
        #expect(breaker.state == .closed(failures: 0))
        #expect(breaker.admit(at: start) == .go(era: breaker.era))
    }

    @Test("a probe that does not end makes room for one more after a while, and whatever answers first still counts")
    func hangingProbes() throws {
        for isBack in [true, false] {
            var (breaker, era) = try probing(2)
            #expect(breaker.admit(at: start + .seconds(60) - .nanoseconds(1)) == .wait)
            #expect(breaker.admit(at: start + .seconds(60)) == .go(era: era))
            #expect(breaker.admit(at: start + .seconds(61)) == .wait, "one more, not all")
            breaker.record(isBack ? .success : .failure, of: .sample(), era: era, at: start + .seconds(61))
            #expect(BreakerState(breaker.state, at: start + .seconds(61)) == (isBack ? .halfOpen : .open))
            guard isBack else { continue }
            #expect(breaker.admit(at: start + .seconds(90)) == .go(era: era))
            breaker.record(.success, of: .sample(), era: era, at: start + .seconds(91))
            #expect(breaker.state == .closed(failures: 0))
        }
    }

    @Test("one failed probe opens it again for the whole time, and what the other probe says no longer counts")
    func opensAgain() throws {
        var (breaker, era) = try probing(2)
        breaker.record(.failure, of: .sample(), era: era, at: start + .seconds(40))
        #expect(breaker.admit(at: start + .seconds(41)) == .refuse(for: .seconds(29)))
        #expect(breaker.openedCount == 2)
        let after = breaker.state
        for verdict in [Breaker.Verdict.success, .failure, .neither] {
            breaker.record(verdict, of: .sample(), era: era, at: start)
        }
        #expect(breaker.state == after)
    }

    @Test("a probe that says nothing makes room for the next one")
    func nothingSaid() throws {
        var (breaker, era) = try probing(2)
        breaker.record(.neither, of: .sample(), era: era, at: start)
        #expect(breaker.admit(at: start + .seconds(31)) == .go(era: era))
        #expect(breaker.admit(at: start + .seconds(31)) == .wait)
    }

    @Test("calls from before it opened say nothing about the probes, nor about the time after it closed")
    func lateAnswers() throws {
        var (breaker, era) = try probing(1)
        breaker.record(.failure, of: .sample(), era: 0, at: start)
        #expect(breaker.state == .halfOpen(probes: 1, successes: 0))
        breaker.record(.success, of: .sample(), era: era, at: start)
        _ = breaker.admit(at: start + .seconds(31))
        breaker.record(.success, of: .sample(), era: era, at: start)
        for old in [0, era] { breaker.record(.failure, of: .sample(), era: old, at: start) }
        #expect(breaker.state == .closed(failures: 0))
    }

    @Test(
        "under any history no more probes go than must succeed, but for one beside those that hang, and nobody waits without one",
        arguments: 1...20)
    func anyHistory(seed: Int) {
        var random = SystemRandomNumberGenerator()
        var breaker = Breaker(Self.policy)
        var now = start
        var inFlight: [Int] = []
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...2000, using: &random))
            if Bool.random(using: &random), !inFlight.isEmpty {
                let era = inFlight.remove(at: Int.random(in: inFlight.indices, using: &random))
                let verdict = [Breaker.Verdict.success, .failure, .failure, .neither].randomElement(using: &random)
                breaker.record(verdict ?? .neither, of: .sample(), era: era, at: now)
            } else {
                let before = breaker
                switch breaker.admit(at: now) {
                case .go(let era):
                    inFlight.append(era)
                    if case .halfOpen(let probes, let successes) = before.state {
                        #expect(probes + successes < 2 || before.nextProbeAt <= now)
                    }
                case .wait: #expect(inFlight.contains(breaker.era), "it waits for nobody")
                case .refuse(let rest): #expect(rest > .zero && rest <= .seconds(30))
                }
            }
            if case .halfOpen(let probes, _) = breaker.state {
                #expect(probes == inFlight.count { $0 == breaker.era })
            }
        }
        #expect(breaker.openedCount > 0)
    }
}
