import Core
import Storage

// Runs, steps, elements, events.
extension Components {
    static let runStatus = JSONSchema.word(RunStatus.allCases.map(\.rawValue))
    /// What a run's, a step's or an event's `error` is where there is none.
    private static let error = JSONSchema.anyOf(schema("Failure"), schema("Redacted"), .null)
    private static let stepStatuses = StepStatus.allCases.map(\.rawValue)
    private static let compensationStatuses = CompensationStatus.allCases.map(\.rawValue)

    static var runs: [(String, JSONSchema)] {
        [
            ("RunStatus", runStatus.described("COMPLETED, COMPENSATED, CANCELLED and FAILED are ends.")),
            ("RunSummary", .object(summary).described("A run as lists show it.")),
            (
                "Run",
                merged(
                    summary,
                    [
                        "restartedFrom?": .object(["runId": runID, "fromStep": .text().orNull]).described(
                            "The run that this one does anew."),
                        "restartedAs?": runID.described("The run that does this one anew."),
                        "traceId?": .text().described("Of the trace in which it was started."),
                        "onEnd?": .list(.object(["runId": runID, "status": .text().orNull])).described(
                            "The runs that make the calls after its ends, oldest first."),
                        "input": payload, "output": payload, "context": payload,
                    ]
                ).described("A run.")
            ),
            ("RunView", .object(["run": schema("Run"), "steps": .list(schema("Step"))])),
            ("RunList", listed),
            ("ChildRef", .object(["runId": runID, "workflow": .text(), "status?": runStatus])),
            ("Step", step), ("Element", element), ("Event", event),
            (
                "EventPage",
                .object([
                    "runId": runID, "events": .list(schema("Event")),
                    "nextAfter": count.orNull.described(
                        "The seq to go on after; null when the page holds all there is so far."),
                ])
            ),
            (
                "RunActions",
                .object([
                    "runId": runID,
                    "actions": .list(.word(PossibleRequests.OfRun.allCases.map(\.rawValue))).described("Of the run."),
                    "signals": .list(.text()).described(
                        "Names of signals; those that a step waits for now come first."),
                    "steps": .list(
                        .object([
                            "stepId": .text(),
                            "actions": .list(.word(PossibleRequests.OfStep.allCases.map(\.rawValue))),
                        ])
                    ).described("Steps and elements that take something."),
                    "undoes": JSONSchema.list(.text()).orNull.described(
                        "Steps whose effects stand, or may, and would be undone if the run turned back now; null where nobody knows."
                    ),
                    "pastPivot": .flag.described("There is no way back, or may be none."),
                ]).described("What can be asked of a run as it stands.")
            ),
            (
                "RunRef",
                .object(["runId": runID, "status": schema("RunStatus")]).described(
                    "A run that was accepted, and will run.")
            ),
            ("Asked", .object(["runId": runID]).described("The run that was asked.")),
            ("WaitingFor", waitingFor), ("Failure", failure), ("Attempt", attempt),
            ("FailedRun", failedRun),
        ]
    }

    /// A page of runs, with payloads where they were asked for.
    private static var listed: JSONSchema {
        .object(["runs": .list(.anyOf(schema("Run"), schema("RunSummary"))), "nextCursor": cursor])
    }

    private static var summary: JSONSchema.Members {
        [
            "runId": runID, "workflowName": .text(), "workflowVersion": .text(),
            "workflowTenant?": .text().described(
                "The tenant whose own the definition is; not there where all share it."),
            "status": schema("RunStatus"),
            "cause": .text().orNull.described("Why it left its forward path, in one word."),
            "error": error, "waitingFor": .anyOf(schema("WaitingFor"), .null),
            "correlationId": .text(),
            "parent?": .object(["runId": runID, "stepId": .text()]).described("Whose step has started it."),
            "priority?": .integer(Lane.priorities),
            "createdAt": time, "updatedAt": time, "completedAt": time.orNull, "deadlineAt": time.orNull,
        ]
    }

    static func merged(_ groups: JSONSchema.Members...) -> JSONSchema {
        var (properties, required) = (JSONObject(), [JSON]())
        for schema in groups.map({ JSONSchema.object($0) }) {
            for (name, value) in schema.keywords["properties"]?.object?.members ?? [] { properties[name] = value }
            required += schema.keywords["required"]?.array ?? []
        }
        return JSONSchema(["type": "object", "required": .array(required), "properties": .object(properties)])
    }

    private static var step: JSONSchema {
        JSONSchema.object([
            "stepId": .text(), "kind": .word(StepKind.allCases.map(\.rawValue)).orNull,
            "status": .word(stepStatuses), "attempts": count,
            "compensationStatus": .word(compensationStatuses), "compensationAttempts": count,
            "engine": .text().orNull.described("The one that made its last attempt."),
            "startedAt": time.orNull, "completedAt": time.orNull, "nextAttemptAt": time.orNull,
            "child?": schema("ChildRef"), "output?": payload, "error": error,
            "accepted?": accepted, "outcomeUnknown?": outcomeUnknown,
            "compensationOutcomeUnknown?": compensationOutcomeUnknown, "kept?": kept, "awaitsOperator?": awaitsOperator,
            "elements?": .list(schema("Element")).described("Of a step with a list, instead of an output."),
        ]).described("Where a step of a run stands.")
    }

    // There, and true, where it is so.
    private static let accepted = JSONSchema.flag.described(
        "The participant has accepted the attempt that is open, and works on it.")
    private static let outcomeUnknown = JSONSchema.flag.described(
        "An attempt ended without a usable answer, and none has succeeded since: the effect may exist.")
    private static let compensationOutcomeUnknown = JSONSchema.flag.described("The same of the compensation.")
    private static let kept = JSONSchema.flag.described("Another run did it, and its effect is this run's now.")
    private static let awaitsOperator = JSONSchema.flag.described(
        "It has failed past the pivot, and a person has to say what becomes of it.")

    private static var element: JSONSchema {
        JSONSchema.object([
            "stepId": .text(), "status": .word(stepStatuses), "attempts": count,
            "compensationStatus": .word(compensationStatuses), "compensationAttempts?": count, "engine?": .text(),
            "startedAt?": time, "completedAt?": time, "nextAttemptAt?": time, "child?": schema("ChildRef"),
            "output?": payload, "error?": error, "accepted?": accepted, "outcomeUnknown?": outcomeUnknown,
            "compensationOutcomeUnknown?": compensationOutcomeUnknown, "kept?": kept, "awaitsOperator?": awaitsOperator,
        ]).described("One entry of a step with a list.")
    }

    private static var event: JSONSchema {
        JSONSchema.object([
            "seq": count, "at": time,
            "kind": .text().described(
                "What happened: \(RunEventKind.allCases.map(\.rawValue).joined(separator: ", ")). Expect others from newer versions."
            ),
            "stepId": .text().orNull, "action": .text().orNull, "attempt": count.orNull, "outcome": .text().orNull,
            "httpStatus": .integer(0...999).orNull, "durationMs": .number().orNull, "retryInMs": .number().orNull,
            "engine": .text().orNull.described("The one that wrote it."), "epoch": count, "error": error,
            "data": payload,
        ]).described("What happened to a run.")
    }

    private static var attempt: JSONSchema {
        JSONSchema.object([
            "stepId": .text().orNull, "action": .text().orNull, "attempt": count, "startedAt": time,
            "startedSeq": count, "engine": .text().orNull, "epoch": count, "endedAt": time.orNull,
            "endedSeq": count.orNull, "outcome": .text().orNull, "httpStatus": .integer(0...999).orNull,
            "durationMs": .number().orNull,
        ]).described("One attempt of a step's call; without an end while it is under way.")
    }

    private static var failure: JSONSchema {
        let text = JSONSchema.anyOf(.text(), schema("Redacted"))
        return JSONSchema.object([
            "kind": .text(), "message": text, "httpStatus?": .integer(), "stepId?": .text(), "response?": payload,
            "pointer?": .text().described("A place in the definition."), "lostAttempts?": count,
            "notAllowedAttempts?": count, "patientAttempts?": count, "hidesOutput?": .flag,
            "before?": .anyOf(schema("Failure"), schema("Redacted")).described(
                "Of a FAILED run: what had made it turn back."),
        ]).described("What went wrong.")
    }

    private static var waitingFor: JSONSchema {
        JSONSchema.object([
            "kind": .word(
                "retry", "breaker", "timer", "child", "signal", "callback", "poll", "paused", "call", "deadline",
                "engine",
                "takeover", "operator"),
            "stepId?": .text(), "action?": .text(), "participant?": .text().orNull, "since?": time, "until?": time,
            "participantPaused?": .flag, "lacks?": .text(), "runId?": runID, "workflow?": .text(),
            "status?": .text(), "name?": .text(), "nextLook?": time, "failedLooks?": count, "by?": .text(),
            "reason?": .text().orNull, "engine?": .text().orNull, "liveEngines?": count, "holdsUp?": .text(),
            "queued?": count, "waitingForBreaker?": count, "held?": count, "isOverdue?": .flag,
        ]).described("What a run waits for, and until when; which members there are depends on the kind.")
    }

    private static var failedRun: JSONSchema {
        merged(
            summary,
            [
                "quarantined": .flag, "reason": .anyOf(.text(), schema("Redacted"), .null),
                "failedSteps": .list(
                    .object(["stepId": .text(), "attempts": count, "error": error])
                ).described("The compensations that gave up."),
                "requested": .flag.described("Something is asked of it already."),
            ]
        ).described("A run that waits for a person.")
    }
}
