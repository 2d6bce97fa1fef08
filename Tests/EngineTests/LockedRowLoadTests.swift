import Core
@testable import Engine
import Postgres
import Storage
import Telemetry
import Testing
import TestSupport

@Suite("One locked row is no matter of anybody else's", .timeLimit(.minutes(3)))
struct LockedRowLoadTests {
    /// Runs a second: about half of what an instrumented build on two busy cores carries.
    private static let rate = 40

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

    private func p99(_ times: [Duration]) throws -> Duration {
        try #require(times.count > 100)
        return times.sorted()[times.count * 99 / 100]
    }

    @Test("While an outbox row is locked for 20 s, others take no more than twice as long, and no lease is lost")
    func outbox() async throws {
        let chain = try WorkflowDefinition.sampleChain(3)
        let gate = Gate()
        try await Stage.with(
            [chain],
            answer: { call in
                if call.body.contains("locked") { await gate.wait() }
                return (200, "{}")
            }
        ) { stage in
            try await stage.withEngine { engine in
                let locked = try await stage.start(chain, input: ["orderId": "locked"])[0]
                try await stage.wait(for: locked, "called") { _, steps in steps[0].step.callInFlight != nil }
                // Before and after: what else the machine does changes.
                var free = try await load(stage, chain) { try await Task.sleep(for: .seconds(5)) }
                let holder = try await Connection.connect(stage.test.configuration)
                try await holder.simpleQuery("BEGIN; SELECT FROM outbox WHERE run_id = '\(locked)' FOR UPDATE")
                gate.open()
                let beside = try await load(stage, chain) { try await Task.sleep(for: .seconds(20)) }
                #expect(try await stage.events(locked).contains { $0.kind == "attempt_succeeded" } == false)
                try await holder.simpleQuery("ROLLBACK")
                await holder.close()
                free += try await load(stage, chain) { try await Task.sleep(for: .seconds(5)) }
                let (before, meanwhile) = (try p99(free), try p99(beside))
                print("from start to finished, p99: \(before) without, \(meanwhile) beside a locked row")
                #expect(meanwhile <= max(before * 2, before + .milliseconds(50)), "\(before) without")
                #expect(try await stage.end(of: locked) == .completed)
                let claims = "SELECT count(*) FROM run_events WHERE epoch > 1 AND run_id <> '\(locked)'"
                #expect(try await stage.test.value(claims) == "0", "a lease was lost: its run was claimed again")
                #expect(engine.metrics.leasesLost.value == 0)
            }
        }
    }
}
