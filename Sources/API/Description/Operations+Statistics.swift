import Core
import HTTPTypes
import Storage

extension Operation {
    static let statistics = [
        Operation(
            "getMinutes", .get, "/v1/statistics/minutes", .statistics,
            "How many runs began and ended, minute by minute",
            "Oldest first, the minute that is under way last. Processes add what they have counted every five seconds; one that dies does not tell of its last ones.",
            parameters: [
                .query("since", Components.time, "The first minute; within the last 24 hours, usually an hour ago."),
                .query("workflow", .text(), "Of this name."), .query("tenantId", .text(), "Of this tenant."),
            ], Reply(200, "The minutes.", Components.schema("Minutes"))),
        Operation(
            "getSlowRuns", .get, "/v1/statistics/slow", .statistics, "Which live runs take long",
            "Of each kind the oldest \(FindSlowRuns.window) are looked at; `count` is of those.",
            parameters: [
                .query(
                    "minAttempts", .integer(1...1000).defaulting(to: 3), "From this attempt on a step counts."),
                .query("limit", .integer(1...50).defaulting(to: 10), "So many runs of each kind."),
            ], Reply(200, "Runs by why they are slow.", Components.schema("SlowRuns"))),
        Operation(
            "getFailedGroups", .get, "/v1/statistics/failed", .statistics, "FAILED runs by what they fail of",
            "Of the newest \(GroupFailedRuns.window), the most first.",
            parameters: [.query("workflow", .text(), "Of this name.")],
            Reply(200, "Groups.", Components.schema("FailedGroups"))),
    ]
}
