import Core
@testable import Engine
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Calls that wait for their turn")
struct CallLimiterTests {
    /// A limiter whose clock stands still until it is moved, and the calls it has let go.
    private final class Bench: Sendable {
        struct State {
            var now = ContinuousClock.now
            var timers: [(at: ContinuousClock.Instant, action: @Sendable () -> Void)] = []
            var begunAt: [Duration] = []
            var ends: [@Sendable () -> Void] = []
            var rings = 0
        }
        private let state = Mutex(State())
        let start: ContinuousClock.Instant

        init() { start = state.withLock { $0.now } }

        func limiter() -> CallLimiter {
            CallLimiter(
                now: { self.state.withLock { $0.now } },
                later: { wait, action in self.state.withLock { $0.timers.append(($0.now + wait, action)) } },
                onWaiting: { self.state.withLock { $0.rings += 1 } })
        }

        func call(_ limiter: CallLimiter, _ count: Int = 1, needsNoTurn: Bool = false) {
            for _ in 0..<count {
                limiter.run("p", isLimited: true, needsNoTurn: { needsNoTurn }) { done in
                    self.state.withLock { state in
                        state.begunAt.append(state.now - self.start)
                        state.ends.append(done)
                    }
                }
            }
        }

        var begun: Int { state.withLock { $0.begunAt.count } }
        var times: [Duration] { state.withLock { $0.begunAt } }
        var rings: Int { state.withLock { $0.rings } }

        func endOne() { state.withLock { $0.ends.removeFirst() }() }

        /// Moves the clock on, and runs what falls due.
        func pass(_ duration: Duration) {
            let end = state.withLock { $0.now + duration }
            while true {
                let action = state.withLock { state -> (@Sendable () -> Void)? in
                    guard let index = state.timers.indices.min(by: { state.timers[$0].at < state.timers[$1].at }),
                        state.timers[index].at <= end
                    else {
                        state.now = end
                        return nil
                    }
                    let timer = state.timers.remove(at: index)
                    state.now = max(state.now, timer.at)
                    return timer.action
                }
                guard let action else { return }
                action()
            }
        }

        func grant(
            _ limiter: CallLimiter, calls: Int? = nil, rate: CallRate? = nil, for time: Duration = .seconds(3600),
            isAlone: Bool = true
        ) {
            let grants = [CallGrant(participant: "p", calls: calls, rate: rate, wholeRate: rate, isAlone: isAlone)]
            _ = limiter.lower(grants)
            limiter.accept(grants, until: state.withLock { $0.now } + time)
        }
    }

    @Test("no call begins before a share is granted, and who waits says so once")
    func grant() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter, 3)
        #expect(bench.begun == 0 && bench.rings == 1 && limiter.queued == ["p": 3])
        #expect(limiter.demands() == [CallDemand(participant: "p", calls: 3, rate: 3000)])
        bench.grant(limiter, calls: 2)
        #expect(bench.begun == 2 && limiter.queued == ["p": 1])
        bench.endOne()
        #expect(bench.begun == 3 && limiter.queued == [:])
        limiter.run("q", isLimited: false) { $0() }
        #expect(limiter.demands().map(\.participant) == ["p"], "a participant without limits costs nothing")
    }

    @Test("a share that falls lets nothing begin before calls have ended; it is lowered before it is told")
    func lowered() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter, 6)
        bench.grant(limiter, calls: 4)
        let grants = [CallGrant(participant: "p", calls: 1, rate: nil, wholeRate: nil, isAlone: false)]
        #expect(limiter.lower(grants) == ["p": 4], "it still uses what it had")
        for _ in 0..<3 { bench.endOne() }
        #expect(bench.begun == 4)
        bench.endOne()
        #expect(bench.begun == 5)
        let more = [CallGrant(participant: "p", calls: 3, rate: nil, wholeRate: nil, isAlone: false)]
        _ = limiter.lower(more)
        #expect(bench.begun == 5, "what is more than before counts only when it is written")
        limiter.accept(more, until: .now + .seconds(60))
        #expect(bench.begun == 6)
    }

    @Test("a share that was not renewed in time is used no more, until it is")
    func expired() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter)
        bench.grant(limiter, calls: 5, for: .seconds(10))
        _ = limiter.demands()
        bench.pass(.seconds(11))
        bench.call(limiter)
        #expect(bench.begun == 1 && bench.rings == 2)
        bench.grant(limiter, calls: 5, for: .seconds(10))
        #expect(bench.begun == 2)
        #expect(CallLimiter.patience < .seconds(CallShare.silence), "others may take it only after that")
    }

    @Test("calls begin at the rate, evenly with a burst of one, and a burst after a quiet time")
    func rate() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter, 51)
        bench.grant(limiter, rate: CallRate(thousandths: 10_000))
        #expect(bench.begun == 1)
        bench.pass(.milliseconds(950))
        #expect(bench.begun == 10)
        bench.pass(.milliseconds(4100))
        #expect(bench.begun == 51 && limiter.queued == [:])
        let gaps = zip(bench.times, bench.times.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 > .milliseconds(99) && $0 < .milliseconds(101) })
        bench.grant(limiter, rate: CallRate(thousandths: 10_000, burst: 5))
        bench.pass(.seconds(60))
        bench.call(limiter, 20)
        #expect(bench.begun == 56)
    }

    @Test("shares of a rate that change all the time make no calls out of nothing, and lose none")
    func changingRate() {
        let bench = Bench()
        let (one, other) = (bench.limiter(), bench.limiter())
        bench.call(one, 1000)
        bench.call(other, 1000)
        for step in 0..<40 {
            let share = [3000, 17_000, 0, 10_000][step % 4]
            bench.grant(one, rate: CallRate(thousandths: share), isAlone: false)
            bench.grant(other, rate: CallRate(thousandths: 20_000 - share), isAlone: false)
            bench.pass(.milliseconds(250))
        }
        #expect((197...202).contains(bench.begun), "20 a second for 10 s, not \(bench.begun)")
    }

    @Test("a call that will not be sent is none of the rate's, and holds up nobody behind it")
    func unwanted() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter, 100, needsNoTurn: true)
        bench.call(limiter, 2)
        bench.grant(limiter, rate: CallRate(thousandths: 1000))
        #expect(bench.begun == 101)
        bench.pass(.seconds(1.1))
        #expect(bench.begun == 102)
    }

    @Test("without limits everything goes at once; limits that come back want a share of their own")
    func free() {
        let bench = Bench()
        let limiter = bench.limiter()
        bench.call(limiter, 4)
        bench.grant(limiter, calls: 1)
        limiter.change("p", isLimited: false)
        #expect(bench.begun == 4 && limiter.demands().isEmpty)
        limiter.change("p", isLimited: true)
        bench.call(limiter)
        #expect(bench.begun == 4)
        bench.grant(limiter, calls: 5)
        #expect(bench.begun == 5)
    }

    @Test("an engine that has not called for long wants nothing, and earns no tokens by that")
    func idle() {
        let bench = Bench()
        let limiter = bench.limiter()
        let rate = CallRate(thousandths: 10)  // one in 100 s
        bench.call(limiter)
        bench.grant(limiter, calls: 1, rate: rate)
        #expect(bench.begun == 1)
        bench.pass(.seconds(200))
        #expect(limiter.forgetIdle() == [], "it is still in flight")
        bench.endOne()
        bench.call(limiter, 1)
        bench.endOne()
        bench.pass(.seconds(99))
        #expect(limiter.forgetIdle() == [], "it would begin with a token that has not come yet")
        bench.pass(.seconds(2))
        #expect(limiter.forgetIdle() == ["p"] && limiter.isIdle)
    }
}
