import Core
@testable import Engine
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("A run that is over is done anew, end to end", .timeLimit(.minutes(3)))
struct RestartTests {
    private static func call(_ path: String) -> JSON { ["participant": "demo", "path": .string(path)] }

    private static func step(_ id: String) -> JSON {
        ["id": .string(id), "action": call("/\(id)"), "compensation": call("/undo-\(id)")]
    }

    /// As the API does it.
    private static func restart(
        _ stage: Stage, _ runID: RunID, from stepID: String, held pause: WorkflowPause? = nil
    ) async throws -> RunID {
        let restarter = RunRestarter(database: stage.test.database)
        let old = try #require(try await restarter.find(runID))
        let from = try #require(old.run.definition.step(stepID)).index
        let kept = try old.run.keptSteps(for: old.run.definition, from: from, repeats: false)
        let restart = Restart(run: runID, fromStep: from, by: "ann", reason: "mended", kept: kept)
        let new = NewRun.sample(old.run.definition, pause: pause, restart: restart)
        #expect(try await restarter.submit(new, restart, of: old, detail: ["reason": "mended"]) == .started)
        #expect(try await restarter.submit(new, restart, of: old, detail: [:]) == .moved, "it is not as it was read")
        _ = try await stage.test.query("SELECT pg_notify('\(Channel.outbox)', '')")
        return new.run.id
    }

    @Test("what is taken over is not called again, and undone as the first run would have; that one is never undone")
    func owned() async throws {
        let last: JSON = ["id": "c", "action": Self.call("/c/${steps.b.output.text}")]
        let definition = try WorkflowDefinition.sample(name: "anew", steps: [Self.step("a"), Self.step("b"), last])
        // So long that it stands in its event alone.
        let text = String(repeating: "x", count: 700)
        let refuses = Mutex(false)
        try await Stage.with(
            [definition],
            answer: { call in
                if call.path.hasPrefix("/c"), refuses.withLock({ $0 }) { return (422, "{}") }
                return (200, #"{"text":"\#(text)"}"#)
            }
        ) { stage in
            try await stage.withEngine { _ in
                let first = try await stage.start(definition)[0]
                #expect(try await stage.end(of: first) == .completed)
                let second = try await Self.restart(stage, first, from: "c")
                #expect(try await stage.end(of: second) == .completed)
                #expect(stage.participant.paths == ["/a", "/b", "/c/\(text)", "/c/\(text)"])
                try await stage.expectConsistent(first, definition)
                try await stage.expectConsistent(second, definition)
                let inbox = RunInbox(database: stage.test.database)
                let undo = InboxRequest(.undo(reason: "no"), sentBy: "ann")
                #expect(try await inbox.ask(first, undo) == .restarted(second))
                let (row, steps) = try #require(try await stage.reader.shown(second))
                #expect(row.restartedFrom?.run == first && row.restartedFrom?.fromStep == "c")
                #expect(steps.map(\.attempts) == [0, 0, 1] && steps[1].output.size > 700)
                #expect(try await stage.reader.shown(first)?.run.restartedAs == second)
                refuses.withLock { $0 = true }
                let third = try await Self.restart(stage, second, from: "c")
                #expect(try await stage.end(of: third) == .compensated)
                let undos = stage.participant.calls.filter { $0.path.hasPrefix("/undo") }
                #expect(undos.map(\.key) == ["\(first):b:compensate", "\(first):a:compensate"])
                #expect(undos.allSatisfy { $0.headers["x-saga-run-id"] == first.description })
                try await stage.expectConsistent(third, definition)
                let actions = try await stage.test.query(
                    "SELECT action, subject FROM audit_trail WHERE subject LIKE 'runs/%' ORDER BY number")
                #expect(actions == [["restart_run", "runs/\(first)"], ["restart_run", "runs/\(second)"]])
            }
        }
    }

    @Test("a list is taken over with its elements, and they are undone as by the first run")
    func list() async throws {
        // So long that they stand in the event of the list alone.
        let items = JSON.array((0..<3).map { ["sku": .string("\($0)" + String(repeating: "x", count: 400))] })
        var each = Self.step("a")
        each["forEach"] = ["in": "${input.items}", "maxParallel": 1]
        each["action"]?["body"] = "${item}"
        let last: JSON = ["id": "c", "action": Self.call("/c")]
        let definition = try WorkflowDefinition.sample(name: "listed", steps: [each, Self.step("b"), last])
        let refuses = Mutex(false)
        let long = String(repeating: "y", count: 700)
        try await Stage.with(
            [definition],
            answer: { call in
                if call.path == "/c", refuses.withLock({ $0 }) { return (422, "{}") }
                return (200, #"{"text":"\#(call.key.hasSuffix("a[1]:execute") ? long : "")"}"#)
            }
        ) { stage in
            try await stage.withEngine { _ in
                let first = try await stage.start(definition, input: ["items": items])[0]
                #expect(try await stage.end(of: first) == .completed)
                let second = try await Self.restart(stage, first, from: "c")
                #expect(try await stage.end(of: second) == .completed)
                #expect(stage.participant.paths == ["/a", "/a", "/a", "/b", "/c", "/c"])
                for runID in [first, second] { try await stage.expectConsistent(runID, definition) }
                let outputs = try #require(try await stage.reader.find(second)).steps.map(\.step.output)
                #expect(outputs == (try #require(try await stage.reader.find(first))).steps.map(\.step.output))
                #expect(outputs[0]?.array?.count == 3 && outputs[4]?["text"]?.string == long)
                refuses.withLock { $0 = true }
                let third = try await Self.restart(stage, second, from: "c")
                #expect(try await stage.end(of: third) == .compensated)
                let undos = stage.participant.calls.filter { $0.path.hasPrefix("/undo") }
                #expect(undos.map(\.key) == ["b", "a[2]", "a[1]", "a[0]"].map { "\(first):\($0):compensate" })
                try await stage.expectConsistent(third, definition)
            }
        }
    }

    @Test("an undo that was let in before is not lost: what is asked for is looked at again")
    func raced() async throws {
        let definition = try WorkflowDefinition.sample(name: "raced", steps: [Self.step("a"), Self.step("b")])
        try await Stage.with([definition]) { stage in
            let runID = try await stage.withEngineResult { try await stage.startAndEnd(definition) }
            let restarter = RunRestarter(database: stage.test.database)
            let old = try #require(try await restarter.find(runID))
            try await stage.send(InboxRequest(.undo(reason: "no"), sentBy: "ann"), to: runID)
            let restart = Restart(run: runID, fromStep: nil, by: "ann", reason: "mended", kept: [])
            let new = NewRun.sample(definition, restart: restart)
            #expect(try await restarter.submit(new, restart, of: old, detail: [:]) == .moved)
            #expect(try await stage.test.value("SELECT count(*) FROM workflow_runs") == "1", "nothing is written")
        }
    }
}

extension Stage {
    fileprivate func startAndEnd(_ definition: WorkflowDefinition) async throws -> RunID {
        let runID = try await start(definition)[0]
        #expect(try await end(of: runID) == .completed)
        return runID
    }

    /// What `body` gives beside an engine.
    fileprivate func withEngineResult(_ body: @Sendable @escaping () async throws -> RunID) async throws -> RunID {
        let result = Mutex<RunID?>(nil)
        try await withEngine { _ in
            let runID = try await body()
            result.withLock { $0 = runID }
        }
        return try #require(result.withLock { $0 })
    }
}
