import Core
@testable import Engine
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Failures can be injected, half before and half after the effect")
struct FailureInjectorTests {
    @Test("A share of 0 puts nothing in the way")
    func none() { #expect(FailureInjector(share: 0) == nil) }

    @Test("A failure before the effect is notSent and reaches nobody; one after it is unknown and hides what was done")
    func halves() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 5)
        try await Stage.with([chain]) { stage in
            // Failures in a row would open it.
            try await stage.test.execute("UPDATE participants SET breaker = 'false'")
            try await stage.withEngine(["--inject-failure", "0.5"]) { engine in
                let injector = try #require(engine.caller.injector)
                let runs = try await stage.start(chain, count: 60)
                for run in runs { #expect(try await stage.end(of: run).isTerminal) }
                var attempts = (notSent: 0, unknown: 0, all: 0)
                for run in runs {
                    for event in try await stage.events(run) where event.row.kind == .attemptFailed {
                        attempts.notSent += event.row.outcome == .notSent ? 1 : 0
                        attempts.unknown += event.row.outcome == .unknown ? 1 : 0
                    }
                    attempts.all += try await stage.events(run).count { $0.row.kind == .attemptStarted }
                    try await stage.expectConsistent(run, chain)
                }
                #expect(attempts.notSent == injector.count.before)
                #expect(attempts.unknown == injector.count.after)
                #expect(stage.participant.calls.count == attempts.all - attempts.notSent)
                // A quarter of the attempts each; 60 runs make 100 of them or more.
                #expect(min(attempts.notSent, attempts.unknown) >= 8, "\(attempts)")
            }
        }
    }

    @Test("Exactly the share fails: the lower half of it before, the upper half after", arguments: [0.2, 1.0])
    func share(share: Double) async throws {
        let rolls = 1000
        let next = Mutex(0)
        let injector = try #require(
            FailureInjector(share: share) {
                next.withLock { number in
                    defer { number += 1 }
                    return Double(number) / Double(rolls)
                }
            })
        let faults = (0..<rolls).map { _ in injector.fault() }
        #expect(faults.count { $0 == .before } == Int(share * Double(rolls)) / 2)
        #expect(faults.count { $0 == .after } == Int(share * Double(rolls)) / 2)
    }
}
