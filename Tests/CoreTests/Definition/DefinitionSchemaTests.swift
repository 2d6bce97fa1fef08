import Core
import Foundation
import Simulation
import Testing

/// The schema of definitions, held against the reader, which has the last word.
@Suite("The schema of definitions")
struct DefinitionSchemaTests {
    private static func verdict(_ definition: JSON) throws -> InputSchema.Verdict {
        var operations = InputSchema.maxOperations
        return try InputSchema(DefinitionSchema.document).verdict(on: definition, operations: &operations)
    }

    @Test("what the reader takes it takes: the documents' examples, and a thousand random definitions")
    func accepted() throws {
        for definition in try [JSON(parsing: DefinitionTests.example)] + DefinitionDocumentTests.definitions() {
            #expect(try Self.verdict(definition) == .valid, "\(definition.text)")
        }
        var random = SeededGenerator(seed: 52)
        for _ in 0..<1000 {
            let source = try RandomWorkflow(using: &random, children: ["c"]).definition.source
            let verdict = try Self.verdict(source)
            #expect(verdict == .valid, "\(source.text)")
            if verdict != .valid { break }
        }
    }

    @Test("what the reader refuses it refuses, but for what form alone can't tell", arguments: brokenDefinitions)
    func refused(_ change: DefinitionChange) throws {
        let verdict = try Self.verdict(JSON(parsing: change.text))
        let isBeyond = Self.beyondForm.contains { $0.parts.contains { change.text.contains($0) } }
        #expect((verdict == .valid) == isBeyond, "\(verdict): \(change.text)")
        #expect(verdict != .tooCostly && verdict != .tooDeep)
    }

    /// Refusals that form alone can't tell: why, and what the definitions have in them.
    private static let beyondForm: [(reason: String, parts: [String])] = [
        (
            "a pattern of durations knows no sizes",
            [
                #""timeout":"367d""#, #""for":"367d""#, #""initialInterval":"2d""#, #""25h""#,
                #""2s","maxInterval":"1s""#,
                #""timeout":"2h""#, #""timeout":"61m""#, #""timeout":"999ms""#, #""4s""#, #""every":"61m""#,
                #""every":"5m""#,
            ]
        ),
        (
            "what a reference names is looked up",
            [
                #"{"output":"${steps.b.output}""#, "${foo}", #"{"when":{"var":"steps.b.output"}"#, #"{"var":"item"}"#,
                "payload.a}", "${run.status}", #""run.status""#, #"{"for":"${"#, #""path":"/${steps.b.output}""#,
                #"{"n":"${steps.b.output}"}"#, #""where":{"var":"#, #""payload.ok""#, "${steps.a.error", #""${x}""#,
                #"${input.x""#, "${nope}", #""var":"foo""#, "${steps.a.output", "${steps.zzz", "${steps.a.status}",
                #""var":"steps.a.status""#, #""missing":["steps"#, #"["${steps.b.output}"]"#, "${steps.c.output}",
                #"["steps.b.output.x"],"name""#,
            ]
        ),
        ("where a secret may stand depends on the place", ["hmacSha256"]),
        (
            "ids are compared with each other",
            [
                #""id":"t""#, #""id":"call-1""#, #""dependsOn":["b"]"#, #""dependsOn":["a"]}]}"#,
                #""dependsOn":["c","x"]"#,
                #"},{"id":"a","action":{"participant":"p","path":"/"}}]}"#,
            ]
        ),
        (
            "lists of statuses are compared with each other",
            [#""rejectOn":[503]"#, #""unknownOn":[404],"retryOn""#, #""succeedOn":[404],"rejectOn""#]
        ),
        ("names of headers are compared in any case", [#""x-a":"2""#]),
        ("a header may name what is not ASCII, and not send it", [#""X-A":"é""#]),
    ]

    @Test("every reason for leaving a refusal to the reader is one that is needed")
    func needed() {
        for (reason, parts) in Self.beyondForm {
            for part in parts { #expect(brokenDefinitions.contains { $0.text.contains(part) }, "\(part): \(reason)") }
        }
    }

    @Test("every member has words for whoever meets it in an editor, and every example in it is one")
    func explained() throws {
        func members(_ schema: JSON, at path: String) -> [(String, JSON)] {
            let own = (schema["properties"]?.object?.members ?? []).flatMap {
                [("\(path)/\($0.key)", $0.value)] + members($0.value, at: "\(path)/\($0.key)")
            }
            return own + (schema["anyOf"]?.array ?? []).flatMap { members($0, at: path) }
        }
        let document = DefinitionSchema.document
        let parts = document["$defs"]?.object?.members ?? []
        let all =
            members(document, at: "")
            + parts.filter { !["rule", "inputSchema"].contains($0.key) }.flatMap {
                members($0.value, at: $0.key)
            }
        #expect(all.count > 60)
        for (path, schema) in all {
            let part = schema["$ref"]?.string.flatMap { document["$defs"]?[String($0.dropFirst("#/$defs/".count))] }
            let isExplained = (schema["description"] ?? part?["description"]) != nil || schema["properties"] != nil
            #expect(isExplained || schema == false || schema["const"] != nil || schema["items"] != nil, "\(path)")
        }
        for (name, part) in parts {
            for example in part["examples"]?.array ?? [] {
                let schema: JSON = ["$defs": document["$defs"] ?? [:], "$ref": .string("#/$defs/\(name)")]
                var operations = InputSchema.maxOperations
                let verdict = try InputSchema(schema).verdict(on: example, operations: &operations)
                #expect(verdict == .valid, "\(name): \(example.text)")
            }
        }
        for example in document["examples"]?.array ?? [] {
            #expect(throws: Never.self) { try WorkflowDefinition(example) }
        }
    }

    @Test("$schema is for editors: it is text, is not kept, and makes no other definition")
    func ignored() throws {
        let plain = try WorkflowDefinition(JSON(parsing: DefinitionTests.example))
        var json = plain.source
        json["$schema"] = "http://127.0.0.1:3000/schemas/workflow.json"
        #expect(try Self.verdict(json) == .valid)
        let named = try WorkflowDefinition(json)
        #expect(named.source["$schema"] == nil)
        #expect(named.canonicalBytes == plain.canonicalBytes)
        json["$schema"] = 7
        #expect(try Self.verdict(json) != .valid)
        let error = #expect(throws: DefinitionErrors.self) { try WorkflowDefinition(json) }
        #expect(error?.errors.map(\.pointer.description) == ["/$schema"])
    }

    /// `docs/workflow.schema.json` is for those who have no API running.
    ///
    /// After a change, `SAGAFLOW_UPDATE_DOCS=1 swift test --filter DefinitionSchemaTests` writes it anew.
    @Test("docs/workflow.schema.json is the schema")
    func file() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../docs/workflow.schema.json").standardized
        let data = try JSONSerialization.data(
            withJSONObject: JSONSerialization.jsonObject(with: Data(DefinitionSchema.document.bytes)),
            options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        let expected = String(decoding: data, as: UTF8.self) + "\n"
        if ProcessInfo.processInfo.environment["SAGAFLOW_UPDATE_DOCS"] != nil {
            return try Data(expected.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == expected)
    }
}
