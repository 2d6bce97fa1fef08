internal import Core
internal import Hummingbird
internal import Postgres

/// The paths that only show something.
extension ParticipantResponder {
    typealias Reader = @Sendable (ParticipantResponder, Request) async throws -> Response

    static let readers: [String: Reader] = [
        "/health": { responder, _ in .json(responder.status("up")) },
        "/ready": { responder, _ in try await responder.ready() },
        "/metrics": { responder, _ in
            .text(
                responder.metrics.text(participant: responder.participant.name),
                contentType: "text/plain; version=0.0.4; charset=utf-8")
        },
        "/job": { responder, request in try await responder.job(request) },
        "/ledger": { responder, request in try await responder.ledger(request) },
        "/ledger/summary": { responder, request in try await responder.summary(request) },
    ]

    /// `?id=`: how far a charge is that was accepted, `{"state": "running" | "done", "paymentId"}`.
    private func job(_ request: Request) async throws -> Response {
        guard participant.name == Participant.payments.name else { throw Refusal(404, "There is no such path.") }
        guard let id = text("id", of: request) else { throw Refusal(400, "An id is required.") }
        guard let isDone = try await pool.execute(FindJob(paymentID: id)).first else {
            throw Refusal(404, "There is no such job.")
        }
        let json: JSON = ["state": isDone ? "done" : "running", "paymentId": .string(id)]
        return .json(json.bytes)
    }

    private func status(_ status: String) -> [UInt8] {
        let json: JSON = ["status": JSON(status), "participant": JSON(participant.name)]
        return json.bytes
    }

    private func ready() async throws -> Response {
        _ = try await pool.execute(ReadLedger(run: nil, after: .max, limit: 1), deadline: .seconds(2))
        return .json(status("ready"))
    }

    /// `?runId=&after=&limit=`: entries oldest first; `next` is the `after` of the next page, null on the last.
    private func ledger(_ request: Request) async throws -> Response {
        let limit = try integer("limit", of: request, in: 1...10_000) ?? 1_000
        let after = try integer("after", of: request, in: 0...Int.max) ?? 0
        // One more than asked for tells whether there is a next page.
        let entries = try await pool.execute(
            ReadLedger(run: text("runId", of: request), after: Int64(after), limit: limit + 1))
        let page = entries.prefix(limit)
        let next = entries.count > limit ? page.last.map { JSON(Int($0.id)) } : nil
        let json: JSON = ["entries": .array(page.map(\.json)), "next": next ?? .null]
        return .json(json.bytes)
    }

    /// `?runId=`: net effect, effects and undos per step.
    private func summary(_ request: Request) async throws -> Response {
        let rows = try await pool.execute(SummarizeLedger(run: text("runId", of: request)))
        return .json(JSON.array(rows).bytes)
    }

    private func text(_ name: String, of request: Request) -> String? {
        request.uri.queryParameters[name[...]].flatMap { $0.isEmpty ? nil : String($0) }
    }

    private func integer(_ name: String, of request: Request, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        guard let text = text(name, of: request) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw Refusal(400, "\(name) is an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }
}
