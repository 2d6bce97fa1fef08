import Core
import HTTPTypes

extension Operation {
    /// The header by which the same request is known again.
    static let idempotencyKey = [
        Parameter.header(
            "Idempotency-Key", .text(1...HTTPFields.maxKeyBytes, pattern: "^[ -~]*$"),
            "The same key and the same request: the same run, for 24 hours. The same key, another request: 422. X-Idempotency-Key is the same."
        )
    ]

    static let starts = [
        Operation(
            "startRun", .post, "/v1/workflows/:name/start", .starts, "Start a run",
            "202 says that it is committed and will run. With an idempotency key a start that was answered 503, or not at all, can be repeated: it gives exactly one run.",
            parameters: idempotencyKey + [
                .header(
                    "Prefer", .text(),
                    "`wait=N`: answer with the finished run if it ends within N seconds, at most \(Preference.longestWait). Needs `runs:read` besides."
                ),
                .header("X-Correlation-Id", Components.label, "Kept with the run, and passed on to participants."),
                .header("traceparent", .text(), "W3C Trace Context; kept, and passed on."),
            ],
            body: .json(
                Components.schema("StartRequest"),
                ["input": ["orderId": "o-1", "amount": 20], "context": ["correlationId": "cart-7"]]),
            problems: [
                .onlyDeprecated, .workflowPaused, .inputInvalid, .keyReused, .tenantSuspended, .tenantLimit,
                .unknownRun,
                .tooManyWatchers, .tooManyAnswers,
            ],
            Reply(
                202, "It is committed and will run.", Components.schema("RunRef"),
                headers: [.location, .replayed, .deprecation, .preferenceApplied]),
            Reply(
                200, "The run, with `Prefer: wait`, as it ended in time.", Components.schema("RunView"),
                headers: [.location, .replayed, .deprecation, .preferenceApplied])),
        Operation(
            "startRuns", .post, "/v1/workflows/:name/start-batch", .starts, "Start a run for every line",
            "A line is the body of a start, and may hold its `idempotencyKey`. Results come in the order of the lines, while lines are read.",
            parameters: [
                .header("X-Correlation-Id", Components.label, "Of every line whose context names none."),
                .header("traceparent", .text(), "Of every line."),
            ],
            body: RequestContent(contents: BodyReader.lines.map { ($0, Components.schema("StartLine")) }),
            problems: [.unsupportedMediaType],
            Reply(
                200, "A result for each line.", Components.schema("StartResult"), type: BodyReader.lines[0])),
    ]
}
