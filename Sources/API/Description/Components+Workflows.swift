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

    private static let starts = WorkflowPause.Starts.allCases.map(\.rawValue)
}
