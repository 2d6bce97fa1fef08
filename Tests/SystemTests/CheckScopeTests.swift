import Audit
import Checker
import Core
import Foundation
import TestSupport
import Testing

/// What the checker can't know it does not call wrong; what it can know it does.
@Suite("What the checker judges, and what it leaves alone")
struct CheckScopeTests {
    @Test("runs that retention may have deleted are not missed, younger ones are", .timeLimit(.minutes(3)))
    func retention() async throws {
        try await TestDatabase.with { test in
            let (old, young) = (RunID.test(daysAgo: 60), RunID.test(daysAgo: 0))
            for (number, runID) in [old, young].enumerated() {
                try await test.execute(
                    """
                    INSERT INTO idempotency_keys VALUES ('default', 'key-\(number)', sha256('x'), '\(runID)', now());
                    INSERT INTO run_events (run_id, seq, at, kind, epoch) VALUES ('\(runID)', 1, now(), 'run_started', 0)
                    """)
            }
            var options = Checker.Options()
            options.minimums.runs = 0
            let report = try await Checker.check(
                database: test.configuration, ledgers: [:],
                acknowledged: [Acknowledgement(old), Acknowledgement(young)],
                options: options)
            let blamed = Set(report.violations.map(\.runID))
            #expect(blamed == [young])
            // The key and the event of no run, and the promise.
            #expect(report.violationCount == [1: 1, 3: 1, 15: 1])
        }
    }

    @Test(
        "a participant that answers but keeps no ledger is named; one that was asked for must", .timeLimit(.minutes(3)))
    func noLedger() async throws {
        try await Deployment.with { system in
            // Anything that speaks HTTP and has no /ledger.
            let port = try Ports.take()
            try await system.startAPI("api", port: port)
            let ledgers = ["strangers": ["http://127.0.0.1:\(port)"]]
            var options = Checker.Options()
            options.minimums.runs = 0
            options.requiresLedgers = false
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: ledgers, options: options)
            #expect(report.isPassed, "\(report.text)")
            #expect(report.withoutLedger == ["strangers"])
            #expect(report.text.contains("not judged the effects at strangers"))
            // Who does not answer at all may have one: the rest is judged, but nobody can call that passed.
            let away = try await Checker.check(
                database: system.test.configuration, ledgers: ["away": ["http://127.0.0.1:1"]], options: options)
            #expect(!away.isPassed && away.unreadLedgers.keys.sorted() == ["away"], "\(away.text)")
            options.requiresLedgers = true
            await #expect(throws: CheckerError.self) {
                try await Checker.check(database: system.test.configuration, ledgers: ledgers, options: options)
            }
        }
    }
}

extension RunID {
    /// An id as it was given out so many days ago.
    static func test(daysAgo: Int) -> RunID {
        let milliseconds = UInt64(Date().timeIntervalSince1970 * 1000) - UInt64(daysAgo) * 86_400_000
        return RunID(high: milliseconds << 16 | 0x7000, low: 0x8000_0000_0000_0001)
    }
}
