import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Who waits for a row that somebody has locked takes nothing from others meanwhile")
struct LockedRequestTests {
    @Test("A locked request holds up nobody but the run it was sent to")
    func requestRow() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<4).map { _ in .sample(definition) })
            let held = try await engine.claim()
            let inbox = RunInbox(database: test.database)
            let cancel = InboxRequest(.cancel(reason: nil), sentBy: "tests")
            #expect(try await inbox.ask(held[2].run.id, cancel) == .accepted)
            let rows = try await engine.leases.inbox(of: held[2].run.id)
            let holder = try await test.lock(held[2].run.id, in: "run_inbox")
            let commits = try held.enumerated().map { index, one in
                index == 2
                    ? try one.decide(rows.compactMap { one.happening($0) }, consuming: rows)
                    : try one.decide([try one.answered(.yes)])
            }
            let began = ContinuousClock.now
            let results = await engine.writer.write(commits)
            #expect(ContinuousClock.now - began < .seconds(2), "one lock timeout, and who is locked is known")
            for (index, result) in results.enumerated() where index != 2 {
                #expect(try result.get().unread == 0)
            }
            guard case .failure(let error) = results[2], error.isRowLocked else {
                Issue.record("\(results[2])")
                return
            }
            await holder.close()
            #expect(try await engine.write(commits[2]).unread == 0)
            #expect(try await test.fold(held[2].run.id, definition).differences == [])
        }
    }

    /// Starts, one after the other, none of which may take long.
    private func expectStarts(_ engine: TestEngine, _ definition: WorkflowDefinition) async throws {
        for _ in 0..<5 {
            let began = ContinuousClock.now
            try await engine.start([.sample(definition)])
            let took = ContinuousClock.now - began
            #expect(took < .milliseconds(300), "a start waited for somebody else's row: \(took)")
        }
    }

    @Test("Requests to a run that is locked take no connection from others, and are refused after half a second")
    func requests() async throws {
        // As many connections as an API with one starter has.
        try await TestDatabase.with(writes: 3) { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            let holder = try await test.lock(held.run.id, in: "outbox")
            let inbox = RunInbox(database: test.database)
            let request = InboxRequest(.cancel(reason: nil), sentBy: "tests")
            let began = ContinuousClock.now
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do throws(StoreError) { _ = try await inbox.ask(held.run.id, request) } catch {
                            return error.isRowLocked
                        }
                        return false
                    }
                }
                try await Task.sleep(for: .milliseconds(30))
                try await expectStarts(engine, definition)
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 20)
            let took = ContinuousClock.now - began
            #expect(took > .milliseconds(400) && took < .seconds(3), "\(took)")
            #expect(try await test.value("SELECT count(*) FROM run_inbox") == "0")
            await holder.close()
            #expect(try await inbox.ask(held.run.id, request) == .accepted)
        }
    }

    @Test(
        "A quarantine waits until the lock is gone, and takes no connection from others",
        arguments: ["outbox", "workflow_runs"])
    func quarantine(table: String) async throws {
        try await TestDatabase.with(writes: 1) { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            let holder = try await test.lock(held.run.id, in: table)
            async let isDone = engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "No."))
            try await Task.sleep(for: .milliseconds(30))
            try await expectStarts(engine, definition)
            let status = "SELECT status FROM workflow_runs WHERE run_id = '\(held.run.id)'"
            #expect(try await test.value(status) == "PENDING", "that it runs is written when it rests")
            await holder.close()
            #expect(try await isDone)
            #expect(try await test.fold(held.run.id, definition).differences == [])
        }
    }
}
