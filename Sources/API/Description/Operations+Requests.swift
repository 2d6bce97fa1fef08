import Core
import HTTPTypes

extension Operation {
    private static let asked = Reply(202, "It is asked.", Components.schema("Asked"), headers: [.location])

    private static func request(
        _ id: String, _ path: String, _ summary: String, _ details: String = "", parameters: [Parameter] = [],
        body: RequestContent? = nil, problems: [ProblemKind] = []
    ) -> Operation {
        Operation(
            id, .post, "/v1/runs/:runId/\(path)", .requests, summary, details, parameters: parameters, body: body,
            problems: [.runEnded, .notReady] + problems, asked)
    }

    private static func settlement(
        _ word: String, _ schema: String, _ summary: String, _ example: JSON, problems: [ProblemKind] = []
    ) -> Operation {
        request(
            "\(word)Step", "steps/:stepId/\(word)", summary,
            "For a step that waits: for its next attempt, its time, or past the pivot for a person.",
            body: .json(Components.schema(schema), example), problems: [.unknownStep, .stepNotWaiting] + problems)
    }

    static let requests = [
        request(
            "cancelRun", "cancel", "Cancel a run", "What happened is undone, and the run ends CANCELLED.",
            body: .json(Components.schema("CancelRequest"), isRequired: false, ["reason": "ordered twice"]),
            problems: [.pastPivot]),
        request(
            "undoRun", "undo", "Undo a run that has COMPLETED",
            body: .json(Components.schema("ReasonRequest"), ["reason": "sent back"]),
            problems: [.runNotCompleted, .pastPivot, .undoOver, .childRun, .restarted]),
        request(
            "pauseRun", "pause", "Pause a run", "Calls in flight finish, nothing new begins.",
            body: .json(Components.schema("PauseRequest"), isRequired: false, ["reason": "wait for the stocktaking"])),
        request(
            "resumeRun", "resume", "Resume a run",
            body: .json(Components.schema("CancelRequest"), isRequired: false, ["reason": "counted"]),
            problems: [.runNotPaused]),
        request(
            "signalRun", "signals/:name", "Send a run a signal",
            "The body is what the signal says: any JSON of at most 256 KiB, or nothing. The run keeps it until a step takes it.",
            parameters: [
                .header(
                    "Idempotency-Key", .text(1...HTTPFields.maxKeyBytes, pattern: "^[ -~]*$"),
                    "Under the same key it is the same signal, whatever it says.")
            ],
            body: .json(JSONSchema.any, isRequired: false, ["approved": true, "by": "ann"]),
            problems: [.unknownSignal, .runTurnedBack, .tooManySignals]),
        request(
            "retryStep", "steps/:stepId/retry", "Try a step again now",
            "A step that waits for its backoff, or a compensation that gave up.",
            body: .json(JSONSchema.object([:], isClosed: true), isRequired: false),
            problems: [.unknownStep, .stepNotRetryable, .stepNotResolvable]),
        settlement(
            "complete", "CompleteRequest", "Say that a step is done",
            ["reason": "shipped by hand", "output": ["tracking": "T-1"]]),
        settlement("skip", "ReasonRequest", "Say that a step is not wanted", ["reason": "already shipped"]),
        settlement(
            "fail", "ReasonRequest", "Have a step give up", ["reason": "the carrier is gone"], problems: [.pastPivot]),
        Operation(
            "restartRun", .post, "/v1/runs/:runId/restart", .requests, "Do a run anew",
            "Another run does one that is over anew; with `fromStep` it takes over what need not be done again. Another input or version needs `runs:start`, too.",
            parameters: idempotencyKey + [.header("traceparent", .text(), "W3C Trace Context; kept, and passed on.")],
            body: .json(Components.schema("RestartRequest"), ["reason": "the address was wrong"]),
            problems: [
                .notRestartable, .restarted, .childRun, .workflowPaused, .inputInvalid, .keyReused, .tenantSuspended,
                .tenantLimit, .notReady,
            ],
            Reply(202, "Another run does it anew.", Components.schema("RunRef"), headers: [.location, .replayed])),
        Operation(
            "tellEnd", .post, "/v1/callbacks/:token", .callbacks, "Tell the end of accepted work",
            "The same again is 202.",
            body: .json(Components.schema("CallbackRequest"), ["outcome": "succeeded", "output": ["id": 7]]),
            problems: [
                .unknownCallback, .callbackDiffers, .callbackOver, .unknownRun, .runEnded, .notReady,
            ], asked),
        Operation(
            "tellLife", .post, "/v1/callbacks/:token/heartbeat", .callbacks, "Say that accepted work is still at work",
            body: .json(JSONSchema.object([:], isClosed: true), isRequired: false),
            problems: [.unknownCallback, .callbackOver, .unknownRun, .runEnded, .notReady], asked),
    ]

    /// What a person does about FAILED runs.
    static let people = [
        Operation(
            "listFailedRuns", .get, "/v1/admin/runs/failed", .failed, "List FAILED runs", "Newest first.",
            parameters: failedFilters, problems: [.tooManyAnswers],
            Reply(200, "A page.", Components.page(of: "FailedRun", as: "runs"))),
        Operation(
            "retryFailedRuns", .post, "/v1/admin/runs/failed/retry", .failed, "Try many FAILED runs again",
            "The newest that match, at most `limit`.",
            body: .json(
                Components.schema("RetryManyRequest"), isRequired: false,
                ["workflow": "order", "limit": 10, "dryRun": true]),
            Reply(200, "Which are tried again.", Components.schema("RetryManyResult"))),
        Operation(
            "retryFailedRun", .post, "/v1/admin/runs/:runId/retry", .failed, "Try a FAILED run again",
            "All compensations that gave up, or one of them, or the quarantined run as a whole.",
            body: .json(
                Components.schema("RetryRequest"), isRequired: false, ["reason": "the participant is back"]),
            problems: [.unknownStep, .stepNotRetryable, .stepNotResolvable, .runNotFailed, .runEnded, .notReady], asked),
        Operation(
            "resolveFailedRun", .post, "/v1/admin/runs/:runId/resolve", .failed, "Say that steps were undone by hand",
            "All of them or none. Of a quarantined run name all steps put right by hand at once.",
            body: .json(
                Components.schema("ResolveRequest"),
                ["stepId": "charge", "resolution": "compensated", "reason": "refunded by hand"]),
            problems: [.unknownStep, .stepNotResolvable, .runNotFailed, .runEnded, .notReady], asked),
    ]
}
