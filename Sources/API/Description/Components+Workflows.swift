import Core
import Storage

// Workflows and their definitions.
extension Components {
    static var workflows: [(String, JSONSchema)] {
        [
            (
                "Definition",
                JSONSchema(["type": "object"]).described(
                    "A workflow definition, as the schema at /schemas/workflow.json describes it.")
            ),
            ("Deprecation", .object(["at": time, "by": .text(), "reason": .text().orNull])),
            (
                "WorkflowPause",
                .object(["since": time, "by": .text(), "reason": .text(), "starts": .word(starts)])
            ),
            (
                "WorkflowVersion",
                .object([
                    "version": .text(), "createdAt": time, "createdBy": .text(),
                    "deprecation": .anyOf(schema("Deprecation"), .null),
                ])
            ),
            (
                "Workflow",
                .object([
                    "name": .text(), "tenant": owner,
                    "latest": .text().orNull.described(
                        "What a start without a version takes: the highest release that is not deprecated."),
                    "paused": .anyOf(schema("WorkflowPause"), .null), "versionCount": count,
                    "versions": .list(schema("WorkflowVersion")).described("Highest first."),
                ])
            ),
            ("WorkflowList", page(of: "Workflow", as: "workflows")),
            (
                "RegisteredDefinition",
                .object([
                    "name": .text(), "tenant": owner, "version": .text(), "createdAt": time, "createdBy": .text(),
                    "deprecation": .anyOf(schema("Deprecation"), .null), "definition": schema("Definition"),
                ])
            ),
            (
                "VersionStatistics",
                .object([
                    "name": .text(), "tenant": owner, "version": .text(), "runs": schema("RunFigures"),
                    "calls": .list(schema("CallFigures")).described("In the order of the definition."),
                ])
            ),
            ("RunFigures", runFigures), ("CallFigures", callFigures),
            (
                "Finding",
                JSONSchema.object([
                    "rule": .text(), "severity": .word(Finding.Severity.allCases.map(\.rawValue)),
                    "pointer": .text(), "detail": .text(),
                ]).described("Something about a valid definition that its author may not have meant.")
            ),
            (
                "Registration",
                .object([
                    "name": .text(), "tenant": owner, "version": .text(), "findings": .list(schema("Finding")),
                ])
            ),
            (
                "Validation",
                .object([
                    "valid": .const(true), "name": .text(), "tenant": owner, "version": .text(),
                    "steps": .list(.text()),
                    "participants": .list(.text()), "registered": .flag, "findings": .list(schema("Finding")),
                ])
            ),
            (
                "DeprecatedVersion",
                .object([
                    "name": .text(), "tenant": owner, "version": .text(), "deprecation": schema("Deprecation"),
                ])
            ),
            (
                "WorkflowPauseRequest",
                .object(
                    [
                        "reason": reason(isNeeded: true),
                        "starts?": JSONSchema.word(starts).defaulting(to: "wait").described(
                            "wait: starts are accepted, and their runs begin with the resume. refuse: they are answered 409."
                        ),
                    ], isClosed: true)
            ),
            ("PausedWorkflow", .object(["name": .text(), "tenant": owner, "paused": schema("WorkflowPause")])),
            (
                "ResumedWorkflow",
                .object(["name": .text(), "tenant": owner, "paused": .null, "resumedRuns": count])
            ),
        ]
    }

    private static let milliseconds = JSONSchema.number().orNull

    private static func counts(_ names: [String]) -> JSONSchema {
        let properties = names.reduce(into: JSONObject()) { $0[$1] = count.json }
        return JSONSchema([
            "type": "object", "required": .array(names.map { .string($0) }), "properties": .object(properties),
        ])
    }

    private static var runFigures: JSONSchema {
        .object([
            "count": count, "since": time.orNull.described("When the oldest of them was started."),
            "all": .flag.described("There are no others that the caller sees."),
            "statuses": counts(RunStatus.allCases.map(\.rawValue)),
            "p50Ms": milliseconds.described("Of those that COMPLETED."),
            "p99Ms": milliseconds,
        ])
    }

    private static var callFigures: JSONSchema {
        .object([
            "stepId": .text(), "action": .word(CallAction.allCases.map(\.rawValue)),
            "runs": count.described("In which it was called."),
            "attempts": count.described("That have ended; those of all elements of a list."),
            "retries": count.described("Of these, those that were not the first."),
            "gaveUp": count.described("Of these, those that came to nothing and were not followed by another one."),
            "outcomes": counts(Outcome.allCases.map(\.rawValue)), "p50Ms": milliseconds, "p99Ms": milliseconds,
        ])
    }

    private static let starts = WorkflowPause.Starts.allCases.map(\.rawValue)
}
