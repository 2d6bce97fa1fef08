import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Limits of a participant over four engines", .serialized, .timeLimit(.minutes(3)))
struct SharedLimitTests {
    /// When calls arrived.
    private final class Arrivals: Sendable {
        private let times = Mutex<[ContinuousClock.Instant]>([])

        func add() { times.withLock { $0.append(.now) } }

        var all: [ContinuousClock.Instant] { times.withLock { $0 }.sorted() }

        /// The most within any time of this length.
        func most(within length: Duration) -> Int {
            let all = all
            return all.indices.map { first in all[first...].prefix { $0 - all[first] < length }.count }.max() ?? 0
        }
    }

    /// How late timers are on this machine while something goes on.
    private final class Lateness: Sendable {
        private let longest = Mutex(Duration.zero)

        var worst: Duration { longest.withLock { $0 } }

        func measured(_ body: @Sendable @escaping () async throws -> Void) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        let due = ContinuousClock.now + .milliseconds(5)
                        try? await Task.sleep(until: due, clock: .continuous)
                        let late = ContinuousClock.now - due
                        self.longest.withLock { $0 = max($0, late) }
                    }
                }
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
                group.cancelAll()
                try await group.waitForAll()
                try outcome.get()
            }
        }
    }

    private static func withFour(
        _ stage: Stage, _ flags: [String] = [], _ body: @Sendable @escaping ([Engine]) async throws -> Void
    ) async throws {
        try await stage.withEngine(flags) { one in
            try await stage.withEngine(flags) { two in
                try await stage.withEngine(flags) { three in
                    try await stage.withEngine(flags) { four in try await body([one, two, three, four]) }
                }
            }
        }
    }

    /// How many engines have made calls.
    private static func engines(_ stage: Stage) async throws -> Int {
        Int(try await stage.test.value("SELECT count(DISTINCT engine_id) FROM run_events") ?? "") ?? 0
    }

    @Test("never more calls are in flight from four engines than maxConcurrent, and all of it is used")
    func concurrency() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let meter = Meter()
        let answer: TestParticipant.Answer = { _ in
            meter.enter()
            try? await Task.sleep(for: .milliseconds(50))
            meter.leave()
            return (200, "{}")
        }
        try await Stage.with([chain], answer: answer) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 6")
            try await Self.withFour(stage) { _ in
                var runs: [RunID] = []
                for _ in 0..<8 { runs += try await stage.start(chain, count: 50) }
                for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
                #expect(meter.highest == 6)
                #expect(try await Self.engines(stage) > 1, "one engine alone would prove nothing")
            }
            #expect(try await stage.test.value("SELECT count(*) FROM call_shares") == "0", "given back at the stop")
        }
    }

    @Test("where there are more engines than calls they take turns: no run starves, and no attempt is used up")
    func turns() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        let meter = Meter()
        let answer: TestParticipant.Answer = { _ in
            meter.enter()
            try? await Task.sleep(for: .milliseconds(400))
            meter.leave()
            return (200, "{}")
        }
        try await Stage.with([chain], answer: answer) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await Self.withFour(stage) { _ in
                var runs: [RunID] = []
                for _ in 0..<12 { runs += try await stage.start(chain, count: 3) }
                let giveUpAt = ContinuousClock.now + .seconds(90)
                while stage.participant.calls.count < 36, .now < giveUpAt {
                    try await Task.sleep(for: .milliseconds(50))
                }
                for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
                #expect(meter.highest == 1)
                let outcomes = try await stage.test.value("SELECT string_agg(DISTINCT outcome, ',') FROM run_events")
                #expect(outcomes == "succeeded")
                #expect(stage.participant.calls.allSatisfy { $0.attempt == 1 })
                #expect(try await Self.engines(stage) > 1)
            }
        }
    }

    @Test("calls of four engines begin at the rate, within a tenth, and waiting uses no attempt up")
    func rate() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        let arrivals = Arrivals()
        let answer: TestParticipant.Answer = { _ in
            arrivals.add()
            return (200, "{}")
        }
        try await Stage.with([chain], answer: answer) { stage in
            try await stage.test.execute(#"UPDATE participants SET rate = '{"perSecond": 40}'"#)
            // Each of them can hold a quarter of the runs, so that all have calls to make until the end.
            try await Self.withFour(stage, ["--max-in-flight", "100"]) { engines in
                var runs: [RunID] = []
                for _ in 0..<8 { runs += try await stage.start(chain, count: 50) }
                let (started, lateness) = (runs, Lateness())
                try await lateness.measured {
                    for runID in started {
                        let status = try await stage.end(of: runID)
                        #expect(status == .completed)
                    }
                }
                #expect(arrivals.all.count == 400)
                // One call at once from each engine, and the rate.
                #expect(arrivals.most(within: .seconds(1)) <= 44 + engines.count)
                #expect(arrivals.most(within: .seconds(5)) <= 220 + engines.count)
                // After a time to settle, and only if the machine kept up: late timers are made up for by 50 ms.
                let all = arrivals.all
                let (first, last) = (all[100], all[300])
                print(
                    "rate over four engines: 200 calls in \(last - first), 5 s at the rate; "
                        + "most within a second \(arrivals.most(within: .seconds(1))) of 40")
                if lateness.worst < .milliseconds(50) { #expect(last - first < .seconds(5.5), "\(last - first)") }
                #expect(try await Self.engines(stage) > 1)
                let outcomes = try await stage.test.value("SELECT string_agg(DISTINCT outcome, ',') FROM run_events")
                #expect(outcomes == "succeeded")
            }
        }
    }

    @Test("an engine that was killed keeps its share for 15 s, and then another has it")
    func killed() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 2")
            let dead = EngineID.sample()
            let grants = try await stage.test.database.writes.withConnection { connection throws(PostgresError) in
                try await connection.takeCallShares([CallDemand(participant: "demo", calls: 9, rate: 0)], of: dead) {
                    _ in
                    ["demo": 2]
                }
            }
            #expect(grants.first?.calls == 2)
            try await stage.test.execute("UPDATE call_shares SET seen_at = seen_at - interval '11 s'")
            try await stage.withEngine { engine in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "in the queue") { _, _ in
                    engine.participants.limiter.queued == ["demo": 1]
                }
                let isTaken =
                    "SELECT count(*) FROM call_shares WHERE engine_id = '\(dead)' AND "
                    + "seen_at > clock_timestamp() - interval '15 s'"
                while try await stage.test.value(isTaken) == "1" {
                    let calls = stage.participant.calls.count
                    // Looked at once more: it may have come free in between.
                    if calls > 0, try await stage.test.value(isTaken) == "1" { #expect(calls == 0) }
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await stage.end(of: runID) == .completed)
            }
        }
    }

    @Test("how many calls wait for the rate is told, and a rate that is raised or dropped lets them go")
    func told() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        try await Stage.with([chain]) { stage in
            try await stage.test.execute(#"UPDATE participants SET rate = '{"perSecond": 0.01}'"#)
            try await stage.withEngine { engine in
                let runs = try await stage.start(chain, count: 4)
                while stage.participant.calls.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                for runID in runs {
                    try await stage.wait(for: runID, "begun") { _, steps in steps[0].step.attempts == 1 }
                }
                #expect(engine.participants.report.shared["demo"]?["queued"] == 3)
                try await stage.wait(for: runs[0], "told") { _, _ in
                    let engines = try await stage.test.database.reads.execute(ListEngines())
                    return engines.first?.report["participants"]?["demo"]?["queued"] == 3
                }
                #expect(stage.participant.calls.count == 1)
                try await stage.test.execute("UPDATE participants SET rate = NULL")
                for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
                #expect(stage.participant.calls.map(\.attempt) == [1, 1, 1, 1])
            }
        }
    }
}
