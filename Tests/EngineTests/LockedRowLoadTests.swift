import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import Telemetry
import Testing
import TestSupport

@Suite("One locked row is no matter of anybody else's", .timeLimit(.minutes(3)))
struct LockedRowLoadTests {
    /// Runs a second: with two engines about half of what an instrumented build on two busy cores carries.
    private static let rate = 25

    /// Starts runs at a fixed rate, as an API does, until it is over.
    private static func start(
        _ definition: WorkflowDefinition, with starter: RunStarter, _ stage: Stage, until isOver: Gate
    ) async throws -> [RunID] {
        defer { starter.close() }
        return try await withThrowingTaskGroup(of: RunID.self) { starts in
            var next = ContinuousClock.now
            while !isOver.isOpen {
                starts.addTask {
                    let new = NewRun.sample(definition)
                    let outcome = try await starter.submit(new)
                    #expect(outcome == .started)
                    _ = try await stage.test.query("SELECT pg_notify('\(Channel.outbox)', '')")
                    return new.run.id
                }
                next += .seconds(1) / rate
                try await Task.sleep(until: next, clock: .continuous)
            }
            return try await starts.reduce(into: []) { $0.append($1) }
        }
    }

    /// Starts runs for the time of `body`; the time each took from start to finished, as the database saw it.
    private func load(
        _ stage: Stage, _ definition: WorkflowDefinition, during body: () async throws -> Void
    ) async throws -> [Duration] {
        let starter = RunStarter(pool: stage.test.database.writes)
        let isOver = Gate()
        let runIDs = try await withThrowingTaskGroup(of: [RunID].self) { group in
            group.addTask {
                await starter.run()
                return []
            }
            group.addTask { try await Self.start(definition, with: starter, stage, until: isOver) }
            try await body()
            isOver.open()
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var times: [Duration] = []
        for runID in runIDs {
            #expect(try await stage.end(of: runID) == .completed)
            let (run, _) = try #require(try await stage.reader.find(runID))
            times.append(try #require(run.completedAt) - run.createdAt)
        }
        return times
    }

    /// What became of runs under load for 20 s.
    private struct Measured {
        let p99: Duration
        /// Runs, other than the one that may be locked, that were claimed more than once, because their lease was lost.
        let claimedAgain: String?
        let leasesLost: Int
    }

    /// Measures an engine by itself, of which one run has its outbox row locked all the time, or not.
    private func measure(locks: Bool) async throws -> Measured {
        let chain = try WorkflowDefinition.sampleChain(3)
        let gate = Gate()
        let result = Mutex<Measured?>(nil)
        try await Stage.with(
            [chain],
            answer: { call in
                if call.body.contains("held") { await gate.wait() }
                return (200, "{}")
            }
        ) { stage in
            try await stage.withEngine { engine in
                let held = try await stage.start(chain, input: ["orderId": "held"])[0]
                try await stage.wait(for: held, "called") { _, steps in steps[0].step.callInFlight != nil }
                let holder = try await Connection.connect(stage.test.configuration)
                if locks {
                    // However long the others take: a session that does nothing in its transaction is ended otherwise.
                    try await holder.simpleQuery("SET idle_in_transaction_session_timeout = 0")
                    try await holder.simpleQuery("BEGIN; SELECT FROM outbox WHERE run_id = '\(held)' FOR UPDATE")
                }
                gate.open()
                let times = try await load(stage, chain) { try await Task.sleep(for: .seconds(20)) }
                let isWritten = try await stage.events(held).contains { $0.kind == "attempt_succeeded" }
                #expect(isWritten == !locks)
                await holder.close()
                #expect(try await stage.end(of: held) == .completed)
                try #require(times.count > 100)
                let claims = "SELECT count(*) FROM run_events WHERE epoch > 1 AND run_id <> '\(held)'"
                let measured = Measured(
                    p99: times.sorted()[times.count * 99 / 100], claimedAgain: try await stage.test.value(claims),
                    leasesLost: engine.metrics.leasesLost.value)
                result.withLock { $0 = measured }
            }
        }
        return try #require(result.withLock { $0 })
    }

    @Test("While an outbox row is locked for 20 s, others take no more than twice as long, and no lease is lost")
    func outbox() async throws {
        // At the same time, each in a database of its own: what else the machine does, it does to both.
        async let without = measure(locks: false)
        async let beside = measure(locks: true)
        let (free, locked) = (try await without, try await beside)
        print("from start to finished, p99: \(free.p99) without, \(locked.p99) beside a locked row")
        #expect(locked.p99 <= max(free.p99 * 2, free.p99 + .milliseconds(50)), "\(free.p99) without")
        #expect(locked.claimedAgain == "0")
        #expect(locked.leasesLost == 0)
    }
}
