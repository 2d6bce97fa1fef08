import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A decision is written under its lease or not at all")
struct CommitTests {
    @Test("A stale epoch writes nothing, whatever the decision was", arguments: [CallResult.yes, .no, .lost])
    func staleEpoch(result: CallResult) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, maxAttempts: 2)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            try await test.expireLeases()
            // The same engine holds the lease again, so it is the epoch alone that tells.
            _ = try await engine.claimOne()
            let before = try await test.snapshot()
            #expect(try await engine.write(try held.decide([try held.answered(result)])) == .leaseLost)
            #expect(try await test.snapshot() == before)
        }
    }

    @Test("The epoch of another engine's lease is no pass")
    func foreignEpoch() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let (holder, other) = (TestEngine(test, definition), TestEngine(test, definition))
            let held = try await holder.begin(definition)
            let before = try await test.snapshot()
            #expect(try await other.write(try held.decide([try held.answered(.yes)])) == .leaseLost)
            #expect(try await test.snapshot() == before)
        }
    }

    @Test("In one batch the decisions whose lease is held are written and the others are not")
    func mixedBatch() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let (first, second) = (TestEngine(test, definition), TestEngine(test, definition))
            try await first.start((0..<20).map { _ in .sample(definition) })
            let held = try await first.claim()
            let stolen = Set(held.enumerated().filter { $0.offset % 3 == 0 }.map(\.element.run.id))
            let list = stolen.map { "'\($0)'" }.joined(separator: ",")
            try await test.execute("UPDATE outbox SET available_at = now() WHERE run_id IN (\(list))")
            try #require(try await second.claim().count == stolen.count)
            let commits = try held.shuffled().map { try $0.decide([try $0.answered(.yes)]) }
            let results = await first.writer.write(commits)
            for (commit, result) in zip(commits, results) {
                let isStolen = stolen.contains(commit.lease.runID)
                #expect(try result.get().unread == (isStolen ? nil : 0))
                let count = isStolen ? 2 : 4
                #expect(
                    try await test.value("SELECT count(*) FROM run_events WHERE run_id = '\(commit.lease.runID)'")
                        == "\(count)")
            }
        }
    }

    @Test("One decision the database refuses does not fail its batch-mates")
    func badDecision() async throws {
        try await TestDatabase.with { test in
            let good = try WorkflowDefinition.sampleChain(2)
            let bad = try WorkflowDefinition.sample(
                name: "bad", steps: [WorkflowDefinition.sampleStep("a"), WorkflowDefinition.sampleStep("poison")])
            let engine = TestEngine(test, good, bad)
            try await test.execute("ALTER TABLE run_journal ADD CHECK (events::text NOT LIKE '%poison%')")
            try await engine.start((0..<9).map { .sample($0 == 4 ? bad : good) })
            let held = try await engine.claim()
            let commits = try held.map { try $0.decide([try $0.answered(.yes)]) }
            for (commit, result) in zip(commits, await engine.writer.write(commits)) {
                guard commit.decision.after.definition.name == "bad" else {
                    #expect(try result.get().unread == 0)
                    continue
                }
                #expect(throws: StoreError.self) { try result.get() }
                let (run, differences) = try await test.fold(commit.lease.runID, bad)
                #expect(run.lastSequence == 2)
                #expect(differences == [])
            }
        }
    }

    @Test("A decision made from an old snapshot runs into the stored history and changes nothing")
    func staleSnapshot() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            let old = try held.decide([try held.answered(.no)])
            #expect(try await engine.settle(&held, [try held.answered(.yes)]).unread == 0)
            let before = try await test.snapshot()
            let error = await #expect(throws: StoreError.self) { try await engine.write(old) }
            guard case .refused(let cause) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(cause.state == .uniqueViolation)
            #expect(try await test.snapshot() == before)
        }
    }

    @Test("A run that only waits is given back and is due when its step is")
    func releaseForBackoff() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, backoff: "1h")
            let engine = TestEngine(test, definition)
            #expect(try await engine.leases.nextDue().wait == nil)
            try await engine.start([.sample(definition)])
            #expect(try #require(try await engine.leases.nextDue().wait) <= .zero)
            var held = try await engine.claimOne()
            #expect(try await engine.settle(&held, [try held.answered(.busy)]).unread == 0)
            let row = try await test.query(
                """
                SELECT o.lease_owner, o.last_seq, abs(extract(epoch FROM o.available_at - s.next_attempt_at)) < 0.001
                FROM outbox o JOIN run_steps s USING (run_id)
                """)
            #expect(row == [[nil, "3", "t"]])
            let due = try #require(try await engine.leases.nextDue().wait)
            #expect(due > .seconds(3500) && due <= .seconds(3600))
        }
    }
}
