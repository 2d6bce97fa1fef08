internal import Core
internal import Hummingbird
internal import HTTPTypes

/// A call as the participant protocol has it: who calls, for which step, and whether to do or to undo.
struct Call: Sendable {
    let run: String
    let step: String
    let action: CallAction
    /// As the caller counts, from 1; 0 when it did not say.
    let attempt: Int32
    let path: String

    /// Reads the headers.
    ///
    /// - Throws: `Refusal` 400 without a key of the form `RUN:STEP:execute` or `RUN:STEP:compensate`, or when the other
    ///   headers contradict it: a caller that mixes up its calls should hear of it.
    init(_ headers: HTTPFields, path: String) throws(Refusal) {
        guard let key = headers[.idempotencyKey] ?? headers[.xIdempotencyKey] else {
            throw Refusal(400, "An Idempotency-Key is required.")
        }
        // From the right: only the first part may hold a colon.
        let parts = key.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let action = CallAction(rawValue: String(parts[parts.count - 1])),
            key.utf8.count <= 512
        else { throw Refusal(400, "An Idempotency-Key is RUN:STEP:execute or RUN:STEP:compensate.") }
        run = parts.dropLast(2).joined(separator: ":")
        step = String(parts[parts.count - 2])
        guard !run.isEmpty, !step.isEmpty else { throw Refusal(400, "An Idempotency-Key names a run and a step.") }
        self.action = action
        self.path = path
        let expected: [(HTTPField.Name, String)] = [
            (.xIdempotencyKey, key), (.sagaRunID, run), (.sagaStepID, step), (.sagaAction, action.rawValue),
        ]
        for (name, value) in expected {
            if let given = headers[name], given != value {
                throw Refusal(400, "\(name.canonicalName) does not go with the Idempotency-Key.")
            }
        }
        attempt =
            try headers[.sagaAttempt].map { text throws(Refusal) in
                guard let attempt = Int32(text), attempt > 0 else {
                    throw Refusal(400, "An attempt is counted from 1.")
                }
                return attempt
            } ?? 0
    }
}

extension HTTPField.Name {
    /// A name known to be a token.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a header") }
        return name
    }

    static let idempotencyKey = known("Idempotency-Key")
    static let xIdempotencyKey = known("X-Idempotency-Key")
    static let idempotencyReplayed = known("Idempotency-Replayed")
    static let sagaRunID = known("X-Saga-Run-Id")
    static let sagaStepID = known("X-Saga-Step-Id")
    static let sagaAction = known("X-Saga-Action")
    static let sagaAttempt = known("X-Saga-Attempt")
    static let sagaCallbackURL = known("X-Saga-Callback-Url")
}
