import Core
import Crypto
import HTTPTypes
import Hummingbird
import Postgres
import Storage
import Synchronization

/// Where participants tell the ends of what they accepted, and that they are still at work. The token in the path is all that
/// is needed: whoever has it was called.
struct CallbackRoutes: Sendable {
    let door: RunDoor
    let body: BodyReader
    let reader: RunReader
    let keys: CallbackKeys
    let metrics: APIMetrics

    var routes: [Route] {
        [
            Route(.post, "/v1/callbacks/:token", needs: nil, tell),
            Route(.post, "/v1/callbacks/:token/heartbeat", needs: nil, heartbeat),
        ]
    }

    @Sendable private func tell(_ request: Request, _ context: APIContext) async throws -> Response {
        let (runID, stepID, action) = try await place(context)
        var fields = try Fields(try await body.json(request), known: ["outcome", "output", "error", "attempt"])
        let outcome = fields.string("outcome", maxBytes: 16).flatMap { Callback.Outcome(rawValue: $0) }
        if outcome == nil {
            let known = Callback.Outcome.allCases.map(\.rawValue).joined(separator: ", ")
            fields.refuse(JSONPointer(["outcome"]), "This must be one of \(known).")
        }
        for (name, limit, needed) in [("output", Callback.maxOutput, true), ("error", Callback.maxError, false)] {
            guard let value = fields[name] else { continue }
            if let outcome, (outcome == .succeeded) != needed {
                fields.refuse(JSONPointer([name]), "This is not for a callback that says \(outcome.rawValue).")
            }
            if value.isLonger(than: limit) {
                fields.refuse(JSONPointer([name]), "This has at most \(limit >> 10) KiB.")
            }
        }
        let attempt = fields.integer("attempt", in: 1...1_000_000)
        try fields.check()
        guard let outcome else { preconditionFailure("what is missing was refused") }
        let callback = Callback(
            outcome: outcome, output: fields["output"], error: fields["error"], attempt: attempt,
            digest: Self.digest(outcome, fields))
        return try await counted {
            try await door.ask(runID, InboxRequest(.callback(stepID: stepID, action, callback), sentBy: "callback"))
        }
    }

    @Sendable private func heartbeat(_ request: Request, _ context: APIContext) async throws -> Response {
        let (runID, stepID, action) = try await place(context)
        if let json = try await body.optionalJSON(request) { try Fields(json, known: []).check() }
        return try await door.ask(runID, InboxRequest(.heartbeat(stepID: stepID, action), sentBy: "callback"))
    }

    /// What the token speaks of.
    private func place(_ context: APIContext) async throws -> (RunID, stepID: String, CallAction) {
        guard let token = try await keys.token(try context.pathText("token")) else {
            metrics.countCallback("unknown")
            throw Problem(.unknownCallback, "This URL was made by nobody here.")
        }
        guard let steps = try await reader.stepIDs(of: token.runID) else { throw Problem.unknownRun }
        guard steps.indices.contains(token.step) else {
            throw Problem(.unknownCallback, "The run has no such step.")
        }
        return (token.runID, steps[token.step], token.action)
    }

    private func counted(_ work: () async throws -> Response) async throws -> Response {
        do {
            let response = try await work()
            metrics.countCallback("accepted")
            return response
        } catch let problem as Problem {
            switch problem.kind {
            case .callbackOver: metrics.countCallback("late")
            case .callbackDiffers: metrics.countCallback("different")
            default: break
            }
            throw problem
        }
    }

    private static func digest(_ outcome: Callback.Outcome, _ fields: Fields) -> String {
        var members: JSONObject = ["outcome": .string(outcome.rawValue)]
        for name in ["output", "error", "attempt"] { if let value = fields[name] { members[name] = value } }
        return SHA256.hash(data: JSON.object(members).canonicalBytes).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

/// The keys of callback URLs, read when one is named that is not known: at most once in ten seconds.
final class CallbackKeys: Sendable {
    private struct State {
        var keys: [Int32: CallbackKey] = [:]
        var readAt: ContinuousClock.Instant?
    }

    private let pool: Pool
    private let state = Mutex(State())
    private static let interval = Duration.seconds(10)

    init(pool: Pool) { self.pool = pool }

    /// Nil for what was not signed with one of them.
    func token(_ text: String) async throws -> CallbackToken? {
        guard let number = CallbackToken.key(of: text) else { return nil }
        if let key = state.withLock({ $0.keys[number] }) { return CallbackToken(text, key) }
        let isDue = state.withLock { state in state.readAt.map { .now - $0 >= Self.interval } ?? true }
        guard isDue else { return nil }
        let keys = try await pool.execute(ListCallbackKeys())
        state.withLock { state in
            state.keys = Dictionary(keys.map { ($0.number, $0) }) { first, _ in first }
            state.readAt = .now
        }
        return state.withLock { $0.keys[number] }.flatMap { CallbackToken(text, $0) }
    }
}
