import Core
@testable import Engine
import Storage
import TestSupport
import Testing

@Suite("Child runs, end to end", .timeLimit(.minutes(3)))
struct ChildRunTests {
    private static func parent(_ run: JSON, then: [JSON] = []) throws -> WorkflowDefinition {
        try WorkflowDefinition.sample(name: "parent", steps: [["id": "kid", "run": run]] + then)
    }

    private static func child(_ path: String = "/pay", schema: JSON? = nil) throws -> WorkflowDefinition {
        var definition: JSON = [
            "name": "payment", "version": "1.0.0", "output": ["paid": "${input.amount}"],
            "steps": [
                [
                    "id": "pay", "action": ["participant": "demo", "path": .string(path), "body": "none"],
                    "compensation": ["participant": "demo", "path": "/refund", "body": "none"],
                ]
            ],
        ]
        if let schema { definition["inputSchema"] = schema }
        return try WorkflowDefinition(definition)
    }

    private static let ship: JSON = [
        "id": "ship", "action": ["participant": "demo", "path": "/ship", "body": "none"], "compensation": "none",
    ]

    private func children(_ stage: Stage, of runID: RunID) async throws -> [RunHead] {
        var query = RunQuery(scope: .all)
        query.parent = runID
        return try await stage.reader.list(query)
    }

    @Test("a step starts a run with what its templates say, and its output is the step's")
    func completed() async throws {
        let parent = try Self.parent(["workflow": "payment", "input": ["amount": 7]], then: [Self.ship])
        let child = try Self.child()
        try await Stage.with([parent, child]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(parent)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let kids = try await children(stage, of: runID)
                #expect(kids.map(\.workflowName) == ["payment"] && kids.map(\.statusText) == ["COMPLETED"])
                #expect(kids[0].parent?.runID == runID && kids[0].parent?.stepID == "kid")
                #expect(kids[0].correlationID == runID.description, "it goes by what its parent goes by")
                let (_, steps) = try #require(try await stage.reader.find(runID))
                #expect(steps[0].step.output == ["paid": 7] && steps[0].step.child?.runID == kids[0].runID)
                #expect(stage.participant.paths == ["/pay", "/ship"])
                try await stage.expectConsistent(runID, parent)
                try await stage.expectConsistent(kids[0].runID, child)
            }
        }
    }

    @Test("a run that is undone undoes its child, which had COMPLETED; what the child did comes last")
    func undone() async throws {
        let parent = try Self.parent(["workflow": "payment", "input": ["amount": 7]], then: [Self.ship])
        let child = try Self.child()
        try await Stage.with([parent, child], answer: { $0.path == "/ship" ? (422, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(parent)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let kids = try await children(stage, of: runID)
                #expect(kids.map(\.statusText) == ["COMPENSATED"] && kids[0].causeText == "UNDO_REQUESTED")
                #expect(stage.participant.paths == ["/pay", "/ship", "/refund"])
                try await stage.expectConsistent(runID, parent)
                try await stage.expectConsistent(kids[0].runID, child)
                let rows = try await stage.test.value("SELECT count(*) FROM run_inbox")
                #expect(rows == "0")
            }
        }
    }

    @Test("a child that is refused by its participant is a definite no of its step")
    func rejected() async throws {
        let parent = try Self.parent(["workflow": "payment"])
        let child = try Self.child()
        try await Stage.with([parent, child], answer: { _ in (422, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(parent)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let (row, _) = try #require(try await stage.reader.find(runID))
                #expect(row.error?["kind"] == "rejected" && row.error?["stepId"] == "kid")
                #expect(row.error?["response"]?["stepId"] == "pay", "it says what went wrong there")
            }
        }
    }

    @Test("a cancel goes down to the child that is at work, and the run waits for it")
    func cancelled() async throws {
        let parent = try Self.parent(["workflow": "payment"])
        let child = try Self.child()
        let gate = Gate()
        try await Stage.with([parent, child], answer: TestParticipant.held(by: gate, at: "/pay")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(parent)[0]
                try await stage.wait(for: runID, "waiting") { _, _ in stage.participant.paths.contains("/pay") }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "cancelling") { _, steps in steps[0].step.child?.phase == .cancelling }
                gate.open()
                #expect(try await stage.end(of: runID) == .cancelled)
                let kids = try await children(stage, of: runID)
                #expect(kids.map(\.statusText) == ["CANCELLED"])
                #expect(stage.participant.paths == ["/pay", "/refund"])
            }
        }
    }

    @Test("what can't be started is a definite no, which says why and where")
    func refused() async throws {
        let schema: JSON = ["type": "object", "required": ["amount"], "properties": ["amount": ["type": "integer"]]]
        let cases: [(run: JSON, pointer: String, words: String)] = [
            (["workflow": "nobody"], "/steps/0/run/workflow", "there is no workflow nobody"),
            (["workflow": "payment", "version": "2.0.0"], "/steps/0/run/version", "payment 2.0.0"),
            (["workflow": "payment", "input": ["amount": "x"]], "/steps/0/run/input", "/amount"),
            (
                ["workflow": "payment", "input": ["amount": 1], "context": ["tenantId": 7]],
                "/steps/0/run/context/tenantId", "tenantId"
            ),
            (
                ["workflow": "payment", "input": ["amount": 1], "context": ["tenantId": "other"]],
                "/steps/0/run/context/tenantId", "another tenant"
            ),
        ]
        let parents = try cases.enumerated().map { number, row -> WorkflowDefinition in
            try WorkflowDefinition.sample(name: "parent-\(number)", steps: [["id": "kid", "run": row.run]])
        }
        let child = try Self.child(schema: schema)
        try await Stage.with(parents + [child]) { stage in
            try await stage.withEngine { _ in
                for (definition, row) in zip(parents, cases) {
                    let (pointer, words) = (row.pointer, row.words)
                    let runID = try await stage.start(definition)[0]
                    #expect(try await stage.end(of: runID) == .compensated)
                    let error = try #require(try await stage.reader.find(runID)).run.error ?? .null
                    #expect(error["kind"] == "rejected" && error["pointer"]?.string == pointer)
                    #expect(error["message"]?.string?.contains(words) ?? false, "\(error.text)")
                }
                let count = try await stage.test.value(
                    "SELECT count(*) FROM workflow_runs WHERE workflow_name = 'payment'")
                #expect(count == "0")
            }
        }
    }

    @Test("a person can't undo a child, whose parent does; one that is detached they can")
    func byHand() async throws {
        let parent = try Self.parent(["workflow": "payment"])
        let detached = try WorkflowDefinition.sample(
            name: "detached", steps: [["id": "kid", "run": ["workflow": "payment", "detached": true]]])
        let child = try Self.child()
        try await Stage.with([parent, detached, child]) { stage in
            try await stage.withEngine { _ in
                let inbox = RunInbox(database: stage.test.database)
                let undo = InboxRequest(.undo(reason: "no"), sentBy: "ann")
                let attached = try await stage.start(parent)[0]
                #expect(try await stage.end(of: attached) == .completed)
                let kid = try #require(try await children(stage, of: attached).first)
                let link = ParentLink(runID: attached, stepID: "kid", depth: 1, isDetached: false)
                #expect(try await inbox.ask(kid.runID, undo) == .ofParent(link))
                let loose = try await stage.start(detached)[0]
                #expect(try await stage.end(of: loose) == .completed)
                let other = try #require(try await children(stage, of: loose).first)
                #expect(try await stage.end(of: other.runID) == .completed)
                #expect(try await inbox.ask(other.runID, undo) == .accepted)
                #expect(try await inbox.ask(attached, undo) == .accepted)
                try await stage.wait(for: attached, "undone") { run, _ in run.status == .compensated }
                try await stage.wait(for: other.runID, "undone") { run, _ in run.status == .compensated }
            }
        }
    }
}
