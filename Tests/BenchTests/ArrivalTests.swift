@testable import Bench
import Testing

@Suite("Starts are sent when their arrival process says so")
struct ArrivalTests {
    @Test("In closed loops and bursts everything is due at once, and nothing is ever given up")
    func atOnce() {
        for arrival in [Arrival.closed(runs: 3), .burst(starts: 3, connections: 1)] {
            var schedule = Schedule(arrival)
            for _ in 0..<3 {
                #expect(schedule.hasDue(at: 0))
                #expect(schedule.take() == 0)
            }
            #expect(!schedule.hasDue(at: .max / 2))
            #expect(schedule.giveUp(at: .max / 2) == nil)
        }
    }

    @Test("In an open loop each start has its time, whether or not those before were sent")
    func open() {
        var schedule = Schedule(.open(rate: 1000, seconds: 0.01))
        #expect(schedule.total == 10)
        #expect(schedule.hasDue(at: 0))
        #expect(schedule.take() == 0)
        #expect(!schedule.hasDue(at: 999_999))
        #expect(schedule.hasDue(at: 1_000_000))
        // Late: three more have come due, and each counts from its own time.
        #expect(schedule.take() == 1_000_000 && schedule.take() == 2_000_000 && schedule.take() == 3_000_000)
        #expect(schedule.hasDue(at: 4_100_000))
    }

    @Test("What an open loop could not send when the last start was due is given up, and not before")
    func unsent() {
        var schedule = Schedule(.open(rate: 1000, seconds: 0.01))
        for _ in 0..<7 { _ = schedule.take() }
        #expect(schedule.giveUp(at: 8_999_999) == nil)
        #expect(schedule.giveUp(at: 9_000_000) == 3)
        #expect(!schedule.hasDue(at: 20_000_000))
    }

    @Test(
        "Who is turned away comes again in a closed loop only; a burst counts what would end the others",
        arguments: [
            (Arrival.closed(runs: 1), 202, nil, Arrival.Verdict.accepted),
            (.closed(runs: 1), 503, 3, .repeated(afterSeconds: 3)),
            (.closed(runs: 1), 503, nil, .repeated(afterSeconds: 1)), (.closed(runs: 1), 500, nil, .failed),
            (.open(rate: 1, seconds: 1), 503, 3, .refused), (.open(rate: 1, seconds: 1), 429, 3, .failed),
            (.burst(starts: 1, connections: 1), 503, 3, .refused),
            (.burst(starts: 1, connections: 1), 503, nil, .other("503 without Retry-After")),
            (.burst(starts: 1, connections: 1), 500, nil, .other("500")),
        ] as [(Arrival, Int, Int64?, Arrival.Verdict)])
    func verdicts(arrival: Arrival, status: Int, retryAfter: Int64?, verdict: Arrival.Verdict) {
        #expect(arrival.verdict(status: status, retryAfter: retryAfter) == verdict)
    }

    @Test("A burst gives every connection its share; all others have one start in flight on each")
    func depth() {
        #expect(Arrival.burst(starts: 20_000, connections: 5000).depth == 4)
        #expect(Arrival.closed(runs: 100).depth == 1 && Arrival.closed(runs: 100).connections == 64)
        #expect(Arrival.open(rate: 100, seconds: 2).depth == 1)
    }

    @Test("A sweep is open loops at half, all and twice the rate")
    func sweep() {
        let offers = Arrival.sweep(of: 300, seconds: 15)
        #expect(offers.map(\.share) == [0.5, 1, 2])
        #expect(offers.map(\.arrival.total) == [2250, 4500, 9000])
    }
}
