// Steps, and the calls after the end.
extension DefinitionSchema {
    static var steps: [(String, JSONSchema)] {
        [
            ("step", step), ("endCall", endCall), ("wait", wait), ("await", awaiting), ("run", run), ("end", end),
            ("forEach", forEach),
        ]
    }

    private static var step: JSONSchema {
        let kinds: [JSON] = StepKind.allCases.map { ["required": [.string($0.rawValue)]] }
        return JSONSchema.object(stepMembers, isClosed: true)
            .described("What it does is one of action, wait, await, run and end.")
            .with("oneOf", .array(kinds))
            .with(
                "dependentSchemas",
                [
                    "wait": without("timeout", "retry", "compensation"),
                    "await": without("retry", "compensation"),
                    "run": without("retry"),
                    "end": without("timeout", "retry", "compensation", "onFailure", "forEach"),
                ]
            )
            .with(
                "allOf",
                [
                    // A pivot is always made, once, and has to succeed.
                    [
                        "if": ["properties": ["pivot": ["const": true]], "required": ["pivot"]],
                        "then": without("when", "runIf", "onFailure", "end", "run", "forEach"),
                    ],
                    // A detached child is not waited for.
                    [
                        "if": [
                            "properties": [
                                "run": [
                                    "type": "object", "properties": ["detached": ["const": true]],
                                    "required": ["detached"],
                                ]
                            ], "required": ["run"],
                        ], "then": without("timeout"),
                    ],
                ])
    }

    private static func without(_ names: String...) -> JSON {
        var members = JSONObject()
        for name in names { members[name] = false }
        return ["properties": .object(members)]
    }

    private static var stepMembers: JSONSchema.Members {
        [
            "id": part("stepId"),
            "description?": part("description"),
            "dependsOn?": .list(part("stepId")).with("uniqueItems", true).described(
                "Ids of steps that have to be done before. Without it: the step before this one. [] starts at once."
            ).examples(["charge-payment"]),
            "when?": part("rule").described("False skips the step."),
            "runIf?": .word("done", "succeeded").defaulting(to: "done").described(
                "succeeded: it is skipped, too, unless every step it depends on succeeded."),
            "timeout?": part("duration").described(
                "Of each attempt of its two calls, at most 1h; of a step with await or run, how long it waits, 1s to 366d."
            ),
            "retry?": part("retry").described("The policy of its action. Without it: the definition's."),
            "action?": part("call").described("The call that it makes."),
            "wait?": part("wait"), "await?": part("await"), "run?": part("run"), "end?": part("end"),
            "forEach?": part("forEach"),
            "onFailure?": .word("compensate", "continue").defaulting(to: "compensate").described(
                "continue: when it has given up the run goes on."),
            "pivot?": .flag.defaulting(to: false).described(
                "true: once it has succeeded there is no way back, and the run goes on to its end."),
            "compensation?": .anyOf(.const("none"), part("call")).described(
                "The call that undoes it; \"none\" says that there is nothing to undo."),
        ]
    }

    private static var endCall: JSONSchema {
        .object(
            [
                "id?": part("stepId"), "description?": part("description"),
                "when?": part("rule").described("False: it is not made after this end.").examples([
                    "==": [["var": "run.status"], "FAILED"]
                ]),
                "timeout?": part("duration").described("Of each attempt, at most 1h."), "retry?": part("retry"),
                "action": part("call"),
            ], isClosed: true
        ).described("A call that is made after the end of the run.")
    }

    private static var wait: JSONSchema {
        JSONSchema.object(
            [
                "for?": .text(pattern: #"^[1-9][0-9]*(ms|s|m|h|d)$|\$\{"#).described("A duration, at most 366d.")
                    .examples("2h", "${input.delay}"),
                "until?": .anyOf(.text(format: "date-time"), .text(pattern: #"\$\{"#)).described(
                    "A time of RFC 3339."
                ).examples("2030-01-31T12:00:00Z", "${input.pickupAt}"),
            ], isClosed: true
        ).with("minProperties", 1).with("maxProperties", 1).described("It lets time pass.").examples(["for": "2h"])
    }

    private static var awaiting: JSONSchema {
        JSONSchema.object(
            [
                "signal": part("stepId").described("The signal's name."),
                "where?": part("rule").described("Which signals it takes: a condition over payload."),
            ], isClosed: true
        ).described("It waits until somebody sends the run a signal.").examples(["signal": "approval"])
    }

    private static var run: JSONSchema {
        JSONSchema.object(
            [
                "workflow": part("name"),
                "version?": versionSchema.described(
                    "Without it: the highest release that is not deprecated when the child starts."),
                "input?": part("template").described("What it is started with; null without it."),
                "context?": part("template").with("type", ["object", "string"]).described(
                    "Its context, which is the parent's where it says nothing."),
                "detached?": .flag.defaulting(to: false).described(
                    "true: the step is done when the child is stored, and neither waits for it nor undoes it."),
            ], isClosed: true
        ).described("It starts a run of another workflow, and waits for its end.").examples(["workflow": "payment"])
    }

    private static var end: JSONSchema {
        JSONSchema.object(
            [
                "as": .word(EndDefinition.Result.allCases.map(\.rawValue)).described(
                    "completed: the run is done. failed: it is undone, as after any failure."),
                "output?": part("template").described("The run's output, of an end as completed."),
                "reason?": part("textTemplate").described("Why, of an end as failed."),
            ], isClosed: true
        ).with("if", ["properties": ["as": ["const": .string(EndDefinition.Result.completed.rawValue)]]])
            .with("then", without("reason")).with("else", without("output"))
            .described("It ends the run before all its steps are done.")
            .examples(["as": "failed", "reason": "${input.sku} is sold out."])
    }

    private static var forEach: JSONSchema {
        JSONSchema.object(
            [
                "in": part("template").described(
                    "A template that comes to a list of at most \(ForEachDefinition.maxElements) entries."
                ).examples("${input.items}"),
                "as?": .text(pattern: "^[a-z][A-Za-z0-9_]{0,31}$").defaulting(to: "item").described(
                    "What an entry is called in what is done for it."),
                "maxParallel?": .integer(1...ForEachDefinition.maxElements).defaulting(to: 1).described(
                    "So many at work at a time."),
            ], isClosed: true
        ).described("It is done for each entry of a list.").examples(["in": "${input.items}", "as": "line"])
    }
}
