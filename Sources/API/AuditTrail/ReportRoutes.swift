import Core
import Hummingbird
import Postgres
import Storage

/// Compliance reports: all that is known of one run, or of all runs of one correlation id, as one document that is made while it is
/// sent.
struct ReportRoutes: Sendable {
    let reader: RunReader
    let reads: Pool
    let answers: Answers
    let waiting: WaitingFor

    var routes: [Route] {
        [
            Route(.get, "/v1/admin/reports/runs/:runId", needs: .readAudit, counted: .call, ofRun),
            Route(.get, "/v1/admin/reports", needs: .readAudit, counted: .call, ofCorrelation),
        ]
    }

    /// What a report needs beside the permission of its route: it shows runs, payloads as far as the caller sees them.
    private static let alsoNeeds: [Permission] = [.readRuns]

    /// Which form the documents have.
    private static let form = 1

    @Sendable private func ofRun(_ request: Request, _ context: APIContext) async throws -> Response {
        try Self.check(context.principal)
        let id = try context.runID()
        guard try await reader.status(of: id) != nil else { throw Problem.unknownRun }
        let head = Self.head(context)
        let report = report(for: context)
        return try answers.stream("application/json", to: context) { stream in
            try await stream.write(Self.open(head) + #","report":"#)
            guard try await report.write(id, to: &stream) else { throw RunGone() }
            try await stream.write(#","complete":true}"#)
        }
    }

    @Sendable private func ofCorrelation(_ request: Request, _ context: APIContext) async throws -> Response {
        try Self.check(context.principal)
        let query = try Query(request, known: ["correlationId", "limit", "cursor"])
        guard let correlationID = query["correlationId"] else {
            throw Problem(.invalidParameter, "The query parameter correlationId is required.")
        }
        let limit = try query.limit()
        var asked = RunQuery(scope: context.principal.scope, limit: limit + 1)
        asked.correlationID = correlationID
        asked.before = try query.cursor { Cursor($0) }?.last
        let rows = try await reader.list(asked)
        let ids = rows.prefix(limit).map(\.runID)
        let next = rows.count > limit ? ids.last.map { Cursor(after: $0).text } : nil
        var head = Self.head(context)
        head["correlationId"] = .string(correlationID)
        head["limitReached"] = .bool(next != nil)
        head["nextCursor"] = JSON(next)
        let (report, members) = (report(for: context), head)
        return try answers.stream("application/json", to: context) { stream in
            try await stream.write(Self.open(members) + #","reports":["#)
            var isFirst = true
            for id in ids {
                let began = isFirst ? "" : ","
                if try await report.write(id, to: &stream, after: began) { isFirst = false }
            }
            try await stream.write(#"],"complete":true}"#)
        }
    }

    /// It was removed after it was looked for.
    private struct RunGone: Error {}

    private static func check(_ principal: Principal) throws(Problem) {
        for permission in alsoNeeds where !principal.permissions.contains(permission) {
            throw Problem(
                .missingPermission,
                "A report needs the permission \(permission.rawValue), too, which \(principal.name) has not.")
        }
    }

    private func report(for context: APIContext) -> RunReport {
        RunReport(
            reader: reader, reads: reads, waiting: waiting, scope: context.principal.scope,
            sight: context.principal.payloads)
    }

    private static func head(_ context: APIContext) -> JSONObject {
        ["form": JSON(form), "createdAt": RunJSON.time(.now), "createdBy": .string(context.principal.name)]
    }

    /// An object without its end.
    private static func open(_ members: JSONObject) -> String { String(JSON.object(members).text.dropLast()) }
}
