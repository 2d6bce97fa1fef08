import Core
@testable import Engine
import Settings
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Engines may die, runs may be poison, and the rest goes on")
struct LossTests {
    @Test("a run whose engine is gone is taken over: the attempt in flight is lost, and repeated under the same key")
    func takeover() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain)[0]
            let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .milliseconds(300))
            #expect(try await dead.claim(limit: 1).map(\.lease.runID) == [runID])
            try await stage.withEngine(["--poll", "50ms"]) { _ in
                #expect(try await stage.end(of: runID) == .completed)
                let lost = try await stage.events(runID).filter { $0.row.error?["kind"] == "lost" }
                #expect(lost.map(\.row.outcome) == [.unknown])
                #expect(lost.map(\.epoch) == [2])
                #expect(stage.participant.calls.map(\.attempt) == [2, 1])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a lost attempt is not the participant's failure: it uses up none of the policy's attempts")
    func lostIsNoAttempt() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1, backoff: "10ms")
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain)[0]
            let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .milliseconds(300))
            #expect(try await dead.claim(limit: 1).count == 1)
            try await stage.withEngine(["--poll", "50ms"]) { _ in
                #expect(try await stage.end(of: runID) == .completed)
                let lost = try #require(try await stage.events(runID).first { $0.row.kind == .attemptFailed })
                #expect(lost.row.retryIn == .milliseconds(10))
                #expect(stage.participant.calls.map(\.attempt) == [2])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a run whose definition can't be read is quarantined with the reason, and others go on")
    func unreadable() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let broken = try WorkflowDefinition.sampleChain(1, name: "broken")
        try await Stage.with([chain, broken]) { stage in
            let poison = try await stage.start(broken)[0]
            try await stage.test.execute(
                "UPDATE workflow_definitions SET spec = '{}' WHERE workflow_name = 'broken'")
            let healthy = try await stage.start(chain)[0]
            try await stage.withEngine { _ in
                #expect(try await stage.end(of: poison) == .failed)
                #expect(try await stage.end(of: healthy) == .completed)
                let run = try #require(try await stage.reader.find(poison)).run
                #expect(run.cause == .quarantined)
                #expect(run.error?["kind"] == "quarantined")
                #expect(try await stage.test.value("SELECT count(*) FROM outbox") == "0")
            }
        }
    }

    /// Engines claim and are lost: three among others, then as many alone.
    private func loseEngines(_ stage: Stage, alone: Int) async throws {
        for number in 0..<(3 + alone) {
            let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .seconds(60))
            if number < 3 {
                #expect(try await !dead.claim(limit: 100).isEmpty)
            } else {
                #expect(try await dead.claimSuspect() != nil)
            }
            try await stage.test.execute("UPDATE outbox SET available_at = now() - interval '1 second'")
        }
    }

    @Test("a run that took six engines with it, three while it was alone, is quarantined instead of the seventh")
    func engineKiller() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain)[0]
            try await loseEngines(stage, alone: 3)
            try await stage.withEngine { _ in
                #expect(try await stage.end(of: runID) == .failed)
                #expect(stage.participant.calls.isEmpty)
                try await stage.expectConsistent(runID, chain)
                let run = try #require(try await stage.reader.find(runID)).run
                let message = run.error?["message"]?.string
                #expect(message?.contains("the last 3 of them while they held nothing else") == true)
            }
        }
    }

    @Test("runs that only were in flight when engines were lost are not quarantined, however often that was")
    func bystanders() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let runs = try await stage.start(chain, count: 8)
            try await loseEngines(stage, alone: 2)
            // As long as nobody else claims them alone nothing more can count.
            for _ in 0..<5 {
                let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .seconds(60))
                #expect(try await dead.claim(limit: 100).isEmpty)
            }
            try await stage.withEngine(["--poll", "50ms"]) { _ in
                for run in runs {
                    let end = try await stage.end(of: run)
                    #expect(end == .completed)
                }
            }
        }
    }

    private final class Times: Sendable {
        private let noted = Mutex<[String: ContinuousClock.Instant]>([:])

        func note(_ name: String) { noted.withLock { $0[name] = .now } }

        subscript(name: String) -> ContinuousClock.Instant? { noted.withLock { $0[name] } }
    }

    @Test("a suspect is held alone: after what is in flight, before what comes, and not for longer than it must be")
    func alone() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        let times = Times()
        try await Stage.with(
            [chain],
            answer: { call in
                let name = ["first", "suspect", "last"].first { call.body.contains($0) } ?? "none"
                times.note(name)
                if name == "first" {
                    // Longer than it takes until a suspect is looked for.
                    try? await Task.sleep(for: .milliseconds(2500))
                    times.note("first's end")
                }
                if name == "suspect" { await gate.wait() }
                return (200, "{}")
            }
        ) { stage in
            let suspect = try await stage.start(chain, input: ["name": "suspect"])[0]
            try await stage.test.execute(
                """
                UPDATE outbox SET lease_owner = gen_random_uuid(), epoch = 7, failures = 2,
                    available_at = now() + interval '1 hour'
                """)
            try await stage.withEngine(["--poll", "50ms", "--lease", "60s"]) { _ in
                let first = try await stage.start(chain, input: ["name": "first"])[0]
                try await stage.wait(for: first, "called") { _, _ in times["first"] != nil }
                try await stage.test.execute(
                    "UPDATE outbox SET available_at = now() WHERE run_id = '\(suspect)'")
                try await stage.wait(for: suspect, "called") { _, _ in times["suspect"] != nil }
                // Its call takes its time: it is held alone no longer, and is no suspect any more.
                let last = try await stage.start(chain, input: ["name": "last"])[0]
                #expect(try await stage.end(of: last) == .completed)
                #expect(try await stage.test.value("SELECT failures FROM outbox WHERE run_id = '\(suspect)'") == "1")
                gate.open()
                #expect(try await stage.end(of: suspect) == .completed)
                let (began, ended) = (try #require(times["suspect"]), try #require(times["first's end"]))
                #expect(ended <= began, "nothing else was in flight")
                #expect(try #require(times["last"]) - began > Probing.window / 2, "nothing else was claimed")
            }
        }
    }

    @Test("outbox rows without a run keep an engine from nothing")
    func orphans() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            try await stage.test.execute(
                """
                INSERT INTO outbox (run_id, available_at)
                SELECT gen_random_uuid(), now() - interval '1 minute' FROM generate_series(1, 300)
                """)
            let runID = try await stage.start(chain)[0]
            try await stage.withEngine(["--max-in-flight", "10", "--poll", "50ms"]) { _ in
                let end = try await stage.end(of: runID)
                #expect(end == .completed)
            }
        }
    }

    @Test("a cancel accepted before a quarantine is carried out when an operator takes the run up again")
    func cancelSurvivesQuarantine() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.quarantined(chain) {
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: $0)
            }
            try await stage.withEngine { _ in
                try await stage.send(InboxRequest(.retry(stepID: "step-1"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "cancelled") { run, _ in run.status == .cancelled }
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("the retry of a quarantined run repeats the lost call once and burns no other attempt")
    func retryQuarantined() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 2)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.quarantined(chain) { _ in }
            try await stage.withEngine { _ in
                try await stage.send(InboxRequest(.retry(stepID: "step-1"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "completed") { run, _ in run.status == .completed }
                #expect(stage.participant.calls.map(\.attempt) == [2])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a stop waits for calls in flight no longer than the grace period, and gives the run back at once")
    func stop() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        try await Stage.with(
            [chain],
            answer: { call in
                if call.attempt == 1 { await gate.wait() }
                return (200, "{}")
            }
        ) { stage in
            let runID = try await stage.start(chain)[0]
            try await stage.withEngine(["--grace", "200ms", "--lease", "300s"]) { _ in
                try await stage.wait(for: runID, "called") { _, _ in !stage.participant.calls.isEmpty }
            }
            #expect(try await stage.test.value("SELECT available_at <= now() FROM outbox") == "t")
            try await stage.withEngine { _ in
                #expect(try await stage.end(of: runID) == .completed)
                #expect(stage.participant.calls.map(\.attempt) == [1, 2])
                try await stage.expectConsistent(runID, chain)
            }
            gate.open()
        }
    }

    @Test("a participant nobody registered is called when it is, and burns no more than its backoff until then")
    func unregistered() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 100, backoff: "200ms")
        try await Stage.with([chain]) { stage in
            try await stage.test.execute("UPDATE participants SET participant_name = 'later'")
            let runID = try await stage.start(chain)[0]
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "waiting") { _, steps in steps[0].step.error?.kind == "notSent" }
                try await stage.test.execute("UPDATE participants SET participant_name = 'demo'")
                #expect(try await stage.end(of: runID) == .completed)
            }
        }
    }

    @Test("a participant registered after the engine has started is called at the first attempt")
    func registeredJustNow() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            try await stage.test.execute("UPDATE participants SET participant_name = 'later'")
            try await stage.withEngine { _ in
                try await stage.test.execute("UPDATE participants SET participant_name = 'demo'")
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .completed)
                #expect(stage.participant.calls.map(\.attempt) == [1])
            }
        }
    }

    @Test(
        "a setting that can't be used is refused with a sentence that names it",
        arguments: [
            (["--max-in-flight", "many"], "MAX_IN_FLIGHT"), (["--max-in-flight", "0"], "--max-in-flight"),
            (["--lease", "10"], "LEASE"), (["--lease", "1ms"], "500ms"), (["--poll", "-1s"], "POLL"),
            (["--ops-port", "70000"], "OPS_PORT"), (["--participant-allow", "10.0.0.1/8"], "10.0.0.1/8"),
            (["--log-level", "loud"], "loud"), (["--leese", "10s"], "--leese"),
        ])
    func settings(flags: [String], says: String) throws {
        var settings = Settings(
            program: "sagaflow-engine", about: "under test",
            arguments: ["sagaflow-engine", "--database-url", "postgres://localhost/x"] + flags, environment: [:])
        let error = #expect(throws: SettingsError.self) { try EngineConfiguration(&settings) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }
}

@Suite("An engine clears up")
struct MaintenanceTests {
    @Test("expired idempotency keys go, however many; the others stay")
    func expiredKeys() async throws {
        try await Stage.with([]) { stage in
            try await stage.test.execute(
                """
                INSERT INTO idempotency_keys
                SELECT 'default', 'key-' || i, sha256(''), gen_random_uuid(),
                    now() + CASE WHEN i <= 2500 THEN interval '-1 second' ELSE interval '1 hour' END
                FROM generate_series(1, 2503) i
                """)
            try await stage.withEngine { _ in
                let giveUpAt = ContinuousClock.now + .seconds(10)
                var left: String?
                while left != "3", ContinuousClock.now < giveUpAt {
                    left = try await stage.test.value("SELECT count(*) FROM idempotency_keys")
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(left == "3")
            }
        }
    }
}
