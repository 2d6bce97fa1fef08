import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A start makes one run")
struct StartTests {
    /// A starter that runs for the time of `body`.
    private func withStarter(
        _ test: TestDatabase, _ body: (RunStarter) async throws -> Void
    ) async throws {
        let starter = RunStarter(pool: test.database.writes, lanes: 3, maxBatch: 5)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await starter.run() }
            do { try await body(starter) } catch { Issue.record(error) }
            starter.close()
            try await group.waitForAll()
        }
    }

    @Test("The same request many times at once starts one run, and all are told which")
    func sameKeyAtOnce() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            try await withStarter(test) { (starter: RunStarter) async throws in
                let outcomes = try await withThrowingTaskGroup { group in
                    for number in 0..<48 {
                        let new = NewRun.sample(definition, idempotency: .sample("key-\(number % 3)"))
                        group.addTask { (new.run.id, number % 3, try await starter.submit(new)) }
                    }
                    return try await group.reduce(into: [(RunID, Int, StartOutcome)]()) { $0.append($1) }
                }
                for key in 0..<3 {
                    let mine = outcomes.filter { $0.1 == key }
                    let started = mine.filter { $0.2 == .started }
                    try #require(started.count == 1)
                    #expect(mine.count(where: { $0.2 == .replayed(started[0].0) }) == 15)
                }
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "3")
            #expect(try await test.value("SELECT count(*) FROM outbox") == "3")
        }
    }

    @Test("The same key twice in one batch starts one run")
    func sameKeyInOneBatch() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let batch = [
                NewRun.sample(definition, idempotency: .sample("a")), NewRun.sample(definition),
                NewRun.sample(definition, idempotency: .sample("a")),
                NewRun.sample(definition, idempotency: .sample("a", body: 2)),
                NewRun.sample(definition, tenantID: "other", idempotency: .sample("a")),
            ]
            let results = await StartWriter(pool: test.database.writes, deadline: .seconds(5)).write(batch)
            #expect(try results[0].get() == .started)
            #expect(try results[1].get() == .started)
            #expect(try results[2].get() == .replayed(batch[0].run.id))
            #expect(try results[3].get() == .keyReused)
            #expect(try results[4].get() == .started)
        }
    }

    @Test("A key stands for one body until it expires; then it may be taken over")
    func keyLifetime() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let writer = StartWriter(pool: test.database.writes, deadline: .seconds(5))
            let first = NewRun.sample(definition, idempotency: .sample("key", body: 1))
            let other = NewRun.sample(definition, idempotency: .sample("key", body: 2))
            #expect(try await writer.write([first])[0].get() == .started)
            #expect(try await writer.write([other])[0].get() == .keyReused)
            #expect(
                try await writer.write([.sample(definition, idempotency: .sample("key"))])[0].get()
                    == .replayed(first.run.id))
            try await test.execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
            #expect(try await writer.write([other])[0].get() == .started)
            #expect(try await test.value("SELECT run_id FROM idempotency_keys") == other.run.id.description)
            #expect(try await writer.write([.sample(definition, idempotency: .sample("key"))])[0].get() == .keyReused)
        }
    }

    @Test("One start the database refuses does not fail its batch-mates", arguments: 0..<6)
    func badStart(position: Int) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let batch = (0..<6).map {
                NewRun.sample(
                    definition, correlationID: $0 == position ? "a\u{0}b" : "fine",
                    idempotency: $0 % 2 == 0 ? .sample("key-\($0)") : nil)
            }
            let results = await StartWriter(pool: test.database.writes, deadline: .seconds(5)).write(batch)
            for (index, result) in results.enumerated() {
                guard index == position else {
                    #expect(try result.get() == .started)
                    continue
                }
                guard case .failure(.refused) = result else {
                    Issue.record("\(result)")
                    continue
                }
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "5")
            let keys = try await test.value("SELECT count(*) FROM idempotency_keys")
            #expect(keys == (position % 2 == 0 ? "2" : "3"))
        }
    }

    @Test(
        "A run with nothing to do is over at once, has no outbox row, and its history says all of it",
        arguments: [false, true])
    func emptyRun(hasBadOutput: Bool) async throws {
        try await TestDatabase.with { test in
            var json: JSONObject = [
                "name": "empty", "version": "1.0.0",
                "steps": [WorkflowDefinition.sampleStep("never", when: ["==": [1, 2]])],
            ]
            if hasBadOutput { json["output"] = "order ${input.missing}" }
            let definition = try WorkflowDefinition(.object(json))
            let new = NewRun.sample(definition)
            let engine = TestEngine(test, definition)
            try await engine.start([new])
            let (run, differences) = try await test.fold(new.run.id, definition)
            #expect(run.status == .completed)
            #expect((run.error != nil) == hasBadOutput)
            #expect(differences == [])
            #expect(try await test.value("SELECT count(*) FROM outbox") == "0")
        }
    }
}
