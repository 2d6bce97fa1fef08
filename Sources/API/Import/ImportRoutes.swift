import Core
import HTTPTypes
import Hummingbird
import Storage

// Bulk starts: many runs started by one request whose body is read, and whose answer is written, line by line. A line is
// started just as a single start is (`RunStarts`); what is here is about the stream.
//
//   ImportRoutes    the request as a whole: refused before its first line, or answered with a stream
//   Import          one request: a task reads lines, each line has a task, one task writes results
//   ImportWindow    what lies between them, and its bound; ImportState is the same without the lock
//   ImportRoom      what all imports together may put before the starter
//   LineSplitter    lines from pieces of a body

/// `POST /v1/workflows/{name}/start-batch`.
struct ImportRoutes: Sendable {
    let starts: RunStarts
    let body: BodyReader
    let values: ByteRoom
    let room: ImportRoom
    let limits: Import.Limits
    let refusals: RefusalLog

    var routes: [Route] { [Route(.post, "/v1/workflows/:name/start-batch", needs: .startRuns, start)] }

    @Sendable private func start(_ request: Request, _ context: APIContext) async throws -> Response {
        let origin: StartOrigin
        do {
            try BodyReader.check(request.headers, for: BodyReader.lines)
            origin = try StartOrigin(
                workflow: try context.pathText("name"), tenants: context.principal.tenants, request.headers,
                context.trace)
            if request.headers.contains(.idempotencyKey) || request.headers.contains(.xIdempotencyKey) {
                throw Problem(.invalidParameter, "A line has its key in idempotencyKey; the request has none.")
            }
            guard try await starts.definitions.isKnown(origin.workflow, to: origin.tenants) else {
                throw DefinitionProblem.unknown
            }
        } catch {
            // A body without an end is not read to its end just to keep the connection.
            var problem = Problem.answering(error, path: request.uri.path, logger: context.logger)
            problem.headers[.connection] = "close"
            throw problem
        }
        context.handOverReading()
        let work = Import(
            starts: starts, body: body, values: values, room: room, limits: limits, origin: origin,
            path: request.uri.path, context: context, denied: denied(request, context, origin.workflow))
        // Closed afterwards: an answer that ends early leaves a body that nobody reads.
        let headers: HTTPFields = [
            .contentType: BodyReader.lines[0], .cacheControl: "no-store", .connection: "close",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                // An import has work for a core: never on a thread that connections share.
                try await withTaskExecutorPreference(globalConcurrentExecutor) {
                    try await work.run(request.body, &writer)
                    try await context.awaitWrites()
                }
            })
    }

    /// Has a line that is denied counted, and written into the audit, as any call that is.
    private func denied(
        _ request: Request, _ context: APIContext, _ workflow: String
    ) -> @Sendable () -> Void {
        { [refusals, metrics = starts.metrics] in
            metrics.countRefusal(.permission)
            refusals.note(
                RefusedCall(
                    tenantID: context.principal.tenants.name, actor: context.principal.name,
                    action: "POST /v1/workflows/{name}/start-batch", subject: "workflows/\(workflow)",
                    reason: RefusalReason.permission.rawValue, origin: context.origin(of: request)))
        }
    }
}
