import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Runs that nobody moves are found, explained, and freed only when that is safe")
struct RecoveryTests {
    private static let quiet = Duration.seconds(120)

    /// As if everything had happened that long ago; leases and waits stay as they are.
    private func age(_ test: TestDatabase, by time: String = "10 minutes") async throws {
        try await test.execute("UPDATE run_events SET at = at - interval '\(time)'")
        try await test.execute("UPDATE run_steps SET started_at = started_at - interval '\(time)'")
    }

    private func find(_ test: TestDatabase) async throws -> Recovery.Finding {
        let found = try await Recovery(database: test.database).quietRuns(for: Self.quiet, limit: 10)
        try #require(found.count == 1)
        return found[0]
    }

    private func beat(_ engine: TestEngine) async throws {
        _ = try await engine.database.writes.execute(BeatEngine(engine: engine.id, host: "here", inFlight: 1))
    }

    @Test("Engines on machines whose clocks are off by more than five seconds are named, while they live")
    func clocks() async throws {
        try await TestDatabase.with { test in
            for (host, report) in [
                ("fine", ["clock": ["offsetMs": -4900]]), ("ahead", ["clock": ["offsetMs": -5100]]),
                ("behind", ["clock": ["offsetMs": 3_600_000]]), ("gone", ["clock": ["offsetMs": 9000]]),
                ("unknown", ["clock": ["offsetMs": .null]]), ("older", [:]),
            ] as [(String, JSON)] {
                let beat = BeatEngine(engine: .sample(), host: host, inFlight: 0, report: report)
                _ = try await test.database.writes.execute(beat)
            }
            try await test.execute("UPDATE engines SET heartbeat_at = now() - interval '1 minute' WHERE host = 'gone'")
            let found = try await Recovery(database: test.database).wrongClocks()
            #expect(
                Set(found) == [
                    .init(host: "ahead", offset: .milliseconds(-5100)),
                    .init(host: "behind", offset: .seconds(3600)),
                ])
        }
    }

    @Test("A former holder can commit nothing after its run was freed, and every effect happens once under its key")
    func fencing() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            try await test.register(definition)
            var held = try await engine.begin(definition)
            try await beat(engine)
            try await age(test)
            let finding = try await find(test)
            guard case .callHangs(let call, let holder, _) = finding.reason else {
                Issue.record("\(finding.reason)")
                return
            }
            #expect(call.stepID == held.run.stepID(0) && call.action == .execute)
            #expect(holder.engine == engine.id && holder.host == "here")
            #expect(try await Recovery(database: test.database).free([finding]) == [held.run.id])
            try await age(test, by: "-10 minutes")

            let before = try await test.snapshot()
            #expect(try await engine.leases.renew([held.lease]) == .init())
            let outcome = try await engine.settle(&held, [try held.answered(.yes)])
            guard case .leaseLost = outcome else {
                Issue.record("the former holder committed: \(outcome)")
                return
            }
            #expect(try await test.snapshot() == before, "a stale writer changes nothing")

            let taken = try await other.claimOne()
            #expect(taken.claimed.isTakeover && !taken.claimed.beganDueSteps && taken.run.hasCallInFlight)
            #expect(taken.lease.epoch == held.lease.epoch + 2)
            #expect(taken.claimed.failures == 0, "a run that was freed is no lost engine")
            try await other.leases.release([taken.lease])
            var answered: [String] = []
            try await other.drive { run, call in
                answered.append("\(call.step) \(call.action) \(call.attempt)")
                return .yes
            }
            // The attempt in flight was lost, and is repeated under the same key.
            #expect(answered == ["0 execute 2", "1 execute 1"])
            let (run, differences) = try await test.fold(held.run.id, definition)
            #expect(run.status == .completed)
            #expect(differences == [])
        }
    }

    @Test("A run whose engine is gone without its lease running out is freed")
    func holderGone() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition, lease: .seconds(600))
            try await test.register(definition)
            let held = try await engine.begin(definition)
            try await age(test)
            let finding = try await find(test)
            guard case .holderGone = finding.reason else {
                Issue.record("\(finding.reason)")
                return
            }
            #expect(try await Recovery(database: test.database).free([finding]) == [held.run.id])
            #expect(try await TestEngine(test, definition).claimOne().claimed.isTakeover)
        }
    }

    @Test("A call to a participant that is paused is left with the engine that holds it, however long that takes")
    func pausedParticipant() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await test.register(definition)
            let put = PutParticipant(
                "demo", url: "http://demo", maxConcurrent: nil, headers: [:], breaker: nil, updatedBy: "tests")
            _ = try await test.database.writes.execute(put)
            _ = try await engine.begin(definition)
            try await beat(engine)
            try await age(test)
            _ = try await test.database.writes.execute(PauseParticipant("demo", by: "ann", reason: "patch"))
            let held = try await find(test)
            guard case .calling = held.reason else {
                Issue.record("\(held.reason)")
                return
            }
            #expect(try await Recovery(database: test.database).free([held]) == [])
            _ = try await test.database.writes.execute(ResumeParticipant("demo", by: "ann", reason: nil))
            let sent = try await find(test)
            guard case .callHangs = sent.reason else {
                Issue.record("\(sent.reason)")
                return
            }
        }
    }

    @Test("What waits as it should, or can't be helped by freeing it, is left alone")
    func leftAlone() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2, backoff: "1h")
            let engine = TestEngine(test, definition)
            try await test.register(definition)
            var held = try await engine.begin(definition)
            try await beat(engine)
            // Within its timeout, nothing is wrong, however impatient the question.
            let impatient = try await Recovery(database: test.database).quietRuns(for: .zero, limit: 10)
            guard case .calling? = impatient.first?.reason else {
                Issue.record("\(impatient)")
                return
            }
            _ = try await engine.settle(&held, [try held.answered(.busy)])
            try await age(test)
            let waiting = try await find(test)
            guard case .waiting(let wait) = waiting.reason else {
                Issue.record("\(waiting.reason)")
                return
            }
            #expect(wait.stepID == "step-1" && wait.action == .execute)
            // Due, and no engine lives.
            try await test.execute(
                "UPDATE outbox SET available_at = now() - interval '10 minutes'; DELETE FROM engines")
            let due = try await find(test)
            guard case .unclaimed(_, liveEngines: 0) = due.reason else {
                Issue.record("\(due.reason)")
                return
            }
            let before = try await test.snapshot()
            #expect(try await Recovery(database: test.database).free(impatient + [waiting, due]).isEmpty)
            #expect(try await test.snapshot() == before)
        }
    }

    @Test("A run put off beyond anything it waits for is found and made due")
    func parked() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await test.register(definition)
            try await engine.start([.sample(definition)])
            try await test.execute("UPDATE outbox SET available_at = now() + interval '1 day'")
            try await age(test)
            let finding = try await find(test)
            guard case .parked = finding.reason else {
                Issue.record("\(finding.reason)")
                return
            }
            #expect(try await Recovery(database: test.database).free([finding]).count == 1)
            try await engine.drive { _, _ in .yes }
            #expect(try await test.value("SELECT status FROM workflow_runs") == "COMPLETED")
        }
    }

    @Test("A run that moved, was claimed anew or is locked since it was looked at is not freed")
    func guarded() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            try await test.register(definition)
            let recovery = Recovery(database: test.database)
            var held = try await engine.begin(definition)
            try await beat(engine)
            try await age(test)
            let early = try await find(test)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            #expect(try await recovery.free([early]).isEmpty, "it moved")
            try await age(test)
            let again = try await find(test)
            try await test.expireLeases()
            _ = try await other.claimOne()
            try await age(test)
            #expect(try await recovery.free([again]).isEmpty, "another holder has it")

            try await beat(other)
            let pool = Pool(test.configuration, maximumSize: 1)
            let locked = try await pool.withConnection { connection throws(PostgresError) in
                _ = try await connection.simpleQuery("BEGIN; SELECT 1 FROM outbox FOR UPDATE; SELECT pg_sleep(1.1)")
                let pid = try await connection.simpleQuery("SELECT pg_backend_pid()").first?.first ?? nil
                let (finding, freed): (Recovery.Finding?, Set<RunID>)
                do throws(StoreError) {
                    finding = try await recovery.quietRuns(for: Self.quiet, limit: 10).first
                    freed = try await recovery.free([finding].compactMap(\.self) + [again])
                } catch {
                    throw .decoding("\(error)")
                }
                #expect(freed.isEmpty)
                _ = try await connection.simpleQuery("ROLLBACK")
                return (finding, pid)
            }
            await pool.close()
            guard case .locked(let locker)? = locked.0?.reason else {
                Issue.record("\(String(describing: locked.0?.reason))")
                return
            }
            #expect(locker.pid.map(String.init) == locked.1)
            #expect(locker.state == "idle in transaction")
        }
    }

    @Test("A run that failed is listed for a person, with the reason")
    func forsaken() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            let failure = Failure(kind: "quarantined", message: "It kills engines.")
            #expect(try await engine.leases.quarantine(held.lease, failure))
            let recovery = Recovery(database: test.database)
            #expect(try await recovery.forsakenRuns(for: .seconds(60), limit: 10).isEmpty)
            let found = try await recovery.forsakenRuns(for: .zero, limit: 10)
            #expect(found.map(\.runID) == [held.run.id])
            #expect(found.first?.isQuarantined == true && found.first?.error == failure)
        }
    }

    @Test("Why a run failed is what happened last, not what turned it back: a person is told to do another thing")
    func forsakenLater() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let engine = TestEngine(test, definition)
            let recovery = Recovery(database: test.database)
            let failure = Failure(kind: "quarantined", message: "It kills engines.")
            // It was on its way back when it was set aside.
            var held = try await engine.begin(definition)
            _ = try await engine.work(&held) { _, call in
                call.action == .compensate ? nil : call.step < 2 ? .yes : .no
            }
            #expect(try await engine.leases.quarantine(held.lease, failure))
            #expect(try await test.value("SELECT cause FROM workflow_runs") == "STEP_FAILED")
            #expect(try await recovery.forsakenRuns(for: .zero, limit: 10).map(\.isQuarantined) == [true])
            // It was taken up again, and a compensation gave up. Its cause stays.
            try await test.execute("UPDATE workflow_runs SET cause = 'QUARANTINED'")
            let request = InboxRequest(.retry(stepID: nil), sentBy: "ann")
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(held.run.id, request) == .accepted)
            try await engine.drive { _, _ in .no }
            let found = try await recovery.forsakenRuns(for: .zero, limit: 10)
            #expect(found.map(\.isQuarantined) == [false] && found.first?.error?.kind == "compensation")
        }
    }
}
