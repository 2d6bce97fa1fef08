@testable import Console
import Core
import Testing

@Suite struct RunActionTests {
    /// - Parameters:
    ///   - actions: of the run.
    ///   - steps: `id actions…`.
    static func possible(
        _ actions: [String], _ steps: [String] = [], signals: [String] = [], undoes: [String]? = [],
        isPastPivot: Bool = false
    ) throws -> PossibleActions {
        func texts<Texts: Sequence<String>>(_ texts: Texts) -> JSON { .array(texts.map { .string($0) }) }
        let ofSteps = steps.map { text -> JSON in
            let words = text.split(separator: " ").map(String.init)
            return ["stepId": .string(words[0]), "actions": texts(words.dropFirst())]
        }
        return try #require(
            PossibleActions([
                "actions": texts(actions), "signals": texts(signals), "steps": .array(ofSteps),
                "undoes": undoes.map { texts($0) } ?? .null, "pastPivot": .bool(isPastPivot),
            ]))
    }

    private static func view(_ status: String, _ possible: PossibleActions?, _ steps: [String] = []) throws -> RunView {
        let list = steps.map { #"{"stepId":"\#($0)","status":"SUCCEEDED","attempts":1}"# }.joined(separator: ",")
        let text =
            #"{"run":{"runId":"r","workflowName":"w","workflowVersion":"1.0.0","status":"\#(status)"},"steps":[\#(list)]}"#
        var view = try #require(RunView(try JSON(parsing: text)))
        view.possible = possible
        return view
    }

    private static func actions(
        _ view: RunView, _ permissions: Set<String> = ["runs:operate"], isKnown: Bool = true
    ) -> [RunAction] { RunAction.fitting(view, permissions: permissions, isKnown: isKnown) }

    @Test func `What is possible is offered to those who may, and nothing else`() throws {
        let possible = try Self.possible(["cancel", "pause", "retry"], ["a retry resolve", "b complete skip"])
        let view = try Self.view("RUNNING", possible, ["a", "b", "c"])
        #expect(Self.actions(view).map(\.kind) == [.retryAll, .resolve, .cancel, .pause])
        #expect(Self.actions(view)[1].choices == ["a"])
        #expect(Self.actions(view, isKnown: false).map(\.kind) == [.cancel, .pause], "those two are administrators'")
        #expect(Self.actions(view, ["runs:read", "payloads:read"]).isEmpty)
        let unasked = try Self.view("RUNNING", nil, ["a"])
        #expect(Self.actions(unasked).isEmpty)
        func ofStep(_ index: Int, _ permissions: Set<String> = ["runs:operate"]) -> [RunAction.Kind] {
            RunAction.fitting(view.steps[index], of: view, permissions: permissions).map(\.kind)
        }
        #expect(ofStep(0) == [.retry] && ofStep(1) == [.complete, .skip] && ofStep(2).isEmpty)
        #expect(ofStep(0, ["runs:read"]).isEmpty)
    }

    @Test func `A signal is chosen from those that a step waits for; of a run that failed everything is done anew`()
        throws
    {
        let live = try Self.view("RUNNING", Self.possible(["cancel"], signals: ["yes", "no"]), ["a"])
        #expect(Self.actions(live).map(\.kind) == [.signal, .cancel])
        #expect(Self.actions(live)[0].choices == ["yes", "no"])
        let over = try Self.possible(["restart"])
        let (undone, failed) = (try Self.view("COMPENSATED", over, ["a"]), try Self.view("FAILED", over, ["a"]))
        #expect(Self.actions(undone)[0].choices == ["a"] && Self.actions(failed)[0].choices == [])
    }

    @Test(arguments: [
        (["a"], "1 step is undone (a)"), (["a", "b"], "2 steps are undone, in reverse order"),
        ([], "no step has to be undone"),
    ])
    func `What a cancel undoes is what the API says`(_ undoes: [String], _ text: String) throws {
        let view = try Self.view("RUNNING", Self.possible(["cancel"], undoes: undoes), ["a", "b"])
        #expect(Self.actions(view)[0].consequence(view).contains("nothing new begins, and \(text). The run ends"))
    }
}
