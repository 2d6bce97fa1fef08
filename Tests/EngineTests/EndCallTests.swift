import Core
@testable import Engine
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Calls after the end, end to end", .timeLimit(.minutes(3)))
struct EndCallTests {
    private static let pay: JSON = [
        "id": "pay", "action": ["participant": "demo", "path": "/pay", "body": "none"],
        "compensation": ["participant": "demo", "path": "/refund", "body": "none"],
    ]

    private static func workflow(_ calls: [JSON], steps: [JSON] = [pay]) throws -> WorkflowDefinition {
        try WorkflowDefinition([
            "name": "order", "version": "1.0.0", "steps": .array(steps), "onEnd": .array(calls),
            "retry": ["maxAttempts": 2, "initialInterval": "10ms"],
            "compensationRetry": ["maxAttempts": 1],
        ])
    }

    private static let mail: JSON = [
        "id": "mail", "action": ["participant": "demo", "path": "/mail/${run.status}"],
    ]

    private func calls(_ stage: Stage, after runID: RunID) async throws -> [RunHead] {
        var query = RunQuery(scope: .all)
        query.parent = runID
        return try await stage.reader.list(query).sorted { $0.runID < $1.runID }
    }

    /// The runs that make the calls, once so many have ended.
    private func ended(_ stage: Stage, after runID: RunID, _ count: Int = 1) async throws -> [RunHead] {
        try await stage.wait(for: runID, "one after which \(count) runs made calls") { _, _ in
            try await calls(stage, after: runID).count { $0.statusText == "COMPLETED" } == count
        }
        return try await calls(stage, after: runID)
    }

    @Test("a run of its own tells of the end, which comes first and stays what it is, and its history says so")
    func completed() async throws {
        let workflow = try Self.workflow([Self.mail])
        try await Stage.with([workflow]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let told = try await ended(stage, after: runID)[0]
                #expect(told.workflowName == "order:onEnd" && told.workflowVersion == "1.0.0")
                #expect(told.parent?.runID == runID && told.parent?.stepID == "onEnd")
                #expect(told.correlationID == runID.description, "it goes by what the run goes by")
                #expect(stage.participant.paths == ["/pay", "/mail/COMPLETED"])
                let sent = try #require(stage.participant.calls.last)
                #expect(sent.key == "\(told.runID):mail:execute")
                let body = try JSON(parsing: sent.body)
                #expect(body["runId"]?.string == runID.description && body["workflow"] == "order")
                #expect(body["status"] == "COMPLETED" && body["cause"] == .null)
                let kinds = stage.kinds(try await stage.events(runID))
                #expect(kinds.suffix(2) == ["end_calls_started", "run_completed"])
                try await stage.expectConsistent(runID, workflow)
                try await stage.expectConsistent(told.runID, try #require(workflow.onEnd))
            }
        }
    }

    @Test("each end has its calls: of a run that COMPLETED and is undone, both")
    func undone() async throws {
        let workflow = try Self.workflow([Self.mail])
        try await Stage.with([workflow]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                _ = try await ended(stage, after: runID)
                try await stage.send(InboxRequest(.undo(reason: "It was not meant."), sentBy: "ann"), to: runID)
                _ = try await ended(stage, after: runID, 2)
                #expect(stage.participant.paths == ["/pay", "/mail/COMPLETED", "/refund", "/mail/COMPENSATED"])
                try await stage.expectConsistent(runID, workflow)
            }
        }
    }

    @Test("those that are not wanted are not made, and where none is there is no run for them")
    func unwanted() async throws {
        let ticket: JSON = [
            "when": ["==": [["var": "run.status"], "FAILED"]], "action": ["participant": "demo", "path": "/ticket"],
        ]
        let workflow = try Self.workflow([ticket])
        try await Stage.with([workflow], answer: { $0.path == "/refund" ? (422, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                #expect(try await stage.end(of: runID) == .completed)
                #expect(try await calls(stage, after: runID).isEmpty)
                try await stage.send(InboxRequest(.undo(reason: "It was not meant."), sentBy: "ann"), to: runID)
                _ = try await ended(stage, after: runID)
                #expect(stage.participant.paths == ["/pay", "/refund", "/ticket"])
                #expect(try await stage.end(of: runID) == .failed)
                try await stage.expectConsistent(runID, workflow)
            }
        }
    }

    @Test("a call that gives up stops no other, and changes nothing")
    func givenUp() async throws {
        let workflow = try Self.workflow([
            Self.mail, ["id": "ticket", "action": ["participant": "demo", "path": "/t"]],
        ])
        try await Stage.with([workflow], answer: { $0.path.hasPrefix("/mail") ? (503, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                let told = try await ended(stage, after: runID)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let (_, steps) = try #require(try await stage.reader.find(told.runID))
                #expect(steps.map(\.step.status) == [.failed, .succeeded])
                #expect(stage.participant.paths.count { $0 == "/mail/COMPLETED" } == 2, "it is tried again first")
                try await stage.expectConsistent(told.runID, try #require(workflow.onEnd))
            }
        }
    }

    @Test("a call that gave up is made once more by a restart; there is nothing to undo")
    func restarted() async throws {
        let workflow = try Self.workflow([["action": ["participant": "demo", "path": "/t"]], Self.mail])
        let fails = Mutex(true)
        try await Stage.with(
            [workflow], answer: { $0.path == "/t" && fails.withLock { $0 } ? (422, "{}") : (200, "{}") }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                let told = try await ended(stage, after: runID)[0].runID
                let inbox = RunInbox(database: stage.test.database)
                #expect(try await inbox.ask(told, InboxRequest(.undo(reason: "no"), sentBy: "ann")) == .undoOver)
                fails.withLock { $0 = false }
                let restarter = RunRestarter(database: stage.test.database)
                let old = try #require(try await restarter.find(told))
                let kept = try old.run.keptSteps(for: old.run.definition, from: 0, repeats: false)
                let restart = Restart(run: told, fromStep: 0, by: "ann", reason: "mended", kept: kept)
                let new = NewRun.sample(old.run.definition, input: old.run.input, restart: restart)
                #expect(try await restarter.submit(new, restart, of: old, detail: [:]) == .started)
                _ = try await stage.test.query("SELECT pg_notify('\(Channel.outbox)', '')")
                #expect(try await stage.end(of: new.run.id) == .completed)
                #expect(stage.participant.paths.filter { $0 == "/t" }.count == 2)
                #expect(stage.participant.paths.filter { $0.hasPrefix("/mail") }.count == 1, "it was taken over")
                try await stage.expectConsistent(new.run.id, try #require(workflow.onEnd))
            }
        }
    }

    @Test("a run that has nothing to do but to end has calls after its end, too")
    func nothingToDo() async throws {
        var skipped = Self.pay
        skipped["when"] = false
        let workflow = try Self.workflow([Self.mail], steps: [skipped])
        try await Stage.with([workflow]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(workflow)[0]
                _ = try await ended(stage, after: runID)
                #expect(stage.participant.paths == ["/mail/COMPLETED"])
                try await stage.expectConsistent(runID, workflow)
            }
        }
    }

    @Test("a child tells its parent and makes its calls with one commit")
    func child() async throws {
        let child = try Self.workflow([Self.mail])
        let parent = try WorkflowDefinition.sample(
            name: "parent", steps: [["id": "kid", "run": ["workflow": "order"]]])
        try await Stage.with([parent, child]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(parent)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let kid = try await calls(stage, after: runID)[0].runID
                _ = try await ended(stage, after: kid)
                #expect(stage.participant.paths == ["/pay", "/mail/COMPLETED"])
                try await stage.expectConsistent(kid, child)
            }
        }
    }
}
