/// What a workflow definition looks like, as JSON Schema (2020-12): for editors, which complete and explain by it.
///
/// It says all that the form of a definition can say: members, types, words, ranges. `DefinitionReader` says the rest (whether a
/// step that is named is there, whether a duration is too long, …) and has the last word. It is compared with that reader by
/// tests, case by case, so a rule that changes there changes here.
///
/// The parts are in the files beside: `+Steps`, `+Calls`, `+Values`.
package enum DefinitionSchema {
    /// What names the schema wherever it is found.
    package static let id = "urn:sagaflow:schema:workflow"

    package static let document: JSON = .object(workflow.keywords)

    private static var workflow: JSONSchema {
        var schema = JSONSchema([
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": .string(id),
            "title": "A workflow definition of sagaflow",
            "description": "Steps that call services, and how each is undone. The whole language: docs/definitions.md.",
        ])
        for (keyword, value) in whole.keywords.members { schema = schema.with(keyword, value) }
        return schema.examples(example).with("$defs", .object(parts))
    }

    private static var whole: JSONSchema {
        .object(
            [
                "$schema?": .text().described(
                    "Where an editor finds the schema of definitions. It has no other meaning, and is not kept."),
                "name": part("name").described("What the workflow is called; runs are started by it."),
                "version": part("version"),
                "description?": part("description"),
                "timeout?": part("duration").described(
                    "When forward progress must end, counted from the start of the run, at most 366d. What is not done by then is undone."
                ).examples("10m", "2d"),
                "retry?": part("retry").described(
                    "The policy of actions, or a list of policies by what went wrong. Without it: 3 attempts, 100ms to 10s, doubling."
                ),
                "compensationRetry?": part("retry").described(
                    "The policy of compensations. Without it: 10 attempts, 200ms to 30s, doubling."),
                "inputSchema?": part("inputSchema"),
                "examples?": .list(.any, 0...InputContract.maxExamples).described(
                    "Inputs as they may be, for who reads the definition; they have to keep to inputSchema."),
                "steps": .list(part("step"), 1...WorkflowDefinition.maxSteps).described(
                    "What is done, one after the other unless dependsOn says otherwise."),
                "output?": part("template").described(
                    "What the run gives back. Without it: what the last step put out."
                ).examples(["payment": "${steps.charge.output.id}"]),
                "sensitive?": .list(part("sensitivePath"), 0...SensitivePaths.maxPaths).with("uniqueItems", true)
                    .described("Places whose values few are shown.")
                    .examples(["input.card.number", "steps.charge.output.token"]),
                "onEnd?": .list(part("endCall"), 1...WorkflowDefinition.maxEndCalls).described(
                    "Calls that are made after every end of a run, whatever it was. Nothing that becomes of them concerns the run."
                ),
                "undoWithin?": part("duration").described(
                    "For so long after its end a completed run may be undone, at most 366d. Without it: as long as it is kept."
                ).examples("14d"),
            ], isClosed: true)
    }

    private static let example: JSON = [
        "name": "refund", "version": "1.0.0",
        "steps": [
            [
                "id": "charge",
                "action": [
                    "participant": "payments", "path": "/charge", "body": ["amount": "${input.amount}"],
                ],
                "compensation": [
                    "participant": "payments", "path": "/refund", "body": ["run": "${run.id}"],
                ],
            ]
        ],
    ]

    private static var parts: JSONObject {
        var parts = JSONObject()
        for (name, schema) in values + calls + steps { parts[name] = schema.json }
        return parts
    }

    /// A part of the schema, by its name.
    static func part(_ name: String) -> JSONSchema { .reference("#/$defs/\(name)") }
}
