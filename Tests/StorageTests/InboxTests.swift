import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("What is asked of a run is never overtaken and never lost")
struct InboxTests {
    @Test("A run can't end with unread inbox rows; once they are read, it is undone")
    func inboxFirst() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            let inbox = RunInbox(database: test.database)
            #expect(
                try await inbox.ask(held.run.id, InboxRequest(.cancel(reason: "changed my mind"), sentBy: "client"))
                    == .accepted)
            let before = try await test.snapshot()
            #expect(try await engine.settle(&held, [try held.answered(.yes)]) == .inboxFirst)
            #expect(try await test.snapshot() == before)
            let rows = try await engine.leases.inbox(of: held.run.id)
            #expect(rows.map(\.request) == [InboxRequest(.cancel(reason: "changed my mind"), sentBy: "client")])
            let requests = rows.compactMap { held.happening($0) }
            let outcome = try await engine.settle(&held, requests + [try held.answered(.yes)], consuming: rows)
            #expect(outcome.unread == 0)
            #expect(held.calls == [Call(step: 0, action: .compensate, attempt: 1)])
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            #expect(held.run.status == .cancelled)
            #expect(try await test.fold(held.run.id, definition).differences == [])
        }
    }

    @Test("A cancel after the last commit is told so; of a run that never was, too")
    func tooLate() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            let inbox = RunInbox(database: test.database)
            #expect(
                try await inbox.ask(held.run.id, InboxRequest(.cancel(reason: nil), sentBy: "client"))
                    == .terminal(.completed))
            #expect(try await inbox.ask(.sample(), InboxRequest(.cancel(reason: nil), sentBy: "client")) == .unknownRun)
            #expect(try await test.value("SELECT count(*) FROM run_inbox") == "0")
        }
    }

    @Test("A cancel and the last commit at once: exactly one of them is first")
    func cancelRace() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<60).map { _ in .sample(definition) })
            let inbox = RunInbox(database: test.database)
            for held in try await engine.claim() {
                let commit = try held.decide([try held.answered(.yes)])
                async let written = engine.write(commit)
                async let answer = inbox.ask(held.run.id, InboxRequest(.cancel(reason: nil), sentBy: "client"))
                switch (try await written, try await answer) {
                case (.inboxFirst, .accepted), (.written, .terminal(.completed)): continue
                case let other: Issue.record("\(other)")
                }
            }
        }
    }

    /// Sends a request to a run that lives, again and again while somebody has it locked.
    private func send(_ statement: SendToRun, _ test: TestDatabase) async throws {
        let rows = try await whileLocked(for: .seconds(20)) { () async throws(StoreError) in
            do throws(PostgresError) {
                let rows = try await test.database.writes.execute(statement)
                if rows == [.locked] { throw PostgresError.cancelled }
                return rows
            } catch { throw error == .cancelled ? StoreError.rowLocked : StoreError(error) }
        }
        #expect(rows == [.asked])
    }

    @Test("The count of unread rows is right at every moment, with many who send and one who reads")
    func countUnderConcurrency() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            let total = 240
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sender in 0..<6 {
                    group.addTask {
                        for turn in 0..<(total / 6) {
                            let request = InboxRequest(.retry(stepID: "step-\(sender)-\(turn)"), sentBy: "tests")
                            try await send(SendToRun(runID: held.run.id, request: request), test)
                        }
                    }
                }
                var read = 0
                while read < total {
                    let rows = try await engine.leases.inbox(of: held.run.id)
                    let outcome = try await engine.write(try held.decide([], consuming: rows))
                    guard let unread = outcome.unread else { throw PostgresError.decoding("\(outcome)") }
                    #expect(unread >= 0)
                    read += rows.count
                    let agrees = "SELECT inbox_count = (SELECT count(*) FROM run_inbox) FROM outbox"
                    #expect(try await test.value(agrees) == "t")
                }
                try await group.waitForAll()
            }
            #expect(try await test.query("SELECT inbox_count, lease_owner IS NOT NULL FROM outbox") == [["0", "t"]])
        }
    }

    @Test("A count that promises too much is put right under the lease alone, and what is sent meanwhile is counted")
    func recount() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let (engine, other) = (TestEngine(test, definition), TestEngine(test, definition))
            let held = try await engine.begin(definition)
            #expect(try await engine.leases.recountInbox(held.lease) == 0)
            try await test.execute("UPDATE outbox SET inbox_count = 5")
            #expect(try await other.leases.recountInbox(held.lease) == 0, "of another's lease nothing is changed")
            let excess = try await withThrowingTaskGroup(of: Int.self) { group in
                for sender in 0..<20 {
                    group.addTask {
                        let request = InboxRequest(.retry(stepID: "step-\(sender)"), sentBy: "tests")
                        try await send(SendToRun(runID: held.run.id, request: request), test)
                        return 0
                    }
                }
                group.addTask { try await engine.leases.recountInbox(held.lease) }
                return try await group.reduce(0, +)
            }
            #expect(excess == 5)
            #expect(try await test.value("SELECT inbox_count FROM outbox") == "20")
        }
    }

    @Test("What no version knows is read as unknown, not as an error: a kind, a payload, JSON nobody can parse")
    func unknownRows() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let held = try await engine.begin(definition)
            for (kind, payload) in [
                ("park", "{}"), ("settle", #"{"stepId": "step-1", "as": "finish", "reason": "x"}"#),
                ("undo", "{}"), ("cancel", #"{"reason": 1, "reason": 2}"#), ("resolve", "{}"), ("cancel", "{}"),
            ] {
                try await test.execute(
                    "INSERT INTO run_inbox (run_id, kind, payload, sent_by) "
                        + "VALUES ('\(held.run.id)', '\(kind)', '\(payload)', 'newer')")
            }
            let rows = try await engine.leases.inbox(of: held.run.id)
            #expect(rows.map { $0.request == nil } == [true, true, true, true, true, false])
        }
    }

    @Test("A request wakes a run that waits, and leaves a lease alone")
    func wakes() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, backoff: "1h")
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            let inbox = RunInbox(database: test.database)
            let request = InboxRequest(.retry(stepID: "step-1"), sentBy: "ops")
            // Its call is in flight: nothing could be asked of it now, but somebody may have looked a moment before.
            #expect(try await inbox.ask(held.run.id, request) == .notRetryable)
            let early = SendToRun(runID: held.run.id, request: request)
            #expect(try await test.database.writes.execute(early).count == 1)
            #expect(try await engine.claim().isEmpty)
            let rows = try await engine.leases.inbox(of: held.run.id)
            _ = try await engine.settle(&held, [try held.answered(.busy)], consuming: rows)
            #expect(try await engine.claim().isEmpty)
            #expect(try await inbox.ask(held.run.id, request) == .accepted)
            var woken = try await engine.claimOne()
            #expect(!woken.claimed.isTakeover && woken.calls.isEmpty)
            let requests = try await engine.leases.inbox(of: held.run.id)
            _ = try await engine.settle(&woken, requests.compactMap { woken.happening($0) }, consuming: requests)
            #expect(woken.calls == [Call(step: 0, action: .execute, attempt: 2)])
        }
    }

    @Test("A result committed while a request waits unread makes the run due at once, not after its backoff")
    func unreadAtRelease() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, backoff: "1h")
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(held.run.id, InboxRequest(.cancel(reason: nil), sentBy: "client")) == .accepted)
            #expect(try await engine.settle(&held, [try held.answered(.busy)]).unread == 1)
            #expect(try await engine.claimOne().claimed.inboxCount == 1)
        }
    }

    @Test("Retries of a FAILED run make one outbox row whose epoch has grown, and the run ends")
    func retryFailedRun() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let new = NewRun.sample(definition)
            try await engine.start([new])
            try await engine.drive { _, call in call == Call(step: 0, action: .execute, attempt: 1) ? .yes : .no }
            #expect(try await test.value("SELECT status FROM workflow_runs") == "FAILED")
            #expect(try await test.value("SELECT count(*) FROM outbox") == "0")
            let inbox = RunInbox(database: test.database)
            let outcomes = try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await inbox.ask(new.run.id, InboxRequest(.retry(stepID: "step-1"), sentBy: "ops"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes == Array(repeating: .accepted, count: 6))
            #expect(
                try await test.query(
                    """
                    SELECT inbox_count, epoch = (SELECT max(epoch) FROM run_events),
                        last_seq = (SELECT max(seq) FROM run_events) FROM outbox
                    """
                )
                    == [["6", "t", "t"]])
            try await engine.drive { _, _ in .yes }
            let (run, differences) = try await test.fold(new.run.id, definition)
            #expect(run.status == .compensated)
            #expect(differences == [])
            #expect(try await test.value("SELECT count(*) FROM run_inbox") == "0")
            #expect(
                try await test.value(
                    """
                    SELECT bool_and(epoch >= before)
                    FROM (SELECT epoch, lag(epoch, 1, 0) OVER (ORDER BY seq) AS before FROM run_events) e
                    """
                ) == "t")
        }
    }
}
