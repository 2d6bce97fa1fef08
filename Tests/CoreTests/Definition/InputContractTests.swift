import Core
import Testing

@Suite("What a workflow says of its input")
struct InputContractTests {
    private func definition(_ members: String) throws -> WorkflowDefinition {
        try WorkflowDefinition(
            JSON(
                parsing: #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/"}}]"#
                    + ",\(members)}"))
    }

    @Test("a schema and examples that keep to it are read; without a schema anything is an example")
    func reads() throws {
        let both = try definition(#""inputSchema":{"type":"integer"},"examples":[1,2]"#)
        #expect(both.contract.schema != nil && both.contract.examples == [1, 2])
        #expect(try definition(#""inputSchema":true"#).contract.schema != nil)
        let without = try definition(#""examples":[{"a":[]},null]"#)
        #expect(without.contract.schema == nil && without.contract.examples == [["a": []], nil])
        let plain = try definition(#""description":"""#)
        #expect(plain.contract.schema == nil && plain.contract.examples.isEmpty)
    }

    @Test(
        "what is wrong with either is refused at its place in the definition",
        arguments: [
            (#""inputSchema":{"type":"integr"}"#, ["/inputSchema/type"], "A type is"),
            (
                #""inputSchema":{"properties":{"a":{"requried":[]}}}"#, ["/inputSchema/properties/a/requried"],
                "no keyword"
            ),
            (#""inputSchema":null"#, ["/inputSchema"], "not null"), (#""inputSchema":[]"#, ["/inputSchema"], "boolean"),
            (#""examples":{}"#, ["/examples"], "an array"), (#""example":1"#, ["/example"], "not known"),
            (
                #""inputSchema":{"type":"object","required":["a"]},"examples":[{"a":1},{},3]"#,
                ["/examples/1/a", "/examples/2"],
                "breaks /inputSchema/required: This member is required."
            ),
            (#""inputSchema":false,"examples":[1]"#, ["/examples/0"], "No value"),
            // A schema that is refused says nothing of examples.
            (#""inputSchema":{"type":1},"examples":[1]"#, ["/inputSchema/type"], ""),
        ])
    func refuses(_ members: String, _ pointers: [String], _ detail: String) throws {
        let error = #expect(throws: DefinitionErrors.self) { try definition(members) }
        #expect(error?.errors.map(\.pointer.description) == pointers)
        #expect(error?.errors.first?.detail.contains(detail) == true, "\(error?.description ?? "")")
    }

    @Test("examples are few, and checking them is bounded")
    func bounded() throws {
        func examples(_ count: Int) -> String { Array(repeating: "1", count: count).joined(separator: ",") }
        #expect(try definition("\"examples\":[\(examples(20))]").contract.examples.count == 20)
        let many = #expect(throws: DefinitionErrors.self) { try definition("\"examples\":[\(examples(21))]") }
        #expect(many?.errors.map(\.pointer.description) == ["/examples"])
        let list = "[" + examples(4000) + "]"
        let costly = #expect(throws: DefinitionErrors.self) {
            try definition(
                #""inputSchema":{"items":{"type":"integer","minimum":0}},"examples":[[1],"# + "\(list),\(list),\(list)]"
            )
        }
        #expect(costly?.errors.count == 1)
        #expect(costly?.errors.first?.detail.contains("20000 operations") == true, "\(String(describing: costly))")
    }
}
