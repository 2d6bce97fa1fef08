import Console
import Core
import Testing

/// Whether the page of a run shows its steps as the API tells of them, and not as one may guess.
@Suite struct RunTruthTests {
    private static let id = "0190a1b2-0000-7000-8000-00000000000"

    private static func page(_ text: String, _ steps: [JSON], status: String = "RUNNING") throws -> String {
        var view = try #require(
            RunView([
                "run": [
                    "runId": .string("\(id)0"), "workflowName": "w", "workflowVersion": "1.0.0",
                    "status": .string(status), "correlationId": "c", "createdAt": "2026-01-31T12:00:00Z",
                ],
                "steps": .array(steps),
            ]))
        view.definition = try GraphSamples.workflow("w", text)
        let html = RunPage(view, PageTests.frame()).html
        #expect(MarkupPage(html.markup).faults.isEmpty)
        return html.markup
    }

    private static func step(_ id: String, _ status: String, _ more: JSONObject = [:]) -> JSON {
        var step: JSONObject = [
            "stepId": .string(id), "kind": "action", "status": .string(status), "attempts": 1,
            "compensationStatus": "NOT_REQUIRED", "compensationAttempts": 0,
        ]
        for (name, value) in more.members { step[name] = value }
        return .object(step)
    }

    @Test func `Work that was accepted is told from a call that is in flight`() throws {
        let flying = try Self.page("a& b", [Self.step("a", "EXECUTING"), Self.step("b", "PENDING")])
        #expect(flying.contains(#"class="step s-executing" id="graph-step-a""#) && !flying.contains("being worked on"))
        let accepted = try Self.page(
            "a& b", [Self.step("a", "EXECUTING", ["accepted": true]), Self.step("b", "PENDING")])
        #expect(
            accepted.contains(#"class="step s-accepted" id="graph-step-a""#) && accepted.contains("being worked on"))
    }

    @Test func `An outcome is unknown where the API says so, whatever the last error was`() throws {
        let error: JSON = ["kind": "rejected", "message": "no"]
        let unknown = try Self.page(
            "a b",
            [
                Self.step("a", "SUCCEEDED"),
                Self.step("b", "FAILED", ["error": error, "outcomeUnknown": true, "attempts": 3]),
            ])
        #expect(unknown.contains("s-unknown") && unknown.contains("outcome unknown"))
        let known = try Self.page(
            "a b",
            [Self.step("a", "SUCCEEDED"), Self.step("b", "PENDING", ["error": ["kind": "unknown", "message": "no"]])])
        #expect(!known.contains("s-unknown") && !known.contains("outcome unknown"))
        let undo = try Self.page(
            "a b",
            [
                Self.step(
                    "a", "SUCCEEDED",
                    ["compensationStatus": "PENDING", "compensationAttempts": 1, "compensationOutcomeUnknown": true]),
                Self.step("b", "FAILED", ["error": error]),
            ], status: "COMPENSATING")
        #expect(undo.contains("outcome of its undo unknown"))
        #expect(undo.matches(of: /s-unknown/).count == 1)
    }

    @Test func `What another run did, and what needs a person, is shown as that`() throws {
        let page = try Self.page(
            "a b^ c",
            [
                Self.step("a", "SUCCEEDED", ["kept": true]), Self.step("b", "SUCCEEDED"),
                Self.step("c", "FAILED", ["awaitsOperator": true]),
            ])
        #expect(page.contains(#"class="step s-kept" id="graph-step-a""#) && page.contains("taken over"))
        #expect(page.contains(#"class="step s-person" id="graph-step-c""#))
    }

    @Test func `The children of a list's elements are links in the graph, its table and the steps`() throws {
        let elements = (0..<30).map { number -> JSON in
            let status = number == 29 ? "RUNNING" : "COMPLETED"
            return [
                "stepId": .string("a[\(number)]"), "status": .string(number == 29 ? "WAITING" : "SUCCEEDED"),
                "attempts": 1,
                "compensationStatus": "NOT_REQUIRED",
                "child": [
                    "runId": .string("0190a1b2-0000-7000-8000-0000000001\(number < 10 ? "0" : "")\(number)"),
                    "workflow": "order-dispatch", "status": .string(status),
                ],
            ]
        }
        let page = try Self.page(
            "a*@ b", [Self.step("a", "EXECUTING", ["elements": .array(elements)]), Self.step("b", "PENDING")])
        let graph = try #require(page.firstMatch(of: /<svg class="graph".*?<\/svg>/.dotMatchesNewlines()))
        #expect(
            graph.output.contains(#"href="/console/runs?parent=\#(Self.id)0""#)
                && graph.output.contains(#"role="group""#))
        let table = try #require(page.firstMatch(of: /<table class="graph-table">.*?<\/table>/.dotMatchesNewlines()))
        // The one that goes on comes first, and not all of them are there.
        #expect(table.output.contains("000000000129\">order-dispatch"))
        #expect(
            table.output.matches(of: /href="\/console\/runs\/0190/).count == 20 && table.output.contains("and 10 more"))
        let steps = try #require(page.firstMatch(of: /<table class="steps">.*?<\/table>/.dotMatchesNewlines()))
        #expect(steps.output.matches(of: /href="\/console\/runs\/0190/).count == 30)
    }

    @Test func `A payload of a mebibyte makes no page of a mebibyte`() throws {
        let text = String(repeating: "</script>${x}\u{202E}", count: 60_000)
        var view = try #require(
            RunView([
                "run": [
                    "runId": .string("\(Self.id)0"), "workflowName": "w", "workflowVersion": "1.0.0",
                    "status": "COMPLETED", "correlationId": "c", "createdAt": "2026-01-31T12:00:00Z",
                    "input": ["t": .string(text)], "output": ["large": true, "bytes": 1_048_576],
                ],
                "steps": [],
            ]))
        view.events = []
        let page = RunPage(view, PageTests.frame()).html.markup
        #expect(page.utf8.count < 50_000 && page.contains("Too long to be shown here"))
        #expect(page.contains("048") && page.contains("in the run as JSON"))
        #expect(MarkupPage(page).faults.isEmpty)
    }
}
