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

    mutating func accept(_ step: Int, _ action: CallAction, _ attempt: Int, _ poll: PollStart?, _ at: Instant) {
        require(inFlight[step].map { $0 == (action, attempt) } ?? false, 21, "step \(step) is accepted")
        require(
            workflow.mayAccept(base(step), action) && accepted[step] == nil, 21,
            "step \(step) is accepted for no reason")
        require(callbacks[step] == nil, 21, "step \(step) is accepted though its end is told")
        let isPolled = workflow.isPolled[base(step)]
        require(
            (poll != nil) == isPolled, 21,
            "step \(step) is accepted, and its end is \(isPolled ? "looked for" : "told")")
        let heartbeat = isPolled ? nil : workflow.callback.heartbeat
        accepted[step] = (at + .milliseconds(workflow.callback.timeout), heartbeat.map { at + .milliseconds($0) })
        looks[step] = poll.map { (at + $0.firstLook, 0) }
    }

    mutating func look(_ step: Int, _ action: CallAction, _ failure: Failure?, _ lookIn: Duration?, _ at: Instant) {
        guard let look = looks[step], accepted[step] != nil, inFlight[step]?.action == action else {
            return require(false, 21, "step \(step) is looked at")
        }
        require(look.due <= at, 21, "step \(step) is looked at too early")
        let every = Duration.milliseconds(workflow.every)
        let failures = failure == nil ? 0 : look.failures + 1
        let wait = lookIn ?? every
        if failure == nil {
            require(wait >= every && wait <= .seconds(300), 14, "step \(step) is looked at again after \(wait)")
        } else {
            let least = min(every * (1 << min(failures - 1, 12)), .seconds(300)) * 0.74
            require(
                wait >= least && wait <= .seconds(300), 14, "after \(failures) failures the next look is in \(wait)")
            require(failure?.response == nil, 21, "a look at step \(step) keeps what was said")
        }
        looks[step] = (at + wait, failures)
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
    mutating func judge(_ step: Int, _ report: CallReport, _ failure: Failure?, _ at: Instant) {
        let look = looks.removeValue(forKey: step)
        let told = callbacks.removeValue(forKey: step)
        let due = accepted.removeValue(forKey: step)
        if failure == nil {
            let isFound = look != nil && report.httpStatus != nil
            if due != nil {
                require(told?.outcome == .succeeded || isFound, 21, "step \(step) succeeds, and nobody said so")
            }
        } else if let told {
            require(
                told.outcome != .succeeded || failure?.httpStatus != nil || failure?.kind == "rejected", 21,
                "step \(step) fails though it succeeded")
        } else if let due {
            if look != nil, report.httpStatus != nil { return }
            let isOver = due.until <= at || due.beatBy.map { $0 <= at } ?? false
            require(
                look.map { due.until < $0.due } ?? true || failure?.kind != "timeout", 21,
                "step \(step) is not looked at")
            require(
                failure?.kind == "timeout" ? isOver : failure?.kind == "abandoned" && hasLeftForward, 21,
                "step \(step) fails, and nobody said so: \(failure?.kind ?? "")")
        }
    }
}
