import Basics
import Core
import HTTPTypes
import Hummingbird
import Storage

/// What can be asked about runs: one, many, and their histories.
struct RunRoutes: Sendable {
    let reader: RunReader
    let answers: Answers
    let waiting: WaitingFor
    let watch: RunWatch
    let places: WatchPlaces

    var routes: [Route] {
        [
            Route(.get, "/v1/runs", needs: .readRuns, list),
            Route(.get, "/v1/runs/:runId", needs: .readRuns, get),
            Route(.get, "/v1/runs/:runId/events", needs: .readRuns, events),
            Route(.get, "/v1/runs/:runId/actions", needs: .readRuns, actions),
        ]
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        guard let (run, steps) = try await reader.shown(id) else { throw Problem.unknownRun }
        let sight = context.principal.payloads
        let waits = try await waiting.json(of: [run.head], for: sight)
        let definition = try await waiting.definition(of: run.head)
        let children = try await reader.statuses(of: steps.compactMap { $0.child?.runID } + run.endCalls)
        return try answers.json(
            RunJSON.run(run, steps, of: definition, for: sight, waitingFor: waits[id], children: children), of: id,
            to: context)
    }

    @Sendable private func actions(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        guard let possible = try await reader.possibleRequests(of: id) else { throw Problem.unknownRun }
        return .json(.ok, PossibleRequestsJSON.json(possible, of: id))
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let (asked, withPayloads) = try Self.query(request, context.principal)
        var query = asked
        query.limit = asked.limit + 1
        let rows = try await reader.list(query)
        var shown = rows.prefix(asked.limit).map(\.runID)
        var page = Page()
        let sight = context.principal.payloads
        if withPayloads {
            let runs = try await reader.withPayloads(shown, maxBytes: Page.maxBytes)
            let waits = try await waiting.json(of: runs.map(\.head), for: sight)
            for run in runs {
                let view = try await view(of: run.head, sight)
                page.add(RunJSON.whole(run, for: view, waitingFor: waits[run.head.runID]))
            }
            // None only if all of them have been removed meanwhile: the list goes on after them.
            if !runs.isEmpty { shown = runs.map(\.head.runID) }
        } else {
            let waits = try await waiting.json(of: Array(rows.prefix(asked.limit)), for: sight)
            page = Page(
                rows.prefix(asked.limit).lazy.map {
                    JSON.object(RunJSON.summary($0, for: sight, waitingFor: waits[$0.runID]))
                })
            shown = Array(shown.prefix(page.count))
        }
        var next = shown.count < rows.count ? shown.last : nil
        // Fewer than were asked for, and there may be more beyond what was looked at.
        if shown.count == rows.count { next = try await reader.windowEnd(query) }
        return try answers.json(
            page.text("runs", ["nextCursor": JSON(next.map { Cursor(after: $0).text })]), to: context)
    }

    @Sendable private func events(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.runID()
        let resumed = try Self.lastEventID(request.headers)
        if Self.wantsStream(request.headers) {
            guard let status = try await reader.status(of: id) else { throw Problem.unknownRun }
            if status.isTerminal, resumed > 0,
                try await reader.eventPage(of: id, after: resumed, limit: 1, maxBytes: 1).isEmpty
            {
                // Nothing more will come; 204 is how a client is told to stop reconnecting.
                return Response(status: .noContent)
            }
            return EventStream(
                reader: reader, watch: watch, answers: answers, runID: id, after: resumed,
                place: try places.take(.stream, for: context), client: context.limitedAddress,
                principal: context.principal, view: try await view(of: id, context.principal.payloads)
            ).response(to: request)
        }
        let query = try Query(request, known: ["after"])
        let after = try query.value("after", "must be a sequence number.") { Int($0).flatMap { $0 >= 0 ? $0 : nil } }
        let events = try await reader.eventPage(
            of: id, after: after ?? 0, limit: Self.eventsPerPage, maxBytes: Page.maxBytes)
        if events.isEmpty, try await reader.status(of: id) == nil { throw Problem.unknownRun }
        var page = Page()
        let view = try await view(of: id, context.principal.payloads)
        for event in events { page.add(event.text(for: view)) }
        let nextAfter = events.last.flatMap { $0.sequence < $0.newest ? JSON($0.sequence) : nil }
        let members: JSONObject = ["runId": .string(id.description), "nextAfter": nextAfter ?? .null]
        return try answers.json(page.text("events", members), to: context)
    }

    /// What is seen of a run: its definition is only asked for where that depends on it.
    private func view(of run: RunHead, _ sight: PayloadSight) async throws -> PayloadView {
        sight.view(of: sight == .masked ? try await waiting.definition(of: run) : nil)
    }

    private func view(of runID: RunID, _ sight: PayloadSight) async throws -> PayloadView {
        guard sight == .masked else { return sight.view(of: nil) }
        guard let (run, _) = try await reader.shown(runID) else { throw Problem.unknownRun }
        return try await view(of: run.head, sight)
    }

    /// An event without a payload has some 300 bytes.
    private static let eventsPerPage = 2000

    private static func wantsStream(_ headers: HTTPFields) -> Bool {
        AcceptHeader(headers[.accept]).prefers("text/event-stream", over: "application/json")
    }

    private static func lastEventID(_ headers: HTTPFields) throws(Problem) -> Int {
        guard let text = try headers.single(.lastEventID, maxBytes: 18) else { return 0 }
        guard text.utf8.allSatisfy(\.isDigit), let sequence = Int(text) else {
            throw Problem(.invalidParameter, "The header Last-Event-ID must be a sequence number.")
        }
        return sequence
    }

    private static func query(
        _ request: Request, _ principal: Principal
    ) throws(Problem) -> (RunQuery, withPayloads: Bool) {
        let query = try Query(
            request,
            known: [
                "status", "workflow", "version", "step", "minAttempts", "error", "overdue", "correlationId", "tenantId",
                "parent", "createdAfter", "createdBefore", "limit", "cursor", "include", "waitingFor",
            ])
        var runs = RunQuery(scope: principal.scope, limit: try query.limit())
        let statuses = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
        runs.status = try query.value("status", "must be one of \(statuses).") { RunStatus(rawValue: $0) }
        let kinds = WaitKinds.names.map(\.name).joined(separator: ", ")
        runs.waitingFor = try query.value("waitingFor", "must be one of \(kinds).") { WaitKinds(name: $0) }
        runs.workflowName = query["workflow"]
        runs.workflowVersion = query["version"]
        runs.stepID = query["step"]
        runs.minAttempts = try query.value("minAttempts", "must be a whole number from 1 to \(Int32.max).") { text in
            Int(text).flatMap { text.utf8.first != UInt8(ascii: "+") && (1...Int(Int32.max)).contains($0) ? $0 : nil }
        }
        runs.error = try query.value("error", "must have 1 to \(longestError) bytes.") { text in
            (1...longestError).contains(text.utf8.count)
                ? RunQuery.ErrorText(text, isInMessages: principal.payloads == .everything) : nil
        }
        runs.isOverdue = try query.value("overdue", "must be true.") { $0 == "true" ? true : nil } ?? false
        runs.correlationID = query["correlationId"]
        runs.tenantID = query["tenantId"]
        runs.parent = try query.value("parent", "must be the id of a run.") { RunID($0) }
        runs.createdAfter = try query.time("createdAfter")
        runs.createdBefore = try query.time("createdBefore")
        runs.before = try query.cursor { Cursor($0) }?.last
        let payloads: Bool? = try query.value("include", "must be payloads.") { $0 == "payloads" ? true : nil }
        return (runs, payloads ?? false)
    }

    /// Bytes of what errors are looked for by.
    static let longestError = 200
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
