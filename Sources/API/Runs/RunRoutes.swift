import Core
import HTTPTypes
import Hummingbird
import Storage

/// What can be asked about runs: one, many, and their histories.
struct RunRoutes: Sendable {
    let reader: RunReader

    var routes: [Route] {
        [
            Route(.get, "/v1/runs", list),
            Route(.get, "/v1/runs/:runId", get),
            Route(.get, "/v1/runs/:runId/events", events),
        ]
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        guard let (run, steps) = try await reader.find(id) else { throw Problem.unknownRun }
        return .json(.ok, RunJSON.run(run, steps))
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let asked = try Self.query(request)
        var query = asked
        query.limit = asked.limit + 1
        let rows = try await reader.list(query)
        let page = rows.prefix(asked.limit)
        let next = rows.count > asked.limit ? page.last.map { Cursor(after: $0.runID).text } : nil
        return .json(
            .ok, ["runs": .array(page.map { .object(RunJSON.summary($0)) }), "nextCursor": JSON(next)])
    }

    @Sendable private func events(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        if Self.wantsStream(request.headers) {
            let after = try Self.lastEventID(request.headers)
            guard let status = try await reader.status(of: id) else { throw Problem.unknownRun }
            if status.isTerminal, after > 0, try await reader.events(of: id, after: after, limit: 1).isEmpty {
                // Nothing more will come; 204 is how a client is told to stop reconnecting.
                return Response(status: .noContent)
            }
            return EventStream(reader: reader, runID: id, after: after).response(to: request)
        }
        let query = try Query(request, known: ["after"])
        let after = try query.value("after", "must be a sequence number.") { Int($0).flatMap { $0 >= 0 ? $0 : nil } }
        let events = try await reader.events(of: id, after: after ?? 0)
        if events.isEmpty, try await reader.status(of: id) == nil { throw Problem.unknownRun }
        return .json(.ok, ["runId": .string(id.description), "events": .array(events.map(\.json))])
    }

    private static func wantsStream(_ headers: HTTPFields) -> Bool {
        guard let accept = headers[.accept] else { return false }
        return accept.split(separator: ",").contains {
            ($0.split(separator: ";").first ?? $0).trimmed().lowercased() == "text/event-stream"
        }
    }

    private static func lastEventID(_ headers: HTTPFields) throws(Problem) -> Int {
        guard let text = try headers.single(.lastEventID, maxBytes: 20) else { return 0 }
        guard text.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let sequence = Int(text) else {
            throw Problem(.invalidParameter, "The header Last-Event-ID must be a sequence number.")
        }
        return sequence
    }

    private static func query(_ request: Request) throws(Problem) -> RunQuery {
        let query = try Query(
            request,
            known: [
                "status", "workflow", "correlationId", "tenantId", "createdAfter", "createdBefore", "limit", "cursor",
            ])
        var runs = RunQuery(limit: try query.limit())
        let statuses = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
        runs.status = try query.value("status", "must be one of \(statuses).") { RunStatus(rawValue: $0) }
        runs.workflowName = query["workflow"]
        runs.correlationID = query["correlationId"]
        runs.tenantID = query["tenantId"]
        runs.createdAfter = try query.time("createdAfter")
        runs.createdBefore = try query.time("createdBefore")
        runs.before = try query.cursor { Cursor($0) }?.last
        return runs
    }
}

extension APIContext {
    /// The run in the path.
    func runID() throws(Problem) -> RunID {
        guard let id = RunID(try pathText("runId")) else {
            throw Problem(.invalidParameter, "A run's id is a UUID in its canonical form.")
        }
        return id
    }
}

extension Problem {
    static var unknownRun: Problem { Problem(.unknownRun, "No run has this id.") }
}
