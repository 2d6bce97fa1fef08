import Core
import Foundation
import Testing

/// The examples of docs/definitions.md are definitions, or parts of them.
@Suite("docs/definitions.md")
struct DefinitionDocumentTests {
    private static func examples() throws -> [JSON] {
        let file = URL(filePath: #filePath).appending(path: "../../../../docs/definitions.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return try text.components(separatedBy: "```json\n").dropFirst().map { part in
            try JSON(parsing: Array(part.components(separatedBy: "\n```")[0].utf8))
        }
    }

    /// A definition around an example: a whole one, a call, a list of policies, or a template.
    private static func definition(_ example: JSON) -> JSON {
        if example["steps"] != nil { return example }
        var call: JSON = ["participant": "p", "path": "/"]
        if example["participant"] != nil {
            call = example
        } else if example.array != nil {
            call["retry"] = example
        } else {
            call["body"] = example
        }
        return ["name": "w", "version": "1.0.0", "steps": [["id": "a", "action": call]]]
    }

    /// A definition around each example.
    static func definitions() throws -> [JSON] { try examples().map(definition) }

    @Test("every example is accepted")
    func accepted() throws {
        let examples = try Self.examples()
        #expect(examples.count >= 3)
        for example in examples {
            #expect(throws: Never.self, "\(example.text)") { try WorkflowDefinition(Self.definition(example)) }
        }
    }

    @Test("the example of templates comes to what one would expect")
    func template() throws {
        let example = try #require(try Self.examples().first { $0["total"] != nil })
        let run = Run(
            id: RunID(high: 1, low: 2), definition: try WorkflowDefinition(Self.definition(example)),
            input: ["price": 1.15, "quantity": 3, "lines": [["sku": "a", "x": 1], ["sku": "b"]]], context: .null,
            createdAt: Instant(microseconds: 0))
        #expect(
            try Template(example).render(run) == [
                "total": 3.45, "lines": [["sku": "a"], ["sku": "b"]], "until": "1970-01-02T12:00:00Z",
            ])
    }

    @Test("every finding is on the page, and none that is none")
    func findings() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../docs/definitions.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let section = try #require(text.components(separatedBy: "## What an author may not have meant").last)
        let rules = [
            "own-answer", "skipped-output", "no-undo", "constant-condition", "unreachable-step", "outlives-run",
            "breaker-outlasts-run", "unknown-participant", "refused-participant", "whole-input", "prerelease",
            "hides-shared", "version-taken", "unused-undo", "tried-without-end", "waits-forever", "missing-output",
            "sensitive-output",
        ]
        let told = section.components(separatedBy: "\n| ").dropFirst().flatMap { row in
            row.components(separatedBy: " |")[0].components(separatedBy: ", ").map { $0.filter { $0 != "`" } }
        }
        #expect(Set(told).subtracting(["rule", "---"]).filter { !$0.contains("-|") } == Set(rules))
    }
}
