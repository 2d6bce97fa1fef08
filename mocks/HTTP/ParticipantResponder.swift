// HTTP for one participant. Its own paths are calls: the headers say which call it is, the database does it, the answer
// goes back. A handful of fixed paths show state to probes and tests. There is no router: it would not know 405.

internal import Core
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Postgres

/// Answers every request of one participant.
struct ParticipantResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let participant: Participant
    let pool: Pool
    let dice: Dice
    /// Added to every call.
    let latency: Duration
    let metrics = Metrics()
    /// Tells the ends of what was accepted.
    let callbacks: CallbackSender
    let logger: Logger

    /// Bytes of a body at most.
    static let bodyLimit = 1 << 20

    func respond(to request: Request, context: Context) async throws -> Response {
        try await respond(to: request)
    }

    func respond(to request: Request) async throws -> Response {
        let path = request.uri.path
        let isOurs = participant.routes[path] != nil || Self.readers[path] != nil
        let response = try await answer(request, path: path)
        metrics.answered(isOurs ? path : nil, status: response.status.code)
        return response
    }

    private func answer(_ request: Request, path: String) async throws -> Response {
        do {
            if let route = participant.routes[path] {
                guard request.method == .post else { return notAllowed("POST") }
                return try await handle(request, path: path, route: route)
            }
            if let reader = Self.readers[path] {
                guard request.method == .get else { return notAllowed("GET") }
                return try await reader(self, request)
            }
            return .problem(404, "There is no such path.")
        } catch let refusal as Refusal {
            return .problem(refusal.status, refusal.detail)
        } catch let error as PostgresError {
            logger.error("a statement failed", metadata: ["path": "\(path)", "error": "\(error)"])
            // No Retry-After: it would promise that nothing happened.
            return error.isTransient
                ? .problem(503, "The database does not answer.") : .problem(500, "The database refused.")
        }
    }

    private func notAllowed(_ allowed: String) -> Response {
        var response = Response.problem(405, "Only \(allowed) is possible here.")
        response.headers[.allow] = allowed
        return response
    }

    // MARK: Calls

    private func handle(_ request: Request, path: String, route: Route) async throws -> Response {
        let call = try Call(request.headers, path: path)
        let bytes = try await body(of: request)
        guard route.actions.contains(call.action) else {
            return try await refuse(call, bytes, Refusal(422, "\(path) is not there to \(call.action.rawValue)."))
        }
        let body: JSON
        do {
            body = bytes.isEmpty ? .null : try JSON(parsing: bytes)
        } catch {
            return try await refuse(call, bytes, Refusal(error.isSyntax ? 400 : 422, error.message))
        }
        let plan = CallPlan(call, body, route)
        let delay = latency + plan.delay
        if delay > .zero {
            _ = try await pool.execute(RecordEntry(call: call, body: bytes, kind: "received", status: nil))
            try await Task.sleep(for: delay)
        }
        let statement = HandleCall(
            call: call, body: bytes.isEmpty ? nil : bytes, isRecorded: delay > .zero, refusal: plan.refusal,
            fault: plan.fault ?? dice.fault())
        guard let row = try await pool.execute(statement).first else {
            throw PostgresError.decoding("handle returned nothing")
        }
        metrics.handled(kind: row.kind)
        if route.isLater, call.action == .execute, let answer = row.answer { return accepted(answer, request) }
        return response(row)
    }

    /// What was done counts as done a little later. Who gave no URL has to ask: `/job?id=`.
    private func accepted(_ answer: [UInt8], _ request: Request) -> Response {
        if let url = request.headers[.sagaCallbackURL] { callbacks.send(answer, to: url) }
        let paymentID = (try? JSON(parsing: answer))?["paymentId"] ?? .null
        let job: JSON = ["job": paymentID, "state": "running"]
        return .json(job.bytes, status: 202)
    }

    private func response(_ row: HandleCall.Row) -> Response {
        var response =
            row.answer.map { Response.json($0, status: row.status) }
            ?? .problem(row.status, row.detail ?? "No reason was given.")
        if row.kind == "replayed" { response.headers[.idempotencyReplayed] = "true" }
        return response
    }

    private func body(of request: Request) async throws -> [UInt8] {
        do {
            return Array(try await request.body.collect(upTo: Self.bodyLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Refusal(413, "A body has at most \(Self.bodyLimit) bytes.")
        }
    }

    /// What cannot be read gets no place in the barrier: the key may still come with a proper body, to a proper path.
    private func refuse(_ call: Call, _ bytes: [UInt8], _ refusal: Refusal) async throws -> Response {
        var entries = Pipeline()
        entries.add(RecordEntry(call: call, body: bytes, kind: "received", status: nil))
        entries.add(RecordEntry(call: call, body: bytes, kind: "rejected", status: refusal.status))
        _ = try await pool.transaction(entries)
        metrics.handled(kind: "rejected")
        return .problem(refusal.status, refusal.detail)
    }
}
