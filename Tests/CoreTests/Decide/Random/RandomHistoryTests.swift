import Core
import Simulation
import Foundation
import Testing

@Suite("Random histories")
struct RandomHistoryTests {
    /// `TEST_SEED` starts somewhere else; a failure prints the seed of its history.
    private static let firstSeed = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap(UInt64.init) ?? 1

    @Test("whatever happens in whatever order, no invariant breaks, every run ends, and each kind of end is seen")
    func invariants() throws {
        var ends: [RunStatus: Int] = [:]
        var events: [RunEventKind: Int] = [:]
        var failed = 0
        var takeovers = 0
        var refusedLate = 0
        var nullCompensations = 0
        var refused = 0
        var resolvedTogether = 0
        for seed in Self.firstSeed..<Self.firstSeed + 8000 {
            var history = try History(seed: seed)
            let wrong = history.live()
            try #require(wrong.isEmpty, "seed \(seed): \(wrong.joined(separator: "; "))\n\(history.told)")
            ends.merge(history.seen.ends, uniquingKeysWith: +)
            events.merge(history.seen.events, uniquingKeysWith: +)
            failed += history.seen.failedOnTheWay
            takeovers += history.seen.takeovers
            refusedLate += history.seen.refusedLate
            nullCompensations += history.seen.nullCompensations
            refused += history.seen.refusedHappenings
            resolvedTogether += history.seen.resolvedTogether
        }
        #expect(ends[.completed, default: 0] > 500)
        #expect(ends[.compensated, default: 0] > 500)
        #expect(ends[.cancelled, default: 0] > 500)
        let rare: Set<RunEventKind> = [.deadlineMissed, .attemptHeartbeat]
        for kind in RunEventKind.allCases {
            #expect(events[kind, default: 0] > (rare.contains(kind) ? 15 : 60), "\(kind)")
        }
        #expect(failed > 300)
        #expect(takeovers > 1000)
        #expect(refusedLate > 300, "the barrier was needed")
        #expect(nullCompensations > 300)
        #expect(refused > 300)
        #expect(resolvedTogether > 30)
    }

    @Test("a history is its seed")
    func reproducible() throws {
        for seed in Self.firstSeed..<Self.firstSeed + 20 {
            var first = try History(seed: seed)
            var second = try History(seed: seed)
            #expect(first.live() == second.live())
            #expect(first.run.steps == second.run.steps)
            #expect(first.seen.decisions == second.seen.decisions)
        }
    }
}
