import Core
import Simulation

/// What participants accept, as a person reads the rules.
extension Audit {
    func takesCallback(_ step: Int, _ action: CallAction, _ callback: Callback?) -> Bool {
        guard ended == nil else { return false }
        if let callback, let known = callbacks[step], known.digest != callback.digest { return false }
        if let open = inFlight[step] { return open.action == action }
        let waitsFor: CallAction =
            undoing?.contains(step) ?? false || undoneAtOnce.contains(step) ? .compensate : .execute
        return waiting[step] != nil && attempts[step][action] ?? 0 > 0 && waitsFor == action
    }

    mutating func accept(_ step: Int, _ action: CallAction, _ attempt: Int, _ at: Instant) {
        require(inFlight[step].map { $0 == (action, attempt) } ?? false, 21, "step \(step) is accepted")
        require(
            workflow.mayAccept(base(step), action) && accepted[step] == nil, 21,
            "step \(step) is accepted for no reason")
        require(callbacks[step] == nil, 21, "step \(step) is accepted though its end is told")
        accepted[step] = (
            at + .milliseconds(workflow.callback.timeout), workflow.callback.heartbeat.map { at + .milliseconds($0) }
        )
    }

    mutating func callBack(_ step: Int, _ action: CallAction, _ callback: Callback, _ at: Instant) {
        require(takesCallback(step, action, callback) && callbacks[step] == nil, 21, "step \(step) is told its end")
        callbacks[step] = callback
        if waiting[step] != nil { waiting[step] = at }
        // Accepted, it ends at once; otherwise what is told may be all that is known of it.
        if action == .execute, callback.outcome != .rejected, accepted[step] == nil { mayHaveEffect.insert(step) }
    }

    mutating func beat(_ step: Int, _ action: CallAction, _ at: Instant) {
        require(accepted[step] != nil && inFlight[step]?.action == action, 21, "step \(step) beats")
        accepted[step]?.beatBy = workflow.callback.heartbeat.map { at + .milliseconds($0) }
    }

    /// An attempt ended.
    mutating func judge(_ step: Int, succeeded: Bool, _ failure: Failure?, _ at: Instant) {
        let told = callbacks.removeValue(forKey: step)
        let due = accepted.removeValue(forKey: step)
        if succeeded {
            if due != nil { require(told?.outcome == .succeeded, 21, "step \(step) succeeds, and nobody said so") }
        } else if let told {
            require(
                told.outcome != .succeeded || failure?.httpStatus != nil || failure?.kind == "rejected", 21,
                "step \(step) fails though it succeeded")
        } else if let due {
            let isOver = due.until <= at || due.beatBy.map { $0 <= at } ?? false
            require(
                failure?.kind == "timeout" ? isOver : failure?.kind == "abandoned" && hasLeftForward, 21,
                "step \(step) fails, and nobody said so: \(failure?.kind ?? "")")
        }
    }
}
