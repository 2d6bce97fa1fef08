import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Callbacks, end to end", .timeLimit(.minutes(3)))
struct CallbackTests {
    private static func definition(_ callback: JSON = "callback", undo: JSON? = nil) throws -> WorkflowDefinition {
        var compensation: JSON = ["participant": "demo", "path": "/stop", "body": "none"]
        if let undo { compensation["completion"] = undo }
        return try WorkflowDefinition.sample(
            name: "film",
            steps: [
                [
                    "id": "render",
                    "action": ["participant": "demo", "path": "/render", "body": "none", "completion": callback],
                    "compensation": compensation,
                ],
                [
                    "id": "show",
                    "action": ["participant": "demo", "path": "/show", "body": "${steps.render.output}"],
                    "compensation": "none",
                ],
            ])
    }

    private static func told(
        _ outcome: Callback.Outcome, _ output: JSON? = nil, step: String = "render", _ action: CallAction = .execute
    ) -> InboxRequest {
        let callback = Callback(
            outcome: outcome, output: output, error: nil, digest: "\(outcome) \(output?.text ?? "")")
        return InboxRequest(.callback(stepID: step, action, callback), sentBy: "callback")
    }

    private static func acceptsRender(_ call: SeenCall) -> (Int, String) { (call.path == "/render" ? 202 : 200, "{}") }

    @Test(
        "accepted work holds no lease; its callback is the step's output; the same again is the same, another is refused"
    )
    func told() async throws {
        let definition = try Self.definition()
        let long = JSON.string(String(repeating: "x", count: 3000))
        try await Stage.with([definition], answer: { Self.acceptsRender($0) }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "accepted and given back") { _, steps in
                    let isFree = try await stage.test.value("SELECT lease_owner IS NULL FROM outbox") == "t"
                    return steps[0].step.isAccepted && isFree
                }
                let url = try #require(stage.participant.calls.first?.headers["x-saga-callback-url"])
                #expect(url.hasPrefix("http://127.0.0.1:1/saga/v1/callbacks/"))
                let keys = try await stage.test.database.reads.execute(ListCallbackKeys())
                let token = CallbackToken(String(url.split(separator: "/").last ?? ""), try #require(keys.last))
                #expect(token == CallbackToken(runID: runID, step: 0, action: .execute))
                let inbox = RunInbox(database: stage.test.database)
                try await stage.send(Self.told(.succeeded, ["url": long]), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
                #expect(try await inbox.ask(runID, Self.told(.succeeded, ["url": long])) == .accepted)
                #expect(try await inbox.ask(runID, Self.told(.failed)) == .callbackDiffers)
                #expect(try await inbox.ask(runID, Self.told(.succeeded, step: "show")) == .callbackOver)
                #expect(stage.participant.calls.last?.body == #"{"url":\#(long.text)}"#)
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("without a callback, or a sign of life, an attempt is unknown, repeated under its key, and undone at last")
    func late() async throws {
        let definition = try Self.definition(["callback": ["timeout": "1s"]])
        try await Stage.with([definition], answer: { Self.acceptsRender($0) }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let renders = stage.participant.calls.filter { $0.path == "/render" }
                #expect(renders.count == 3 && Set(renders.map(\.key)).count == 1)
                #expect(
                    Set(renders.compactMap { $0.headers["x-saga-callback-url"] }).count == 1, "one URL for the action")
                #expect(stage.participant.paths.last == "/stop")
                let row = try #require(try await stage.reader.find(runID)).run
                #expect(row.error?["kind"] == "timeout")
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a callback that comes while its call is under way is kept, and its engine may die meanwhile")
    func early() async throws {
        let definition = try Self.definition()
        let gate = Gate()
        try await Stage.with(
            [definition],
            answer: { call in
                if call.path == "/render" { await gate.wait() }
                return Self.acceptsRender(call)
            }
        ) { stage in
            let runID = try await stage.start(definition)[0]
            let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .milliseconds(50))
            _ = try await dead.claim(limit: 1)
            try await stage.send(Self.told(.succeeded, ["url": "u"]), to: runID)
            try await stage.withEngine { _ in
                let status = try await stage.end(of: runID)
                #expect(status == .completed)
            }
            #expect(stage.participant.paths == ["/show"], "the lost call is not made again")
            gate.open()
            try await stage.expectConsistent(runID, definition)
        }
    }

    @Test("a compensation may be accepted, too; a cancel does not wait for what was accepted")
    func undo() async throws {
        let definition = try Self.definition(undo: "callback")
        try await Stage.with([definition], answer: { _ in (202, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "accepted") { _, steps in steps[0].step.isAccepted }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "undone, as far as accepted") { run, steps in
                    run.status == .compensating && steps[0].step.isAccepted
                }
                let inbox = RunInbox(database: stage.test.database)
                #expect(try await inbox.ask(runID, Self.told(.succeeded)) == .callbackOver)
                try await stage.send(Self.told(.succeeded, nil, step: "render", .compensate), to: runID)
                #expect(try await stage.end(of: runID) == .cancelled)
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("an engine that can't say where to call back leaves the call to one that can")
    func nowhere() async throws {
        let definition = try Self.definition()
        try await Stage.with([definition], answer: { _ in (200, "{}") }) { stage in
            let runID = try await stage.start(definition)[0]
            try await stage.withEngine([], environment: [:]) { _ in
                try await stage.wait(for: runID, "put off") { _, steps in steps[0].step.error?.kind == "notAllowed" }
                #expect(stage.participant.calls.isEmpty)
            }
            try await stage.withEngine { _ in
                let status = try await stage.end(of: runID)
                #expect(status == .completed)
            }
        }
    }
}
