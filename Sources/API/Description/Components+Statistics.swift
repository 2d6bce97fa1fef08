import Core

// Numbers and groups over many runs.
extension Components {
    static var statistics: [(String, JSONSchema)] {
        [
            (
                "Minutes",
                .object([
                    "minutes": .list(schema("Minute")),
                    "complete": JSONSchema.flag.described(
                        "false: some counts of these minutes are of nobody in particular, as a process had more tenants and workflows than it keeps apart."
                    ),
                ])
            ),
            (
                "Minute",
                JSONSchema.object([
                    "at": time, "started": count, "completed": count, "compensated": count, "cancelled": count,
                    "failed": count,
                ]).described("Runs that began, and runs that ended so.")
            ),
            (
                "SlowRuns",
                .object([
                    "attempts": schema("SlowKind"), "retrying": schema("SlowKind"), "due": schema("SlowKind"),
                    "overdue": schema("SlowKind"),
                ])
            ),
            (
                "SlowKind",
                JSONSchema.object([
                    "count": count, "isMore": JSONSchema.flag.described("There are more than were looked at."),
                    "runs": .list(schema("RunSummary")),
                ]).described("Those for longest first.")
            ),
            (
                "FailedGroups",
                .object([
                    "groups": .list(schema("FailedGroup")), "count": count,
                    "isMore": JSONSchema.flag.described("There are more than were looked at, or shown."),
                ])
            ),
            (
                "FailedGroup",
                JSONSchema.object([
                    "workflow": .text(),
                    "stepId": .text().orNull.described(
                        "The step whose undo gave up; null for runs that were set aside."),
                    "error": .text().described("Numbers and ids in it are \u{2026}."), "count": count, "newestAt": time,
                    "runIds": .list(runID).described("At most three."),
                ]).described("FAILED runs of one kind.")
            ),
        ]
    }
}
