import Core
import Documents
import Foundation
import Rehearsal
import Testing

/// What people copy from docs/translations.md is valid, and does what its cases say.
@Suite("docs/translations.md")
struct TranslationTests {
    /// A section of the page, with its blocks of YAML: a definition and its cases, unless something is wrong.
    private struct Translation {
        let title: String
        let blocks: [JSON]

        var definition: WorkflowDefinition {
            get throws { try WorkflowDefinition(try #require(blocks.first, "\(title)")) }
        }

        /// The cases, as they are written.
        var cases: JSON {
            get throws { try #require(blocks.last?["cases"], "\(title) has no cases") }
        }
    }

    private static func translations() throws -> [Translation] {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/translations.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        return try text.components(separatedBy: "\n## ").map { section in
            let blocks = try section.components(separatedBy: "```yaml\n").dropFirst().map { part in
                try JSON(yaml: part.components(separatedBy: "\n```")[0].utf8)
            }
            return Translation(title: section.components(separatedBy: "\n")[0], blocks: blocks)
        }.filter { !$0.blocks.isEmpty }
    }

    @Test("there are ten, each a definition and its cases, and nothing else in YAML")
    func whole() throws {
        let translations = try Self.translations()
        #expect(translations.count == 10)
        for translation in translations {
            #expect(translation.blocks.count == 2, "\(translation.title)")
            #expect(translation.blocks.first?["steps"] != nil, "\(translation.title)")
            let count = try translation.cases.array?.count ?? 0
            #expect(count >= 2, "\(translation.title)")
        }
        let names = Set(try translations.map { try $0.definition.name })
        #expect(names.count == 10)
    }

    @Test("every definition is accepted, without a warning, and takes the inputs of its cases")
    func accepted() throws {
        for translation in try Self.translations() {
            let definition = try translation.definition
            let warnings = definition.findings().filter { $0.severity == .warning }
            #expect(warnings.isEmpty, "\(translation.title): \(warnings.map(\.detail))")
            guard let schema = definition.contract.schema else { continue }
            for input in try translation.cases.array?.compactMap({ $0["input"] }) ?? [] {
                var operations = InputSchema.maxOperations
                #expect(schema.verdict(on: input, operations: &operations) == .valid, "\(input.text)")
            }
        }
    }

    @Test("every case passes, and would not if its run were expected to end otherwise")
    func cases() throws {
        for translation in try Self.translations() {
            let definition = try translation.definition
            let cases = try translation.cases
            for test in try TestCase.all(cases, of: definition, at: JSONPointer(["cases"])) {
                #expect(test.play().failures == [], "\(translation.title): \(test.name)")
            }
            let others = cases.array?.map { given in
                var other = given
                let isCompleted = given["expect"]?["status"] == "COMPLETED"
                other["expect"] = isCompleted ? ["status": "COMPENSATED"] : ["status": "COMPLETED"]
                return other
            }
            for test in try TestCase.all(.array(others ?? []), of: definition, at: .root) {
                #expect(test.play().failures.count == 1, "\(translation.title): \(test.name)")
            }
        }
    }
}
