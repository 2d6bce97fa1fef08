import Console
import Core
import Testing

@Suite struct FailedGroupTests {
    private static func run(_ id: String, _ workflow: String, step: String?, _ message: String) throws -> FailedRun {
        let steps =
            step.map { #"[{"stepId":"\#($0)","attempts":5,"error":{"kind":"unknown","message":"\#(message)"}}]"# }
            ?? "[]"
        let kind = step == nil ? "quarantined" : "compensation"
        let json = try JSON(
            parsing:
                #"{"runId":"\#(id)","workflowName":"\#(workflow)","workflowVersion":"1.0.0","status":"FAILED","error":{"kind":"\#(kind)","message":"\#(message)"},"failedSteps":\#(steps)}"#
        )
        return try #require(FailedRun(json))
    }

    @Test func `Runs that fail at the same place for the same reason are one group, the largest first`() throws {
        let groups = FailedGroup.groups(of: [
            try Self.run("1", "w", step: "a", "no connection to 10.0.0.1:80"),
            try Self.run("2", "w", step: "b", "HTTP 500"),
            try Self.run("3", "w", step: "b", "HTTP 500"), try Self.run("4", "w", step: "b", "HTTP 404"),
            try Self.run("5", "w", step: "b[7]", "HTTP 500"), try Self.run("6", "v", step: "b", "HTTP 500"),
            try Self.run("7", "w", step: nil, "lost"),
            try Self.run("8", "w", step: "a", "no connection to 10.0.0.2:80"),
        ])
        #expect(groups.map { $0.runs.map(\.run.id) } == [["2", "3", "5"], ["1", "8"], ["4"], ["6"], ["7"]])
        #expect(groups.last?.key.stepID == nil)
    }

    @Test(arguments: [
        ("order 0190a-77 is gone", "order … is gone"), ("answered 503", "answered 503"),
        ("It answered 400.", "It answered 400."),
        ("after 12345 ms", "after … ms"), ("", ""),
    ])
    func `What differs from run to run does not tell groups apart`(_ message: String, _ pattern: String) {
        #expect(FailedGroup.pattern(message) == pattern)
    }
}
