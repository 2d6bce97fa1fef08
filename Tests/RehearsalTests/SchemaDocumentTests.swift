import Core
import Documents
import Foundation
import Testing

/// Every definition that somebody may copy keeps to the schema that editors use.
@Suite("Definitions of documents and demos, and the schema")
struct SchemaDocumentTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private static func documents() throws -> [URL] {
        let folders = ["docs", "docs/decisions", "examples/python", "examples/node", "examples/go", "."]
        return try folders.flatMap { folder in
            let url = root.appending(path: folder)
            guard FileManager.default.fileExists(atPath: url.path) else { return [URL]() }
            return try FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil).filter {
                $0.pathExtension == "md"
            }
        }
    }

    /// What stands between fences of a language and can be read.
    private static func blocks(_ text: String, _ language: String, _ read: (String) -> JSON?) -> [JSON] {
        text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            read($0.components(separatedBy: "\n```")[0])
        }
    }

    @Test("what is accepted keeps to it, in JSON and in YAML")
    func accepted() throws {
        let schema = try InputSchema(DefinitionSchema.document)
        var seen = 0
        for url in try Self.documents() {
            let text = try String(contentsOf: url, encoding: .utf8)
            let all =
                Self.blocks(text, "json") { try? JSON(parsing: $0) }
                + Self.blocks(text, "yaml") { try? JSON(yaml: $0.utf8) }
            for json in all where json["steps"] != nil && json["version"] != nil {
                guard (try? WorkflowDefinition(json)) != nil else { continue }
                seen += 1
                var operations = InputSchema.maxOperations
                #expect(
                    schema.verdict(on: json, operations: &operations) == .valid,
                    "\(url.lastPathComponent): \(json.text)")
            }
        }
        #expect(seen > 25)
    }

    @Test("those that tests have written out keep to it, as far as they are accepted")
    func written() throws {
        let schema = try InputSchema(DefinitionSchema.document)
        let folder = Self.root.appending(path: "Tests")
        var seen = 0
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            let literals =
                text.matches(of: /(?s)#"""\n(.*?)"""#/).map(\.output.1)
                + text.matches(of: /(?s)"""\n(.*?)"""/).map(\.output.1)
                + text.matches(of: /#"(.*?)"#/).map(\.output.1)
            for literal in literals where literal.contains("steps") {
                guard let json = try? JSON(parsing: String(literal)), (try? WorkflowDefinition(json)) != nil else {
                    continue
                }
                seen += 1
                var operations = InputSchema.maxOperations
                #expect(schema.verdict(on: json, operations: &operations) == .valid, "\(path): \(literal)")
            }
        }
        #expect(seen > 15)
    }

    @Test("those of the demos name it, and keep to it")
    func demos() throws {
        let schema = try InputSchema(DefinitionSchema.document)
        let folder = Self.root.appending(path: "mocks/workflows")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files where file.pathExtension == "json" {
            let json = try JSON(parsing: Array(try Data(contentsOf: file)))
            let named = try #require(json["$schema"]?.string, "\(file.lastPathComponent)")
            let path = folder.appending(path: named).standardized.path
            #expect(FileManager.default.fileExists(atPath: path), "\(file.lastPathComponent) names \(path)")
            var operations = InputSchema.maxOperations
            #expect(schema.verdict(on: json, operations: &operations) == .valid, "\(file.lastPathComponent)")
            #expect(throws: Never.self) { try WorkflowDefinition(json) }
        }
    }
}
