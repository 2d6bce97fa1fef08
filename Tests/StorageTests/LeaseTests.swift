import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Leases are extended, given back and lost")
struct LeaseTests {
    @Test("A renewal extends what is still held, leaves out what is lost, and tells of unread inbox rows")
    func renew() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition, lease: .seconds(100))
            let other = TestEngine(test, definition)
            try await engine.start((0..<4).map { _ in .sample(definition) })
            var held = try await engine.claim()
            let (kept, asked, taken) = (held[0].lease, held[1].lease, held[2].lease)
            try await test.execute("UPDATE outbox SET available_at = now() WHERE run_id = '\(taken.runID)'")
            _ = try await other.claimOne()
            var ended = held.removeLast()
            for _ in 0..<2 { _ = try await engine.settle(&ended, [try ended.answered(.yes)]) }
            #expect(ended.run.status == .completed)
            _ = try await RunInbox(database: test.database).ask(
                asked.runID, InboxRequest(.cancel(reason: nil), sentBy: "client"))
            try await test.execute("UPDATE outbox SET available_at = now() WHERE run_id = '\(kept.runID)'")
            let renewed = try await engine.leases.renew([ended.lease, taken, asked, kept])
            #expect(renewed == .init(held: [kept.runID: 0, asked.runID: 1]))
            let left = "SELECT extract(epoch FROM available_at - now()) > 90 FROM outbox WHERE run_id = '\(kept.runID)'"
            #expect(try await test.value(left) == "t")
        }
    }

    @Test("A lease that is given back can be claimed at once, as a takeover; one that is lost can't be given back")
    func release() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            let held = try await engine.begin(definition)
            try await engine.leases.release([held.lease])
            let taken = try await other.claimOne()
            #expect(taken.claimed.isTakeover && taken.lease.epoch == 2)
            #expect(taken.claimed.failures == 0, "a lease given back is no lost engine")
            try await other.leases.release([taken.lease], after: .seconds(60))
            #expect(try await engine.claim().isEmpty, "it is not due yet")
            try await engine.leases.release([held.lease])
            #expect(try await engine.claim().isEmpty)
        }
    }

    @Test("A quarantined run is FAILED with its reason, also when its claim has just begun steps or it has requests")
    func quarantine() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleDiamond()
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            _ = try await RunInbox(database: test.database).ask(
                held.run.id, InboxRequest(.cancel(reason: nil), sentBy: "client"))
            let failure = Failure(kind: "quarantined", message: "It kills engines.")
            #expect(try await engine.leases.quarantine(held.lease, failure))
            let (run, differences) = try await test.fold(held.run.id, definition)
            #expect(differences == [])
            #expect(run.status == .failed && run.cause == .quarantined && run.error == failure)
            // What was asked and not read stays: it counts when an operator takes the run up again.
            #expect(
                try await test.query("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM run_inbox)") == [
                    ["0", "1"]
                ])
            #expect(try await !engine.leases.quarantine(held.lease, failure))
        }
    }

    @Test("Who lost the lease can't quarantine the run")
    func staleQuarantine() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            let held = try await engine.begin(definition)
            try await test.expireLeases()
            _ = try await other.claimOne()
            let before = try await test.snapshot()
            let failure = Failure(kind: "quarantined", message: "No.")
            #expect(try await !engine.leases.quarantine(held.lease, failure))
            #expect(try await test.snapshot() == before)
        }
    }

    @Test(
        "What had gone wrong before a quarantine is kept in the error, and is the error again when the run is taken up")
    func quarantineKeepsError() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            _ = try await engine.settle(&held, [try held.answered(.no)])
            let first = try #require(held.run.error)
            let inbox = RunInbox(database: test.database)
            var claimed = held
            for message in ["No.", "No again."] {
                let failure = Failure(kind: "quarantined", message: message)
                #expect(try await engine.leases.quarantine(claimed.lease, failure))
                let (run, differences) = try await test.fold(held.run.id, definition)
                #expect(differences == [] && run.error == failure && run.turnedBackBy == first)
                #expect(
                    try await inbox.ask(held.run.id, InboxRequest(.retry(stepID: nil), sentBy: "ops"))
                        == .accepted)
                claimed = try await engine.claimOne()
                #expect(claimed.run.error == failure && claimed.run.turnedBackBy == first)
            }
            _ = try await engine.work(&claimed) { _, _ in .yes }
            // The call that was in flight is lost, and waits for its next attempt.
            try await engine.drive { _, _ in .yes }
            let (run, differences) = try await test.fold(held.run.id, definition)
            #expect(run.status == .compensated && run.error == first && differences == [])
        }
    }

    @Test("A quarantined run goes on where it was when an operator retries it")
    func retryQuarantined() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            #expect(try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "No.")))
            let inbox = RunInbox(database: test.database)
            #expect(
                try await inbox.ask(held.run.id, InboxRequest(.retry(stepID: "step-1"), sentBy: "ops")) == .accepted)
            try await engine.drive { _, _ in .yes }
            let (run, differences) = try await test.fold(held.run.id, definition)
            #expect(run.status == .completed)
            #expect(differences == [])
        }
    }
}
