extension DefinitionReader {
    /// `inputSchema` and `examples`.
    mutating func inputContract(in fields: JSONObject) -> InputContract {
        let schema = optional("inputSchema", in: fields, at: .root) { $0.inputSchema($1, at: $2) }
        let examples = optional("examples", in: fields, at: .root) { $0.examples($1, at: $2, keepingTo: schema) }
        return InputContract(schema: schema, examples: examples ?? [])
    }

    private mutating func inputSchema(_ json: JSON, at pointer: JSONPointer) -> InputSchema? {
        do {
            return try InputSchema(json)
        } catch {
            for error in error.errors { refuse(pointer.appending(error.pointer), error.detail) }
            return nil
        }
    }

    private mutating func examples(
        _ json: JSON, at pointer: JSONPointer, keepingTo schema: InputSchema?
    ) -> [JSON]? {
        guard let examples = json.array else {
            refuse(pointer, "This must be an array of inputs, not \(json.typeName).")
            return nil
        }
        guard examples.count <= InputContract.maxExamples else {
            refuse(pointer, "A workflow has at most \(InputContract.maxExamples) examples.")
            return nil
        }
        guard let schema else { return examples }
        var operations = InputContract.exampleOperations
        for (index, example) in examples.enumerated() {
            let place = pointer.appending(index)
            switch schema.verdict(on: example, operations: &operations) {
            case .valid: break
            case .invalid(let breaches, _):
                for breach in breaches {
                    let rule = JSONPointer(["inputSchema"]).appending(breach.schema)
                    refuse(place.appending(breach.pointer), "The example breaks \(rule): \(breach.detail)")
                }
            case .tooCostly:
                refuse(
                    place,
                    "Checking the examples up to this one takes more than \(InputContract.exampleOperations) operations."
                )
                return examples
            case .tooDeep: refuse(place, "Checking this takes more than \(InputSchema.maxDepth) schemas in each other.")
            }
        }
        return examples
    }
}
