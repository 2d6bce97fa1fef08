import Core
@testable import Engine
import Storage
import TestSupport
import Testing

@Suite("Signals, end to end", .timeLimit(.minutes(3)))
struct SignalTests {
    private static func call(_ path: String) -> JSON {
        ["participant": "demo", "path": .string(path), "body": "${steps.approval.output}"]
    }

    private static func definition(_ awaited: JSON) throws -> WorkflowDefinition {
        var step: JSON = ["id": "approval"]
        for (key, value) in awaited.object?.members ?? [] { step[key] = value }
        return try WorkflowDefinition.sample(
            name: "approved",
            steps: [
                [
                    "id": "reserve", "action": ["participant": "demo", "path": "/reserve", "body": "none"],
                    "compensation": ["participant": "demo", "path": "/release", "body": "none"],
                ],
                step, ["id": "ship", "action": call("/ship"), "compensation": "none"],
            ])
    }

    private func signal(_ payload: JSON, key: String? = nil) -> InboxRequest {
        InboxRequest(.signal(name: "approval", payload: payload, key: key), sentBy: "ann")
    }

    @Test("a run waits without a lease until its signal comes; what it says is the step's output, however long")
    func taken() async throws {
        let definition = try Self.definition(["await": ["signal": "approval", "where": ["var": "payload.approved"]]])
        let long = String(repeating: "x", count: 2000)
        try await Stage.with([definition]) { stage in
            let runID = try await stage.start(definition)[0]
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.status == .waiting }
                try await stage.wait(for: runID, "given back") { _, _ in
                    try await stage.test.value("SELECT lease_owner IS NULL FROM outbox") == "t"
                }
                try await stage.send(signal(["approved": false]), to: runID)
                try await stage.send(signal(["approved": true, "note": .string(long)], key: "k"), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
            }
            let steps = try #require(try await stage.reader.find(runID)).steps
            #expect(steps[1].step.output?["note"] == .string(long))
            #expect(stage.participant.paths == ["/reserve", "/ship"])
            let kinds = try await stage.events(runID).map(\.kind)
            #expect(
                kinds.filter { $0 == "signal_received" }.count == 2 && kinds.filter { $0 == "signal_taken" }.count == 1)
            let viewed = try await stage.test.query(
                "SELECT output->>'note' FROM run_steps WHERE run_id = '\(runID)' AND step_id = 'approval'")
            #expect(viewed == [[long]])
            try await stage.expectConsistent(runID, definition)
        }
    }

    @Test("what comes before its step waits for it, also when another engine takes the run over; a key makes it one")
    func early() async throws {
        let definition = try Self.definition(["await": ["signal": "approval"]])
        try await Stage.with([definition]) { stage in
            let runID = try await stage.start(definition)[0]
            for _ in 0..<3 { try await stage.send(signal(["n": 1], key: "one"), to: runID) }
            try await stage.withEngine { _ in
                let status = try await stage.end(of: runID)
                #expect(status == .completed)
            }
            let kinds = try await stage.events(runID).map(\.kind)
            #expect(kinds.filter { $0 == "signal_received" }.count == 1)
            try await stage.expectConsistent(runID, definition)
        }
    }

    @Test("a run that took a large signal is shown as it stands while its next call is under way, and is asked by that")
    func shown() async throws {
        let definition = try Self.definition(["await": ["signal": "approval"]])
        let gate = Gate()
        try await Stage.with([definition], answer: TestParticipant.held(by: gate, at: "/ship")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.status == .waiting }
                try await stage.send(signal(["note": .string(String(repeating: "x", count: 5000))]), to: runID)
                try await stage.wait(for: runID, "shipping") { _, _ in stage.participant.paths.contains("/ship") }
                let shown = try #require(try await stage.reader.shown(runID)).steps
                #expect(shown.map(\.status) == ["SUCCEEDED", "SUCCEEDED", "EXECUTING"])
                let settle = InboxRequest.Kind.settle(stepID: "approval", .skip, output: nil, reason: "no")
                let inbox = RunInbox(database: stage.test.database)
                #expect(try await inbox.ask(runID, InboxRequest(settle, sentBy: "ann")) == .notWaiting)
                gate.open()
                let status = try await stage.end(of: runID)
                #expect(status == .completed)
            }
        }
    }

    @Test("without its signal a step fails after its timeout, and what was done is undone")
    func late() async throws {
        let definition = try Self.definition(["await": ["signal": "approval"], "timeout": "1s"])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let (row, _) = try #require(try await stage.reader.find(runID))
                #expect(row.error?["kind"] == "timeout" && row.error?["stepId"] == "approval")
                #expect(stage.participant.paths == ["/reserve", "/release"])
                try await stage.expectConsistent(runID, definition)
            }
        }
    }
}
