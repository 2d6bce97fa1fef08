import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A write whose acknowledgement was lost is recognised")
struct LostAnswerTests {
    /// One connection through the proxy, as the hot path has it.
    private func withProxy(
        _ test: TestDatabase, _ body: (CuttingProxy, Pool) async throws -> Void
    ) async throws {
        let (proxy, configuration) = try await CuttingProxy.before(test)
        let database = Database(configuration, writes: 1, reads: 1)
        do {
            try await body(proxy, database.writes)
        } catch {
            Issue.record(error)
        }
        await database.close()
        proxy.stop()
    }

    @Test("A commit that was stored is not repeated, also when it ended the run", arguments: [1, 2])
    func commit(steps: Int) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(steps)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<6).map { _ in .sample(definition) })
            let commits = try await engine.claim().map { try $0.decide([try $0.answered(.yes)]) }
            try await withProxy(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = CommitWriter(pool: pool, engine: engine.id, patience: .seconds(20))
                // The first batch prepares the statement: the answer that is lost is that of the commit itself.
                #expect(try await writer.write([commits[0]])[0].get().unread == 0)
                proxy.cutNextAnswer()
                for result in await writer.write(Array(commits[1...])) {
                    #expect(try result.get().unread == 0)
                }
                #expect(proxy.cuts == 1)
            }
            let events = try await test.value("SELECT count(*) FROM run_events")
            #expect(events == "\(6 * commits[0].decision.after.lastSequence)")
            for commit in commits {
                #expect(try await test.fold(commit.lease.runID, definition).differences == [])
            }
        }
    }

    @Test("A commit under a lost lease is not mistaken for one that was stored")
    func lostLease() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let (stale, next) = (TestEngine(test, definition), TestEngine(test, definition))
            try await stale.start((0..<3).map { _ in .sample(definition) })
            let held = try await stale.claim()
            let lost = held[2]
            try await test.execute("UPDATE outbox SET available_at = now() WHERE run_id = '\(lost.run.id)'")
            var taken = try await next.claimOne()
            // The new holder writes an event with the very sequence number the old one wants to write.
            #expect(try await next.settle(&taken, [.tookOver]).unread == 0)
            let commits = try held.map { try $0.decide([try $0.answered(.yes)]) }
            try await withProxy(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = CommitWriter(pool: pool, engine: stale.id, patience: .seconds(20))
                _ = await writer.write([commits[0]])
                proxy.cutNextAnswer()
                let results = await writer.write(Array(commits[1...]))
                #expect(try results[0].get().unread == 0)
                #expect(try results[1].get() == .leaseLost)
                #expect(proxy.cuts == 1)
            }
        }
    }

    @Test("A start that was stored is not repeated, with and without an idempotency key", arguments: [false, true])
    func start(hasKey: Bool) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let runs = (0..<5).map { number in
                NewRun.sample(definition, idempotency: hasKey ? .sample("key-\(number)") : nil)
            }
            try await withProxy(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = StartWriter(pool: pool, deadline: .seconds(20))
                #expect(try await writer.write([runs[0]])[0].get() == .started)
                proxy.cutNextAnswer()
                for result in await writer.write(Array(runs[1...])) { #expect(try result.get() == .started) }
                #expect(proxy.cuts == 1)
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "5")
            #expect(try await test.value("SELECT count(*) FROM outbox") == "5")
        }
    }

    @Test("After a lost answer the replay of another request's key is still told apart from a start")
    func startWithReplay() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let first = NewRun.sample(definition, idempotency: .sample("key"))
            let batch = [
                NewRun.sample(definition, idempotency: .sample("key")), NewRun.sample(definition),
                NewRun.sample(definition, idempotency: .sample("key", body: 9)),
            ]
            try await withProxy(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = StartWriter(pool: pool, deadline: .seconds(20))
                #expect(try await writer.write([first])[0].get() == .started)
                proxy.cutNextAnswer()
                let results = await writer.write(batch)
                #expect(try results[0].get() == .replayed(first.run.id))
                #expect(try results[1].get() == .started)
                #expect(try results[2].get() == .keyReused)
                #expect(proxy.cuts == 1)
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "2")
        }
    }
}

extension NewRun.Idempotency {
    /// A key for a request whose body is told apart by a number.
    static func sample(_ key: String, body: UInt8 = 1, lifetime: Duration = .seconds(3600)) -> NewRun.Idempotency {
        NewRun.Idempotency(key: key, requestHash: Array(repeating: body, count: 32), lifetime: lifetime)
    }
}
