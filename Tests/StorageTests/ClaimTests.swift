import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A run has one holder")
struct ClaimTests {
    @Test("Claimers at the same time never get the same run, and together get all of them")
    func concurrentClaims() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let definition = try WorkflowDefinition.sampleChain()
            let runs = (0..<400).map { _ in NewRun.sample(definition) }
            try await TestEngine(test, definition).start(runs)
            let leases = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    let engine = TestEngine(test, definition)
                    group.addTask {
                        var mine: [Lease] = []
                        while mine.count < 400 {
                            let held = try await engine.leases.claim(limit: 7)
                            // Rows that others are just locking are skipped, so an empty claim may come too early.
                            if held.isEmpty, try await engine.leases.nextDue().wait.map({ $0 > .zero }) ?? true {
                                break
                            }
                            mine += held.map(\.lease)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: [Lease]()) { $0 += $1 }
            }
            #expect(leases.count == 400)
            #expect(Set(leases.map(\.runID)) == Set(runs.map(\.run.id)))
            #expect(leases.allSatisfy { $0.epoch == 1 })
        }
    }

    @Test("A live lease is not taken; an expired one is, under a higher epoch, and its call in flight is seen")
    func takeover() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let (first, second) = (TestEngine(test, definition), TestEngine(test, definition))
            let held = try await first.begin(definition)
            #expect(try await second.claim().isEmpty)
            try await test.expireLeases()
            let taken = try await second.claimOne()
            #expect(taken.lease == Lease(runID: held.lease.runID, epoch: 2))
            #expect(taken.claimed.isTakeover)
            #expect(!taken.claimed.beganDueSteps)
            #expect(taken.calls == [Call(step: 0, action: .execute, attempt: 1)])
            #expect(taken.claimed.failures == 1)
        }
    }

    @Test("A lease taken over again and again without progress is counted; progress sets the count back")
    func failuresCount() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(4)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            #expect(held.claimed.failures == 0)
            for expected in 1...2 {
                try await test.expireLeases()
                held = try await engine.claimOne()
                #expect(held.claimed.failures == expected)
            }
            #expect(try await engine.settle(&held, [try held.answered(.yes)]).unread == 0)
            try await test.expireLeases()
            #expect(try await engine.leases.claimSuspect()?.failures == 0)
        }
    }

    @Test("What the claim began is what folding the stored events gives", arguments: [false, true])
    func claimEqualsFold(hasBackoff: Bool) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleDiamond()
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            if hasBackoff {
                _ = try await engine.settle(&held, [try held.answered(.lost)])
                try await Task.sleep(for: .milliseconds(5))
                held = try await engine.claimOne()
                #expect(held.calls == [Call(step: 0, action: .execute, attempt: 2)])
            }
            try await expectFold(test, held, definition)
        }
    }

    @Test("A large output, which the snapshot only refers to, comes with the claim")
    func referredOutput() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let engine = TestEngine(test, definition)
            let output: JSON = [.string(String(repeating: "x", count: 5000)), "é"]
            let large = CallResult(outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3), output: output)
            var held = try await engine.begin(definition)
            for result in [large, large, .busy] { _ = try await engine.settle(&held, [try held.answered(result)]) }
            #expect(try await test.value("SELECT snapshot_refs::text FROM workflow_runs") == "{3,5}")
            #expect(try await test.value("SELECT octet_length(snapshot::text) < 1500 FROM workflow_runs") == "t")
            try await Task.sleep(for: .milliseconds(5))
            held = try await engine.claimOne()
            #expect(held.run.steps.prefix(2).allSatisfy { $0.output == output })
            try await expectFold(test, held, definition)
            // Once more, from what was read.
            _ = try await engine.settle(&held, [try held.answered(.busy)])
            #expect(try await test.value("SELECT snapshot_refs::text FROM workflow_runs") == "{3,5}")
            let view = "SELECT count(*) FROM run_steps WHERE output::text = '\(output.text)'"
            #expect(try await test.value(view) == "2")
        }
    }

    @Test("Many outputs of one commit cost a claim and a reader no more than their text")
    func manyReferredOutputs() async throws {
        try await TestDatabase.with { test in
            let steps = (0..<100).map { WorkflowDefinition.sampleStep("s\($0)", after: []) }
            let definition = try WorkflowDefinition.sample(name: "wide", steps: steps)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            let large = CallResult(
                outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3),
                output: [.string(String(repeating: "x", count: 200_000))])
            let answers = held.calls.map { call in
                Happening.finished(
                    step: call.step, action: call.action, attempt: call.attempt, call.step == 99 ? .busy : large)
            }
            #expect(try await engine.settle(&held, answers).unread == 0)
            try await Task.sleep(for: .milliseconds(5))
            // The statement timeout is five seconds.
            held = try await engine.claimOne()
            #expect(held.run.steps.prefix(99).allSatisfy { $0.output == large.output })
            let shown = try #require(try await RunReader(pool: test.database.reads).shown(held.run.id))
            #expect(shown.steps.prefix(99).allSatisfy { $0.output == .large(200_004) })
        }
    }

    @Test("Nothing is begun before its time, whatever has woken the run")
    func beforeItsTime() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, backoff: "1h")
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.busy)])
            try await test.execute("UPDATE outbox SET available_at = now()")
            held = try await engine.claimOne()
            #expect(!held.claimed.beganDueSteps && held.calls.isEmpty && held.run.steps[0].nextAttemptAt != nil)
        }
    }

    @Test("What was to be begun when the run came to rest is not begun when something else has happened since")
    func staleDue() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await engine.start([.sample(definition)])
            try await test.execute(
                """
                INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
                SELECT run_id, 2, now(), 'cancel_requested', 1, '{"by":"ann"}' FROM outbox;
                UPDATE outbox SET last_seq = 2, epoch = 1
                """)
            let held = try await engine.claimOne()
            #expect(!held.claimed.beganDueSteps && held.calls.isEmpty && held.run.cause == .cancelRequested)
            #expect(held.run.lastSequence == 2)
        }
    }

    @Test("A claim begins a compensation that waited for its backoff")
    func claimBeginsCompensation() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            for result in [CallResult.yes, .no, .busy] {
                _ = try await engine.settle(&held, [try held.answered(result)])
            }
            try await Task.sleep(for: .milliseconds(5))
            held = try await engine.claimOne()
            #expect(held.claimed.beganDueSteps)
            #expect(held.calls == [Call(step: 0, action: .compensate, attempt: 2)])
            try await expectFold(test, held, definition)
        }
    }

    @Test("A failure beside a call in flight is stored at once: a takeover starts nothing new")
    func takeoverWhileDraining() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleDiamond()
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            let left = try #require(held.calls.first)
            let refusal = Happening.finished(step: left.step, action: left.action, attempt: left.attempt, .no)
            _ = try await engine.settle(&held, [refusal])
            try await test.expireLeases()
            let taken = try await engine.claimOne()
            #expect(taken.run.cause == .stepFailed && taken.run.isDraining)
            #expect(taken.calls == [Call(step: 2, action: .execute, attempt: 1)])
            try await expectFold(test, taken, definition)
        }
    }

    @Test("With the deadline over or an unread inbox a claim begins nothing: that is decided first")
    func claimHoldsBack() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2, timeout: "1ms")
            let engine = TestEngine(test, definition)
            try await engine.start([.sample(definition)])
            try await Task.sleep(for: .milliseconds(5))
            let late = try await engine.claimOne()
            #expect(!late.claimed.beganDueSteps && late.calls.isEmpty)
            let patient = try WorkflowDefinition.sampleChain(2, name: "patient")
            let other = TestEngine(test, patient)
            let new = NewRun.sample(patient)
            try await other.start([new])
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(new.run.id, InboxRequest(.cancel(reason: nil), sentBy: "tests")) == .accepted)
            let cancelled = try await other.claimOne()
            #expect(cancelled.claimed.inboxCount == 1)
            #expect(!cancelled.claimed.beganDueSteps && cancelled.calls.isEmpty)
        }
    }

    private func expectFold(_ test: TestDatabase, _ held: Held, _ definition: WorkflowDefinition) async throws {
        let (run, differences) = try await test.fold(held.run.id, definition)
        #expect(differences == [])
        #expect(run.status == held.run.status)
        #expect(run.steps.compared == held.run.steps.compared)
        #expect(run.lastSequence == held.run.lastSequence)
        #expect(run.updatedAt == held.run.updatedAt)
        #expect(run.deadlineAt == held.run.deadlineAt)
    }
}
