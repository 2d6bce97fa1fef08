import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A row that somebody has locked holds up nobody but its own run")
struct LockedRowTests {
    @Test(
        "Its batch-mates are committed meanwhile, also batch after batch, and itself once the lock is gone",
        arguments: ["outbox", "workflow_runs"])
    func commits(table: String) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<20).map { _ in .sample(definition) })
            var held = try await engine.claim()
            let holder = try await test.lock(held[7].run.id, in: table)
            let committer = DecisionCommitter(pool: test.database.writes, engine: engine.id, patience: .seconds(30))
            try await withThrowingTaskGroup(of: Void.self) { lanes in
                lanes.addTask { await committer.run() }
                defer { committer.close() }
                let suspect = held.remove(at: 7)
                let locked = try suspect.decide([try suspect.answered(.no)])
                async let late = committer.submit(locked)
                let began = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for one in held {
                        group.addTask {
                            var one = one
                            for _ in 0..<2 {
                                let commit = try one.decide([try one.answered(.yes)])
                                #expect(try await committer.submit(commit).unread == 0)
                                one.run = commit.decision.after
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                // Of a run's other rows nobody knows before the lock timeout of half a second.
                let took = ContinuousClock.now - began
                #expect(took < (table == "outbox" ? .milliseconds(450) : .seconds(2)), "\(took)")
                #expect(try await test.value("SELECT count(*) FROM outbox") == "1")
                let freed = ContinuousClock.now
                await holder.close()
                #expect(try await late.unread == 0)
                #expect(ContinuousClock.now - freed < .seconds(1))
            }
            #expect(try await test.value("SELECT count(*) FROM outbox") == "0")
        }
    }

    @Test("Other runs are claimed, and it is once its pulse is free", arguments: ["outbox", "workflow_runs"])
    func claims(table: String) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let runs = (0..<6).map { _ in NewRun.sample(definition) }
            try await engine.start(runs)
            let locked = runs[2].run.id
            let holder = try await test.lock(locked, in: table)
            let began = ContinuousClock.now
            let claimed = try await engine.claim()
            #expect(ContinuousClock.now - began < .milliseconds(400), "a claim waits for nobody")
            // A claim writes no row of a run: so none that somebody has locked keeps it from being claimed.
            let left: Set<RunID> = table == "outbox" ? [locked] : []
            #expect(Set(claimed.map(\.run.id)) == Set(runs.map(\.run.id)).subtracting(left))
            try await holder.simpleQuery("ROLLBACK")
            let late = table == "outbox" ? try await engine.claimOne() : claimed.first { $0.run.id == locked }
            var own = try #require(late)
            #expect(try await engine.settle(&own, [try own.answered(.yes)]).unread == 0)
            #expect(try await test.fold(locked, definition).differences == [])
            await holder.close()
        }
    }

    @Test("Starts that come with one whose key is locked are written; that one is told to come again")
    func starts() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let writer = StartWriter(pool: test.database.writes, deadline: .seconds(5))
            let first = NewRun.sample(definition, idempotency: .sample("locked"))
            #expect(try await writer.write([first])[0].get() == .started)
            let holder = try await Connection.connect(test.configuration)
            try await holder.simpleQuery("BEGIN; SELECT FROM idempotency_keys FOR UPDATE")
            let batch = [nil, "1", "locked", "3", "4"].map { key in
                NewRun.sample(definition, idempotency: key.map { .sample($0) })
            }
            let began = ContinuousClock.now
            let results = await writer.write(batch)
            #expect(ContinuousClock.now - began < .seconds(2))
            for (number, result) in results.enumerated() where number != 2 { #expect(try result.get() == .started) }
            #expect(throws: StoreError.self) { try results[2].get() }
            try await holder.simpleQuery("ROLLBACK")
            #expect(try await writer.write([batch[2]])[0].get() == .replayed(first.run.id))
            await holder.close()
        }
    }

    @Test("Starts that come with one whose key somebody has inserted and not committed are written, too")
    func unseenKey() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let holder = try await Connection.connect(test.configuration)
            try await holder.simpleQuery(
                """
                BEGIN; INSERT INTO idempotency_keys (tenant_id, idempotency_key, request_hash, run_id, expires_at)
                VALUES ('\(NewRun.sample(definition).tenantID)', '3', '\\x01', gen_random_uuid(), now() + interval '1 hour')
                """)
            let starter = RunStarter(pool: test.database.writes, deadline: .seconds(30))
            try await withThrowingTaskGroup(of: Void.self) { lanes in
                lanes.addTask { await starter.run() }
                defer { starter.close() }
                async let late = starter.submit(.sample(definition, idempotency: .sample("3")))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for key in [nil, "1", "2", "4", "5", nil, "6"] {
                        let new = NewRun.sample(definition, idempotency: key.map { .sample($0) })
                        group.addTask {
                            let outcome = try await starter.submit(new)
                            #expect(outcome == .started)
                        }
                    }
                    try await group.waitForAll()
                }
                try await holder.simpleQuery("ROLLBACK")
                #expect(try await late == .started)
            }
            await holder.close()
        }
    }

    @Test("Other leases are renewed and given back; one that is locked is not taken for lost, one that is lost is")
    func renewals() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            try await engine.start((0..<5).map { _ in .sample(definition) })
            let leases = try await engine.claim().map(\.lease)
            let taken = leases[4].runID
            try await test.execute("UPDATE outbox SET available_at = now() WHERE run_id = '\(taken)'")
            _ = try await other.claimOne()
            let holders = [
                try await test.lock(leases[1].runID, in: "outbox"), try await test.lock(taken, in: "outbox"),
            ]
            let began = ContinuousClock.now
            let renewal = try await engine.leases.renew(leases)
            #expect(Set(renewal.held.keys) == [leases[0].runID, leases[2].runID, leases[3].runID])
            #expect(renewal.locked == [leases[1].runID])
            try await engine.leases.release(leases)
            #expect(ContinuousClock.now - began < .milliseconds(400))
            #expect(try await engine.claim().count == 3)
            for holder in holders { try await holder.simpleQuery("ROLLBACK") }
            #expect(try await engine.leases.renew([leases[1]]) == .init(held: [leases[1].runID: 0]))
            for holder in holders { await holder.close() }
        }
    }

    @Test("A lease that was lost behind the lock is lost once the lock is gone")
    func lostBehindLock() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            let holder = try await test.lock(held.run.id, in: "outbox")
            try await holder.simpleQuery("UPDATE outbox SET epoch = epoch + 1 WHERE run_id = '\(held.run.id)'")
            let commit = try held.decide([try held.answered(.yes)])
            async let outcome = DecisionCommitter.submitting(commit, engine, test)
            let locked = await engine.writer.write([commit])
            guard case .failure(let error) = locked[0], error.isRowLocked else {
                Issue.record("\(locked)")
                return
            }
            try await holder.simpleQuery("COMMIT")
            #expect(try await outcome == .leaseLost)
            await holder.close()
        }
    }
}

extension TestDatabase {
    /// Another session that has the rows of a run in a table locked, until it closes.
    func lock(_ run: RunID, in table: String) async throws -> Connection {
        let holder = try await Connection.connect(configuration)
        try await holder.simpleQuery("BEGIN; SELECT FROM \(table) WHERE run_id = '\(run)' FOR UPDATE")
        return holder
    }
}
