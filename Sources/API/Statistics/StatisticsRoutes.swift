import Core
import HTTPTypes
import Hummingbird
import Storage

/// Numbers and groups over many runs, as one looks at them before one looks at any: how many begin and end, which are slow, and what has
/// failed for which reason.
struct StatisticsRoutes: Sendable {
    let reader: RunReader
    let waiting: WaitingFor

    var routes: [Route] {
        [
            Route(.get, "/v1/statistics/minutes", needs: .readRuns, minutes),
            Route(.get, "/v1/statistics/slow", needs: .readRuns, slow),
            Route(.get, "/v1/statistics/failed", needs: .readRuns, failed),
        ]
    }

    // MARK: Minutes

    /// Without `since` it is the last hour.
    private static let usual: Duration = .seconds(3600)

    @Sendable private func minutes(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["since", "workflow", "tenantId"])
        let scope = context.principal.scope
        let now = Instant.now
        let since = try query.time("since") ?? now + (.zero - Self.usual)
        guard since <= now, now - since <= DeleteOldMinutes.kept else {
            throw Problem(.invalidParameter, "The query parameter since must be a time within the last 24 hours.")
        }
        let tenantID = query["tenantId"]
        let first = Self.minute(of: since)
        var rows: [ReadMinutes.Row] = []
        if tenantID.map({ scope.tenants.sees($0) }) ?? true {
            rows = try await reader.minutes(
                ReadMinutes(
                    scope: scope, since: Self.time(first), tenantID: tenantID, workflowName: query["workflow"]))
        }
        let counted = Dictionary(rows.map { (Self.minute(of: $0.minute), $0.tally) }) { first, _ in first }
        // Another process's clock may be a little ahead.
        let last = max(Self.minute(of: now), counted.keys.max() ?? 0)
        let listed = (first...last).map { minute -> JSON in
            let tally = counted[minute] ?? MinuteTally()
            var object: JSONObject = ["at": RunJSON.time(Self.time(minute))]
            for each in RunTally.allCases { object["\(each)"] = JSON(Int(tally[each])) }
            return .object(object)
        }
        return .json(
            .ok, ["minutes": .array(listed), "complete": .bool(!rows.contains { $0.hasOthers })])
    }

    private static func minute(of time: Instant) -> Int64 { time.microseconds / 60_000_000 }
    private static func time(_ minute: Int64) -> Instant { Instant(microseconds: minute * 60_000_000) }

    // MARK: Slow runs

    @Sendable private func slow(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["minAttempts", "limit"])
        let least = try query.value("minAttempts", "must be a whole number from 1 to 1000.") {
            Int($0).flatMap { (1...1000).contains($0) ? $0 : nil }
        }
        let limit = try query.value("limit", "must be a whole number from 1 to 50.") {
            Int($0).flatMap { (1...50).contains($0) ? $0 : nil }
        }
        let asked = FindSlowRuns(scope: context.principal.scope, minAttempts: least ?? 3, limit: limit ?? 10)
        guard let (found, heads) = try await reader.slow(asked) else { return .json(.ok, [:]) }
        let sight = context.principal.payloads
        let waits = try await waiting.json(of: heads, for: sight)
        let runs = Dictionary(
            heads.map { ($0.runID, JSON.object(RunJSON.summary($0, for: sight, waitingFor: waits[$0.runID]))) }
        ) { first, _ in first }
        func json(_ found: FindSlowRuns.Found) -> JSON {
            [
                "count": JSON(found.count), "isMore": .bool(found.isMore),
                "runs": .array(found.runIDs.compactMap { runs[$0] }),
            ]
        }
        return .json(
            .ok,
            [
                "attempts": json(found.attempts), "retrying": json(found.retrying), "due": json(found.due),
                "overdue": json(found.overdue),
            ])
    }

    // MARK: FAILED runs

    @Sendable private func failed(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["workflow"])
        let rows = try await reader.failedGroups(
            GroupFailedRuns(scope: context.principal.scope, workflowName: query["workflow"]))
        let groups = FailedGroups(rows, for: context.principal.payloads)
        let looked = rows.reduce(0) { $0 + $1.count }
        return .json(
            .ok,
            [
                "groups": .array(groups.shown.map(\.json)), "count": JSON(looked),
                "isMore": .bool(looked >= GroupFailedRuns.window || groups.isCut),
            ])
    }
}
