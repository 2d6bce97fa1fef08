import Core
@testable import Engine
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("What people do with a run, end to end", .timeLimit(.minutes(3)))
struct HandTests {
    private static func call(_ path: String) -> JSON { ["participant": "demo", "path": .string(path), "body": "none"] }

    private static func step(_ id: String) -> JSON {
        ["id": .string(id), "action": call("/\(id)"), "compensation": call("/undo-\(id)")]
    }

    @Test("a run that completed is undone, latest first; its output stays, and asked twice it is one undo")
    func undo() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "undone", steps: [Self.step("a"), ["id": "rest", "wait": ["for": "1ms"]], Self.step("b")])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let inbox = RunInbox(database: stage.test.database)
                let request = InboxRequest(.undo(reason: "sent back"), sentBy: "ann")
                #expect(
                    try await inbox.ask(runID, InboxRequest(.cancel(reason: nil), sentBy: "ann"))
                        == .terminal(.completed))
                try await stage.send(request, to: runID)
                #expect(try await inbox.ask(runID, request) == .accepted)
                try await stage.wait(for: runID, "undone") { run, _ in run.status == .compensated }
                #expect(try await inbox.ask(runID, request) == .accepted, "it is undone")
                #expect(stage.participant.paths == ["/a", "/b", "/undo-b", "/undo-a"])
                let (row, _) = try #require(try await stage.reader.find(runID))
                #expect(
                    row.cause == .undoRequested && row.output == ["ok": true] && row.error?["message"] == "sent back")
                let kinds = try await stage.events(runID).map(\.kind)
                #expect(kinds.filter { $0 == "undo_requested" }.count == 1 && kinds.last == "run_compensated")
                try await stage.expectConsistent(runID, definition)
                let actions = try await stage.test.query(
                    "SELECT action, actor FROM audit_trail WHERE subject LIKE 'runs/%'")
                #expect(Set(actions) == [["undo_run", "ann"]])
            }
        }
    }

    @Test("past its pivot a run waits for a person after a no, holds no lease, and goes on when one has spoken")
    func pivot() async throws {
        var ticket = Self.step("ticket")
        ticket["pivot"] = true
        ticket["compensation"] = "none"
        let definition = try WorkflowDefinition.sample(
            name: "ticketed",
            steps: [
                Self.step("seat"), ticket, ["id": "mail", "action": Self.call("/mail")],
                ["id": "invoice", "action": Self.call("/invoice")],
            ])
        let refusals = Mutex(0)
        try await Stage.with(
            [definition],
            answer: { call in
                if call.path == "/mail" { return (422, #"{"error":"no such address"}"#) }
                guard call.path == "/invoice",
                    refusals.withLock({
                        $0 += 1; return $0 == 1
                    })
                else { return (200, "{}") }
                return (409, "{}")
            }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "stuck") { _, steps in steps[2].step.awaitsPerson }
                let inbox = RunInbox(database: stage.test.database)
                func ask(_ kind: InboxRequest.Kind) async throws -> InboxOutcome {
                    try await inbox.ask(runID, InboxRequest(kind, sentBy: "ann"))
                }
                #expect(try await ask(.cancel(reason: nil)) == .pastPivot)
                #expect(try await ask(.settle(stepID: "mail", .fail, output: nil, reason: "no")) == .pastPivot)
                #expect(try await ask(.settle(stepID: "seat", .skip, output: nil, reason: "no")) == .notWaiting)
                #expect(try await ask(.settle(stepID: "nosuch", .skip, output: nil, reason: "no")) == .unknownStep(nil))
                let resting = try await stage.test.value(
                    "SELECT count(*) FROM outbox WHERE lease_owner IS NULL AND available_at > now() + interval '300 days'"
                )
                #expect(resting == "1")
                try await stage.send(
                    InboxRequest(.settle(stepID: "mail", .skip, output: nil, reason: "called"), sentBy: "ann"),
                    to: runID)
                try await stage.wait(for: runID, "stuck again") { _, steps in steps[3].step.awaitsPerson }
                try await stage.send(InboxRequest(.retry(stepID: "invoice"), sentBy: "ann"), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
                #expect(stage.participant.paths == ["/seat", "/ticket", "/mail", "/invoice", "/invoice"])
                #expect(try await ask(.undo(reason: "no")) == .pastPivot)
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a paused run rests; resumed it goes on, and its deadline has moved by as much")
    func pause() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "paused", steps: [["id": "rest", "wait": ["for": "500ms"]], Self.step("a")], timeout: "1h")
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "waiting") { _, steps in steps[0].step.status == .waiting }
                try await stage.send(
                    InboxRequest(.pause(reason: "audit", holdsDeadline: true), sentBy: "ann"), to: runID)
                try await stage.test.eventually(
                    "SELECT 1 FROM run_events WHERE run_id = '\(runID)' AND kind = 'run_paused'")
                let resting = """
                    SELECT 1 FROM outbox WHERE lease_owner IS NULL AND available_at > now() + interval '300 days'
                    """
                try await stage.test.eventually(resting)
                // Somebody wakes it all the same: nothing begins, though the wait is long over.
                try await stage.test.execute("UPDATE outbox SET available_at = now() + interval '600 ms'")
                try await stage.test.eventually(resting)
                #expect(stage.participant.calls.isEmpty)
                let before = try #require(try await stage.reader.find(runID)).run
                #expect(before.status == .running)
                try await stage.send(InboxRequest(.resume(reason: nil), sentBy: "ann"), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
                let after = try #require(try await stage.reader.find(runID)).run
                let moved = try #require(after.deadlineAt) - (try #require(before.deadlineAt))
                #expect(moved > .milliseconds(500) && moved < .seconds(60), "\(moved)")
                let inbox = RunInbox(database: stage.test.database)
                #expect(
                    try await inbox.ask(runID, InboxRequest(.resume(reason: nil), sentBy: "ann"))
                        == .terminal(.completed))
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a run that is to begin later is nobody's until then, and can be cancelled before")
    func delayed() async throws {
        let definition = try WorkflowDefinition.sample(name: "later", steps: [Self.step("a")], timeout: "1h")
        try await Stage.with([definition]) { stage in
            let startAt = Instant.now + .milliseconds(1200)
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, startAt: startAt)[0]
                let other = try await stage.start(definition, startAt: startAt + .seconds(86_400))[0]
                let waiting = try #require(try await stage.reader.find(runID)).run
                #expect(waiting.status == .pending && waiting.deadlineAt == startAt + .seconds(3600))
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: other)
                #expect(try await stage.end(of: other) == .cancelled)
                #expect(try await stage.end(of: runID) == .completed)
                let begun = try await stage.events(runID).first { $0.kind == "attempt_started" }
                #expect(try #require(begun).at >= startAt)
                #expect(stage.participant.paths == ["/a"])
                try await stage.expectConsistent(runID, definition)
                try await stage.expectConsistent(other, definition)
            }
        }
    }
}

extension TestDatabase {
    /// Waits until the query has a row; fails after 20 s.
    func eventually(_ sql: String) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < giveUpAt {
            if !(try await query(sql)).isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("this never became so: \(sql)")
    }
}
