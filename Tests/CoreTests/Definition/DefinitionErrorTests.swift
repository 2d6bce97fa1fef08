import Core
import Testing

@Suite("Definitions that are refused")
struct DefinitionErrorTests {
    @Test("each broken rule is reported at its place", arguments: brokenDefinitions)
    func refuses(_ change: DefinitionChange) throws {
        var json = try JSON(parsing: change.text)
        if change.text.isEmpty { json = .null }
        let error = #expect(throws: DefinitionErrors.self) { try WorkflowDefinition(json) }
        let found = error?.errors.map { $0.pointer.description } ?? []
        #expect(found == change.pointers, "\(error?.description ?? "accepted")")
        #expect(error?.errors.first?.detail.contains(change.detail) == true, "\(error?.description ?? "accepted")")
    }

    @Test("all errors are reported at once, in the order of the fields, the same every time")
    func reportsAll() throws {
        let text = #"""
            { "version": "one", "name": "Bad Name", "extra": 1, "timeout": 5, "retry": { "maxAttempts": 0, "x": 1 },
              "steps": [ { "id": "a", "action": { "participant": "P", "path": "x", "timeout": "2h" } },
                         { "id": "a", "when": { "nope": 1 }, "action": { "participant": "p" } } ],
              "output": "${nope}" }
            """#
        let expected = [
            "/extra", "/name", "/version", "/timeout", "/retry/x", "/retry/maxAttempts", "/steps/0/action/participant",
            "/steps/0/action/path", "/steps/0/action/timeout", "/steps/1/when/nope", "/steps/1/action/path",
            "/steps/1/id", "/output",
        ]
        for _ in 0..<5 {
            let error = #expect(throws: DefinitionErrors.self) { try WorkflowDefinition(JSON(parsing: text)) }
            #expect(error?.errors.map(\.pointer.description) == expected)
        }
    }

    @Test("a definition with thousands of errors reports a hundred")
    func limitsErrors() {
        var json: JSON = [:]
        for index in 0..<5000 { json["x\(index)"] = 1 }
        #expect((#expect(throws: DefinitionErrors.self) { try WorkflowDefinition(json) })?.errors.count == 100)
    }

    @Test("a large cycle and a long chain into one are found and named")
    func findsCycles() {
        let steps = (0..<100).map { index -> JSON in
            let next = index == 99 ? 50 : index + 1
            return ["id": "s\(index)", "dependsOn": ["s\(next)"], "action": ["participant": "p", "path": "/"]]
        }
        let error = #expect(throws: DefinitionErrors.self) {
            try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": .array(steps)])
        }
        #expect(error?.errors.map(\.pointer.description) == ["/steps/50/dependsOn"])
        #expect(error?.errors.first?.detail.contains("s50, s51") == true)
        #expect(error?.errors.first?.detail.hasSuffix("s99, s50.") == true)
    }
}
