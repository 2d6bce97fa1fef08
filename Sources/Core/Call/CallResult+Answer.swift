extension CallResult {
    /// Judges an answer by the table in `docs/architecture.md`, "What a failed call means".
    ///
    /// - Parameters:
    ///   - answer: what came back.
    ///   - call: the definition, whose `retryOn` and `rejectOn` move statuses.
    ///   - isAmbiguous: an earlier attempt of the same action had no usable answer. A 409 then probably means that the
    ///     first one is still at work, so it is `busy` and not a refusal.
    ///   - duration: how long the call took.
    package init(_ answer: Answer, of call: CallDefinition, isAmbiguous: Bool, duration: Duration) {
        switch answer {
        case .response(let status, let retryAfter, let body):
            self.init(
                status: status, retryAfter: retryAfter, body: body, call: call, isAmbiguous: isAmbiguous,
                duration: duration)
        case .notSent(let reason, let retryAfter):
            self.init(.notSent, reason, duration)
            self.retryAfter = retryAfter
        case .unknown(let reason):
            self.init(.unknown, reason, duration)
        case .lost:
            self.init(outcome: .unknown, duration: duration)
            failure = Failure(
                kind: Failure.lostKind, message: "The engine that made this call was lost before it had an answer.")
        case .unrenderable(let error):
            self.init(outcome: .rejected, duration: duration)
            failure = Failure(
                kind: Failure.templateKind, message: "The request can't be built: \(error)",
                pointer: error.pointer.description)
        }
    }

    private init(_ outcome: Outcome, _ reason: String, _ duration: Duration) {
        self.init(
            outcome: outcome, duration: duration, failure: Failure(kind: outcome.rawValue, message: reason))
    }

    private init(
        status: Int, retryAfter: Duration?, body: [UInt8], call: CallDefinition, isAmbiguous: Bool, duration: Duration
    ) {
        let outcome = Self.outcome(
            status: status, hasRetryAfter: retryAfter != nil, call: call, isAmbiguous: isAmbiguous)
        self.init(outcome: outcome, httpStatus: status, duration: duration)
        switch outcome {
        case .succeeded:
            guard let output = Self.output(body) else {
                self.outcome = .unknown
                self.failure = Failure(
                    kind: Outcome.unknown.rawValue,
                    message: "The answer \(status) has a body that is neither JSON nor text.",
                    httpStatus: status)
                return
            }
            self.output = output
        case .rejected, .busy, .unknown, .notSent:
            self.retryAfter = outcome == .busy ? retryAfter : nil
            self.failure = Failure(
                kind: outcome.rawValue, message: "The participant answered \(status).", httpStatus: status,
                response: body.isEmpty ? nil : Self.output(body))
        }
    }

    private static func outcome(
        status: Int, hasRetryAfter: Bool, call: CallDefinition, isAmbiguous: Bool
    ) -> Outcome {
        if (200..<300).contains(status) { return .succeeded }
        if call.rejectOn.contains(status) { return .rejected }
        switch status {
        case 408, 425, 429: return .busy
        case 503 where hasRetryAfter: return .busy
        case 500...: return .unknown
        case 409 where isAmbiguous: return .busy
        default: return call.retryOn.contains(status) ? .busy : .rejected
        }
    }

    /// JSON as JSON, other text as a string, nothing as null; nil when it is not even text.
    ///
    /// JSON the type refuses (a duplicate key, a `\u0000`) is kept as the string it is, unless it holds a NUL, which
    /// Postgres cannot store.
    private static func output(_ body: [UInt8]) -> JSON? {
        if body.isEmpty { return .null }
        if let json = try? JSON(parsing: body) { return json }
        guard !body.contains(0), let text = String(validating: body, as: UTF8.self) else { return nil }
        return .string(text)
    }
}
