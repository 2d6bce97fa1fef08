import Core
@testable import Engine
import Storage
import Testing
import TestSupport

@Suite("What can't be decided or built fails its step, and is never taken for an answer")
struct ConditionTests {
    /// A check for dear lines that must not be skipped, and what comes after it.
    private static func guarded() throws -> WorkflowDefinition {
        let isDear: JSON = ["some": [["var": "input.lines"], [">": [["var": "qty"], 100]]]]
        return try WorkflowDefinition([
            "name": "guarded", "version": "1.0.0",
            "steps": [
                WorkflowDefinition.sampleStep("check", when: isDear), WorkflowDefinition.sampleStep("ship"),
            ],
        ])
    }

    private static func lines(_ count: Int) -> JSON {
        ["lines": .array(Array(repeating: ["qty": 1], count: count - 1) + [["qty": 200]])]
    }

    @Test("a condition that takes too long for its start is evaluated by the engine, and the run goes on")
    func long() async throws {
        let guarded = try Self.guarded()
        try await Stage.with([guarded]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(guarded, input: Self.lines(30_000))[0]
                #expect(try await stage.end(of: runID) == .completed)
                #expect(stage.participant.paths == ["/check", "/ship"])
                let events = stage.kinds(try await stage.events(runID))
                #expect(Array(events.prefix(2)) == ["run_started", "attempt_started check execute"])
                try await stage.expectConsistent(runID, guarded)
            }
        }
    }

    @Test("a condition that can't be evaluated at all fails its step: nothing is skipped, nothing is called")
    func endless() async throws {
        let guarded = try Self.guarded()
        try await Stage.with([guarded]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(guarded, input: Self.lines(40_000))[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == [])
                let (run, steps) = try #require(try await stage.reader.find(runID))
                #expect(run.cause == .stepFailed)
                #expect(steps.map(\.step.status) == [.failed, .pending])
                #expect(steps[0].step.error?.kind == "condition" && steps[0].step.error?.pointer == "/steps/0/when")
                try await stage.expectConsistent(runID, guarded)
            }
        }
    }

    @Test(
        "a call that can't be built names the place from the definition's root, and is not made",
        arguments: [
            (["path": "/act", "headers": ["x-tenant-name": "${input.t}"]], "/steps/0/action/headers/x-tenant-name"),
            (["path": "/act/${input.t}"], "/steps/0/action/path"),
            (["path": "/act", "body": ["a": ["<${input.t}>"]]], "/steps/0/action/body/a/0"),
            (
                ["path": "/act", "body": .array(Array(repeating: "${input.big}", count: 256))],
                "/steps/0/action/body/4"
            ),
        ] as [(JSON, String)])
    func unbuildable(_ members: JSON, _ pointer: String) async throws {
        var action = members
        action["participant"] = "demo"
        let definition = try WorkflowDefinition([
            "name": "unbuildable", "version": "1.0.0", "steps": [["id": "act", "action": action]],
        ])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let big = JSON.array(Array(repeating: "0123456789", count: 80_000))
                let runID = try await stage.start(definition, input: ["big": big])[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == [])
                let error = try #require(try await stage.reader.find(runID)?.steps[0].step.error)
                #expect(error.kind == "template" && error.pointer == pointer)
                #expect(error.message.hasSuffix("(at \(pointer))"))
                try await stage.expectConsistent(runID, definition)
            }
        }
    }
}
