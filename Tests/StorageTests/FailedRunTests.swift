import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("What a person does about a FAILED run happens once, whoever else is at it")
struct FailedRunTests {
    @Test("A resolved step is undone for good: the rest follows, the rows are the history's, and the word is kept")
    func resolve() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runID = try await engine.fail(definition)
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(runID, Self.resolve("step-2")) == .accepted)
            var calls: [Call] = []
            try await engine.drive { _, call in
                calls.append(call)
                return .yes
            }
            #expect(calls == [Call(step: 0, action: .compensate, attempt: 1)])
            let (run, differences) = try await test.fold(runID, definition)
            #expect(run.status == .compensated && run.steps[1].compensationStatus == .compensated)
            #expect(differences == [])
            let word = try await test.query(
                "SELECT step_id, action, data->>'by', data->>'reason' FROM run_events WHERE kind = 'step_resolved'")
            #expect(word == [["step-2", "compensate", "ann", "by hand"]])
            let audit = try await test.query(
                "SELECT actor, action, subject, detail->>'stepIds' FROM audit_trail WHERE subject LIKE 'runs/%'")
            #expect(audit == [["ann", "resolve_step", "runs/\(runID)", #"["step-2"]"#]])
        }
    }

    @Test("Resolves and retries of one step at once: it ends undone, and never by both", arguments: [0, 1, 2, 3])
    func race(round: Int) async throws {
        try await TestDatabase.with(writes: 8) { test in
            let (engine, definition) = try Self.engine(test)
            let inbox = RunInbox(database: test.database)
            let runID = try await engine.fail(definition)
            let requests = [Self.resolve("step-2"), Self.retry(nil), Self.resolve("step-2"), Self.retry("step-2")]
            let outcomes = try await withThrowingTaskGroup { group in
                for request in requests {
                    group.addTask { try await inbox.ask(runID, request) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes == Array(repeating: .accepted, count: 4))
            var undone: [Call] = []
            try await engine.drive { _, call in
                undone.append(call)
                return .yes
            }
            let (run, differences) = try await test.fold(runID, definition)
            #expect(run.status == .compensated)
            #expect(differences == [])
            let resolved = try await test.value("SELECT count(*) FROM run_events WHERE kind = 'step_resolved'")
            let called = undone.filter { $0.step == 1 }.count
            #expect((resolved == "1" && called == 0) || (resolved == "0" && called == 1), "\(resolved ?? "") \(called)")
            #expect(
                try await test.query("SELECT count(*) FROM outbox UNION ALL SELECT count(*) FROM run_inbox")
                    == [["0"], ["0"]])
        }
    }

    @Test(
        "Many ask of many FAILED runs while engines take them up: nothing is left over, and no step is undone twice",
        .timeLimit(.minutes(3)))
    func crowd() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let (engine, definition) = try Self.engine(test)
            let failed = try await engine.fail(definition, times: 20)
            let inbox = RunInbox(database: test.database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for turn in 0..<8 {
                    group.addTask {
                        for runID in failed {
                            let request = turn % 2 == 0 ? Self.resolve("step-2") : Self.retry(nil)
                            let outcome = try await Self.askUntilAnswered(inbox, runID, request)
                            switch outcome {
                            case .accepted, .notFailed: continue
                            default: Issue.record("\(outcome)")
                            }
                        }
                    }
                }
                for worker in [engine, TestEngine(test, definition)] {
                    group.addTask {
                        let undone = "SELECT count(*) FROM workflow_runs WHERE status <> 'COMPENSATED'"
                        while !Task.isCancelled, try await test.value(undone) != "0" {
                            for var held in try await worker.claim(3) {
                                _ = try await worker.work(&held) { _, _ in .yes }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await engine.drive { _, _ in .yes }
            #expect(
                try await test.query("SELECT count(*) FROM outbox UNION ALL SELECT count(*) FROM run_inbox")
                    == [["0"], ["0"]])
            for runID in failed {
                let (run, differences) = try await test.fold(runID, definition)
                #expect(run.status == .compensated)
                #expect(differences == [])
            }
            let twice = try await test.value(
                """
                SELECT count(*) FROM (SELECT 1 FROM run_events WHERE step_id = 'step-2'
                    AND (kind = 'step_resolved' OR (kind = 'attempt_succeeded' AND action = 'compensate'))
                    GROUP BY run_id HAVING count(*) > 1) t
                """)
            #expect(twice == "0")
        }
    }

    /// Eight that ask for the same row wait for each other's commits; on a slow disk the last may be told to come again.
    private static func askUntilAnswered(
        _ inbox: RunInbox, _ runID: RunID, _ request: InboxRequest
    ) async throws -> InboxOutcome {
        while true {
            do { return try await inbox.ask(runID, request) } catch {
                guard error.isLockTimeout else { throw error }
            }
        }
    }

    @Test("An engine that dies over a resolve leaves it to the next, who does it once")
    func takeover() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runID = try await engine.fail(definition)
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(runID, Self.resolve("step-2")) == .accepted)
            var dead = try await engine.claimOne()
            let rows = try await engine.leases.inbox(of: runID)
            try await test.expireLeases()
            let heir = TestEngine(test, definition)
            var calls: [Call] = []
            var held = try await heir.claimOne()
            #expect(held.claimed.isTakeover)
            _ = try await heir.work(&held) { _, call in
                calls.append(call)
                return .yes
            }
            #expect(calls == [Call(step: 0, action: .compensate, attempt: 1)])
            let late = rows.compactMap { dead.happening($0) }
            #expect(try await engine.settle(&dead, late, consuming: rows) == .leaseLost)
            let (run, differences) = try await test.fold(runID, definition)
            #expect(run.status == .compensated)
            #expect(differences == [])
            #expect(try await test.value("SELECT count(*) FROM run_events WHERE kind = 'step_resolved'") == "1")
        }
    }

    @Test("What is asked of a run that is FAILED no more changes nothing, and says so")
    func tooLate() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runID = try await engine.fail(definition)
            let inbox = RunInbox(database: test.database)
            _ = try await inbox.ask(runID, Self.resolve("step-2"))
            try await engine.drive { _, _ in .yes }
            let before = try await test.snapshot()
            for request in [Self.resolve("step-2"), Self.retry(nil)] {
                #expect(try await inbox.ask(runID, request) == .notFailed(.compensated))
                #expect(try await inbox.ask(.sample(), request) == .unknownRun)
            }
            #expect(try await test.snapshot() == before)
            #expect(try await test.value("SELECT count(*) FROM audit_trail WHERE subject LIKE 'runs/%'") == "1")
        }
    }

    @Test("A request that slipped in while the run ended leaves no outbox row, no inbox row and no event")
    func slippedIn() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runID = try await engine.fail(definition)
            let inbox = RunInbox(database: test.database)
            _ = try await inbox.ask(runID, Self.resolve("step-2"))
            try await engine.drive { _, _ in .yes }
            // As left by a request whose snapshot was older than the end: an outbox row that knows an old last event.
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at, epoch, inbox_count, last_seq)
                VALUES ('\(runID)', now(), 2, 1, 3);
                INSERT INTO run_inbox (run_id, kind, payload, sent_by) VALUES ('\(runID)', 'retry', '{}', 'ann')
                """)
            let events = try await test.value("SELECT count(*) FROM run_events")
            try await engine.drive { _, _ in .yes }
            #expect(try await test.value("SELECT count(*) FROM run_events") == events)
            #expect(
                try await test.query("SELECT count(*) FROM outbox UNION ALL SELECT count(*) FROM run_inbox")
                    == [["0"], ["0"]])
            #expect(try await test.fold(runID, definition).run.status == .compensated)
        }
    }

    @Test("Many are asked at once, each once: those of which something is asked already are left out")
    func many() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runs = try await engine.fail(definition, times: 5)
            let inbox = RunInbox(database: test.database)
            _ = try await inbox.ask(runs[0], Self.resolve("step-2"))
            let asked = try await inbox.retryFailed(
                runs + [.sample()], stepID: nil, reason: nil, by: "ann")
            #expect(asked == Set(runs[1...]))
            #expect(try await inbox.retryFailed(runs, stepID: nil, reason: nil, by: "ann").isEmpty)
            #expect(try await test.value("SELECT count(*) FROM audit_trail WHERE action = 'retry_run'") == "4")
            try await engine.drive { _, _ in .yes }
            let statuses = try await test.query("SELECT DISTINCT status FROM workflow_runs")
            #expect(statuses == [["COMPENSATED"]])
        }
    }

    @Test("A quarantined run whose step was resolved is undone from there on, its cause kept")
    func quarantined() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            _ = try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "It is poison."))
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(held.run.id, Self.resolve("step-1")) == .accepted)
            var calls: [Call] = []
            try await engine.drive { _, call in
                calls.append(call)
                return .yes
            }
            #expect(calls == [Call(step: 1, action: .compensate, attempt: 1)])
            let (run, differences) = try await test.fold(held.run.id, definition)
            #expect(run.status == .compensated && run.cause == .quarantined)
            #expect(differences == [])
        }
    }

    static func engine(_ test: TestDatabase) throws -> (TestEngine, WorkflowDefinition) {
        let definition = try WorkflowDefinition.sampleChain(3)
        return (TestEngine(test, definition), definition)
    }

    static func resolve(_ stepIDs: String...) -> InboxRequest {
        InboxRequest(.resolve(stepIDs: stepIDs, reason: "by hand"), sentBy: "ann")
    }

    static func retry(_ stepID: String?) -> InboxRequest { InboxRequest(.retry(stepID: stepID), sentBy: "ann") }
}

extension TestEngine {
    /// A run whose second compensation was refused: `step-2` gave up, `step-1` waits behind it.
    func fail(_ definition: WorkflowDefinition) async throws -> RunID {
        var held = try await begin(definition)
        _ = try await work(&held) { _, call in
            (call.action == .execute) == (call.step < 2) ? .yes : .no
        }
        try #require(held.run.status == .failed)
        return held.run.id
    }

    /// Several such runs.
    func fail(_ definition: WorkflowDefinition, times: Int) async throws -> [RunID] {
        var runs: [RunID] = []
        for _ in 0..<times { runs.append(try await fail(definition)) }
        return runs
    }
}
