import Core
import HTTPTypes
import Storage

extension Operation {
    /// Of every list.
    static let paging = [
        Parameter.query(
            "limit", .integer(1...500).defaulting(to: 50), "So many at the most. A page also ends with its first MiB."),
        Parameter.query("cursor", .text(1...1024), "Where the list goes on: the `nextCursor` of the page before."),
    ]

    /// Between which times runs were created.
    private static let created = [
        Parameter.query("createdAfter", Components.time, "Not before this time."),
        Parameter.query("createdBefore", Components.time, "Before this time."),
    ]

    static let runs = [
        Operation(
            "listRuns", .get, "/v1/runs", .runs, "List runs",
            "Newest first, stable while runs are started. Without `include=payloads` runs have no input, output and context. Where no index has what is asked for, a page is looked for among some thousand runs and may be short or empty: as long as there is a `nextCursor`, more may match.",
            parameters: [
                .query("status", Components.runStatus, "As they stand."),
                .query(
                    "waitingFor", .word(WaitKinds.names.map(\.name)),
                    "What they wait for, that live and that no engine holds."),
                .query("workflow", .text(), "Of this name."), .query("version", .text(), "Of this version."),
                .query(
                    "step", .text(),
                    "At this step, or gone wrong there, as of when they last rested; it stands for its elements, too."),
                .query(
                    "minAttempts", .integer(1...Int(Int32.max)),
                    "With a step, or an undo, that was tried so often, as of when they last rested."),
                .query(
                    "error", .text(1...RunRoutes.longestError),
                    "With an error of this kind. For those with `payloads:read` also with this in its message, in letters of either case; at most 200 bytes."
                ),
                .query("overdue", .word("true"), "That live and are past their deadline."),
                .query("correlationId", .text(), "Of this correlation id."),
                .query("tenantId", .text(), "Of this tenant."),
                .query("parent", Components.runID, "Started by steps of this run."),
                .query("include", .word("payloads"), "With input, output and context."),
            ] + created + paging, problems: [.tooManyAnswers],
            Reply(200, "A page.", Components.schema("RunList"))),
        Operation(
            "getRun", .get, "/v1/runs/:runId", .runs, "Look at a run", "Whole, with all its steps.",
            problems: [.tooManyAnswers], Reply(200, "The run.", Components.schema("RunView"))),
        Operation(
            "getRunEvents", .get, "/v1/runs/:runId/events", .runs, "Read a run's history",
            "Oldest first, at most 2000 events and 1 MiB at once. With `Accept: text/event-stream` it is live: `Last-Event-ID` resumes, and it ends after the terminal event.",
            parameters: [
                .query(
                    "after", JSONSchema.integer(0 ... .max).with("maximum", JSON(Int.max)), "What comes after this seq."
                ),
                .header("Last-Event-ID", .text(pattern: "^[0-9]{1,18}$"), "Of a stream: what comes after this seq."),
            ], problems: [.tooManyAnswers, .tooManyWatchers],
            Reply(
                200, "Events.", Components.schema("EventPage"),
                others: [("text/event-stream", JSONSchema.text().described("`id` is the seq, `data` an Event."))]),
            Reply(204, "Of a stream: there is nothing left to resume.")),
        Operation(
            "getRunActions", .get, "/v1/runs/:runId/actions", .runs, "Ask what can be asked of a run",
            "As it stands now: what is not listed would be refused.",
            Reply(200, "What can be asked.", Components.schema("RunActions"))),
    ]

    static let failedFilters =
        [
            Parameter.query("workflow", .text(), "Of this name."),
            Parameter.query("stepId", .text(), "In which the compensation of this step gave up."),
            Parameter.query("kind", .word(FailedRunQuery.Kind.allCases.map(\.rawValue)), "Why they are FAILED."),
        ] + created + paging
}
