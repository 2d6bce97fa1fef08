import Console
import Core
import Testing

@Suite struct RunActionTests {
    private static func view(_ run: String, _ steps: String = "") throws -> RunView {
        let text = #"{"run":{"runId":"r","workflowName":"w","workflowVersion":"1.0.0",\#(run)},"steps":[\#(steps)]}"#
        return try #require(RunView(try JSON(parsing: text)))
    }

    private static func kinds(_ view: RunView, _ permissions: Set<String> = ["runs:operate"]) -> [RunAction.Kind] {
        RunAction.fitting(view, permissions: permissions).map(\.kind)
    }

    @Test(arguments: [
        (#""status":"PENDING""#, [RunAction.Kind.cancel, .pause]), (#""status":"RUNNING""#, [.cancel, .pause]),
        (#""status":"RUNNING","waitingFor":{"kind":"paused"}"#, [.cancel, .resume]),
        (#""status":"RUNNING","waitingFor":{"kind":"signal","name":"s"}"#, [.signal, .cancel, .pause]),
        (#""status":"COMPENSATING""#, [.pause]), (#""status":"COMPLETED""#, [.undo, .restart]),
        (#""status":"COMPLETED","parent":{"runId":"p","stepId":"s"}"#, [.restart]),
        (#""status":"COMPLETED","restartedAs":"o""#, []), (#""status":"COMPENSATED""#, [.restart]),
        (#""status":"FAILED""#, [.retryAll]), (#""status":"MOONLIT""#, [.pause]),
    ])
    func `What fits a run as it stands`(_ run: String, _ kinds: [RunAction.Kind]) throws {
        let view = try Self.view(run)
        #expect(Self.kinds(view) == kinds)
        #expect(Self.kinds(view, ["runs:read", "payloads:read"]).isEmpty)
    }

    @Test func `An undo that gave up is retried or resolved, alone and with the others`() throws {
        let steps =
            #"{"stepId":"a","status":"SUCCEEDED","attempts":1,"compensationStatus":"FAILED","compensationAttempts":5}"#
        for status in ["FAILED", "COMPENSATING"] {
            let view = try Self.view(#""status":"\#(status)""#, steps)
            #expect(Self.kinds(view).prefix(2) == [.retryAll, .resolve])
            #expect(RunAction.fitting(view, permissions: ["runs:operate"])[1].choices == ["a"])
            #expect(RunAction.fitting(view.steps[0], of: view, permissions: ["runs:operate"]).map(\.kind) == [.retry])
        }
    }

    @Test func `A step that waits is retried now, completed, skipped or given up`() throws {
        let waits =
            #"{"stepId":"a","status":"PENDING","attempts":2,"compensationStatus":"NOT_REQUIRED","nextAttemptAt":"2026-01-31T12:00:00Z"}"#
        let view = try Self.view(#""status":"RUNNING""#, waits)
        func kinds(_ permissions: Set<String>) -> [RunAction.Kind] {
            RunAction.fitting(view.steps[0], of: view, permissions: permissions).map(\.kind)
        }
        #expect(kinds(["runs:operate"]) == [.retry, .complete, .skip, .fail])
        #expect(kinds(["runs:read"]).isEmpty)
        let over = try Self.view(#""status":"COMPENSATED""#, waits)
        #expect(RunAction.fitting(over.steps[0], of: over, permissions: ["runs:operate"]).isEmpty)
    }
}
