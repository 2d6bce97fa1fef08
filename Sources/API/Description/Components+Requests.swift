import Core
import HTTPTypes
import Storage

// What requests hold that are about runs.
extension Components {
    private static let maxDelay = "at most \(DurationText.format(StartRequest.longestDelay)) ahead"
    static let duration = JSONSchema.text(1...64, pattern: "^[1-9][0-9]*(ms|s|m|h|d)$")

    static var requestBodies: [(String, JSONSchema)] {
        [
            ("StartRequest", JSONSchema.object(start, isClosed: true).with("not", ["required": ["startAt", "delay"]])),
            (
                "StartLine",
                closed(
                    merged(
                        start,
                        [
                            "idempotencyKey?": .text(1...HTTPFields.maxKeyBytes, pattern: "^[ -~]*$").described(
                                "As in the header of a single start.")
                        ])
                ).with("not", ["required": ["startAt", "delay"]])
            ),
            ("StartResult", startResult),
            (
                "CancelRequest", .object(["reason?": reason(isNeeded: false)], isClosed: true)
            ),
            ("ReasonRequest", .object(["reason": reason(isNeeded: true)], isClosed: true)),
            (
                "PauseRequest",
                .object(
                    [
                        "reason?": reason(isNeeded: false),
                        "holdDeadline?": .flag.described("The deadline moves by as long as the pause takes."),
                    ], isClosed: true)
            ),
            (
                "CompleteRequest",
                .object(
                    ["reason": reason(isNeeded: true), "output?": JSONSchema.any.described("At most 256 KiB.")],
                    isClosed: true)
            ),
            ("RestartRequest", restart),
            ("CallbackRequest", callback),
            ("RetryRequest", .object(["stepId?": stepID, "reason?": reason(isNeeded: false)], isClosed: true)),
            ("ResolveRequest", resolve), ("RetryManyRequest", retryMany),
            (
                "RetryManyResult",
                .object([
                    "dryRun": .flag, "matched": count, "retried": .list(runID),
                    "skipped": .list(.object(["runId": runID, "reason": .text()])),
                ])
            ),
        ]
    }

    /// The same, and no other member is taken.
    static func closed(_ schema: JSONSchema) -> JSONSchema { schema.with("additionalProperties", false) }

    private static var start: JSONSchema.Members {
        [
            "version?": DefinitionSchema.versionSchema.described(
                "Without it: the highest release that is not deprecated."),
            "input?": JSONSchema.any.described("What the workflow works on; null without it."),
            "context?": JSONSchema.object(["tenantId?": tenantID, "correlationId?": label]).described(
                "What is known of whoever starts it, and whose run it is; any other members are kept."),
            "startAt?": time.described("The run begins then; \(maxDelay)."),
            "delay?": duration.described("The run begins after so long; \(maxDelay).").examples("10m"),
            "priority?": .integer(Lane.priorities).defaulting(to: 5).described(
                "Of one tenant's runs those with a higher one go first while engines can't keep up."),
        ]
    }

    private static var startResult: JSONSchema {
        JSONSchema.object([
            "line?": count, "status": .integer(200...599), "runId?": runID, "runStatus?": schema("RunStatus"),
            "replayed?": .flag, "deprecation?": schema("Deprecation"), "retryAfter?": count,
            "problem?": schema("Problem"),
            "resumeFrom?": count.described(
                "The import ended before the body: nothing of this line or later was started."),
        ]).described("What became of a line, in the order of the lines; the last one may be the end of the import.")
    }

    private static var restart: JSONSchema {
        JSONSchema.object(
            [
                "reason": reason(isNeeded: true),
                "fromStep?": .text(1...63).described("What need not be done again is taken over."),
                "version?": DefinitionSchema.versionSchema.described("Without it: that of the run."),
                "input?": JSONSchema.any.described("Without it: that of the run."),
                "repeat?": .flag.described("What still stands may be done once more; only with fromStep."),
            ], isClosed: true
        ).with("dependentRequired", ["repeat": ["fromStep"]])
    }

    private static var callback: JSONSchema {
        JSONSchema.object(
            [
                "outcome": .word(Callback.Outcome.allCases.map(\.rawValue)),
                "output?": JSONSchema.any.described("Of succeeded, at most 256 KiB."),
                "error?": JSONSchema.any.described("Of rejected or failed, at most 16 KiB."),
                "attempt?": .integer(1...1_000_000),
            ], isClosed: true
        ).with("if", ["properties": ["outcome": ["const": .string(Callback.Outcome.succeeded.rawValue)]]])
            .with("then", ["properties": ["error": false]]).with("else", ["properties": ["output": false]])
    }

    private static var resolve: JSONSchema {
        let most = WorkflowDefinition.maxSteps + ForEachDefinition.maxElementsOfRun
        return JSONSchema.object(
            [
                "stepId?": stepID,
                "stepIds?": JSONSchema.list(stepID, 1...most).with("uniqueItems", true),
                "resolution": .word("compensated"), "reason": reason(isNeeded: true),
            ], isClosed: true
        ).with("oneOf", [["required": ["stepId"]], ["required": ["stepIds"]]])
    }

    private static var retryMany: JSONSchema {
        .object(
            [
                "workflow?": .text(1...255), "stepId?": stepID,
                "kind?": .word(FailedRunQuery.Kind.allCases.map(\.rawValue)), "createdAfter?": time,
                "createdBefore?": time,
                "limit?": JSONSchema.integer(1...1000).defaulting(to: 100).described(
                    "So many at the most, the newest."),
                "reason?": reason(isNeeded: false),
                "dryRun?": .flag.described("Nothing is asked; retried says which it would be."),
            ], isClosed: true)
    }
}
