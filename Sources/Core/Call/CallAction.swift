/// Which of a step's two calls. The raw values are public: idempotency keys and the history carry them.
package enum CallAction: String, Sendable, Hashable, CaseIterable {
    /// The forward action.
    case execute
    /// Its compensation.
    case compensate
}

/// The key under which a participant recognises a call it has seen before: `RUNID:STEPID:execute` or `…:compensate`.
///
/// It does not change over attempts, engines and restarts, and no other call ever has it.
package func idempotencyKey(run: RunID, step: String, action: CallAction) -> String {
    "\(run):\(step):\(action.rawValue)"
}

extension Run {
    /// The key with which an attempt is sent.
    package func idempotencyKey(of call: Command.Call) -> String {
        let key = Core.idempotencyKey(run: id, step: definition.steps[call.step].id, action: call.action)
        return isPlanted(.keyForEachAttempt) ? "\(key):\(call.attempt)" : key
    }
}
