import Core

/// A run's events for people, one line each: time of day, seconds since the first, sign, step, attempt, outcome, duration.
struct Timeline {
    let stepWidth: Int
    let paint: Paint
    private var start: Instant?
    /// The engine that makes the calls.
    private var engine: String?

    init(stepWidth: Int, paint: Paint) {
        self.stepWidth = stepWidth
        self.paint = paint
    }

    /// Nil for what the line after it says again: an attempt's start, unless another engine makes it than the one before.
    mutating func line(_ event: JSON) -> String? {
        let at = event["at"]?.string.flatMap { Instant($0) }
        if start == nil { start = at }
        if event["kind"]?.string == "attempt_started" {
            guard let caller = event["engine"]?.string, caller != engine else { return nil }
            engine = caller
        }
        var since = ""
        if let at, let start { since = "+" + (Double((at - start).microseconds) / 1_000_000).fixed(3) + "s" }
        // Hours, minutes, seconds and milliseconds of 2026-01-02T03:04:05.678901Z.
        let time = at.map { String($0.description.dropFirst(11).prefix(12)) } ?? ""
        return paint.dim(time.left(12) + since.right(11)) + "  " + what(event)
    }

    private func what(_ event: JSON) -> String {
        switch event["kind"]?.string ?? "?" {
        case "run_started": paint.bold("● started")
        case "attempt_started": paint.dim("· engine \(engine ?? "")")
        case "attempt_succeeded" where isCompensation(event):
            call(paint.yellow("↩"), event, paint.yellow("compensated"))
        case "attempt_succeeded": call(paint.green("✓"), event, paint.green("succeeded"))
        case "attempt_failed": call(paint.red("✗"), event, paint.red(failure(event)))
        case "attempt_accepted": call("◷", event, paint.dim(accepted(event)))
        case "attempt_looked": step("·", event, paint.dim(looked(event)))
        case "callback_received":
            step("✉", event, "its participant called back: \(event["data"]?["outcome"]?.string ?? "?")")
        case "attempt_heartbeat": step("·", event, paint.dim("is still at work"))
        case "step_skipped": step("○", event, paint.dim("skipped"))
        case "wait_started": step("◷", event, paint.dim("waits until " + (event["data"]?["until"]?.string ?? "?")))
        case "await_started": step("◷", event, paint.dim(awaiting(event)))
        case "signal_received": "✉ signal \(event["data"]?["name"]?.string ?? "?")" + by(event)
        case "signal_taken": step(paint.green("✓"), event, paint.green("has its signal"))
        case "elements_started":
            step("≡", event, paint.dim("begins with \(event["data"]?["count"]?.int ?? 0) elements"))
        case "elements_ended": step(paint.green("✓"), event, paint.green("done, with all its elements"))
        case "parent_linked":
            paint.dim(parent(event))
        case "end_calls_started": paint.dim("▷ calls follow the end, made by the run \(other(event))")
        case "child_started":
            step("▷", event, "started the run \(other(event)) of \(event["data"]?["workflow"]?.string ?? "?")")
        case "child_cancel_requested": step("■", event, paint.yellow("its child is to turn back" + because(event)))
        case "child_ended": childEnd(event)
        case "child_undo_requested": step("↩", event, paint.yellow("its child is to be undone"))
        case "child_undo_failed": step(paint.red("✗"), event, paint.red("its child stands" + because(event)))
        case "step_succeeded": step(paint.green("✓"), event, paint.green("done"))
        case "step_failed": step(paint.red("✗"), event, paint.red("failed" + because(event)))
        case "step_undoing": step("↩", event, paint.yellow("undone before the run goes on"))
        case "step_abandoned": step("○", event, paint.dim("not tried any more"))
        case "step_resolved": step("●", event, paint.yellow("resolved by hand" + because(event)))
        case "step_settled": step("●", event, paint.yellow("ended by hand: " + settlement(event) + because(event)))
        case "restarted_from": paint.yellow("↻ does \(other(event)) anew, \(extent(event))" + because(event))
        case "step_kept": step("○", event, paint.dim(kept(event)))
        case "restarted_as": paint.yellow("↻ done anew by \(other(event))\(handedOver(event))" + because(event))
        case "run_delayed": paint.dim("◷ begins at " + (event["data"]?["until"]?.string ?? "?"))
        case "run_paused": paint.yellow("‖ paused" + because(event))
        case "run_resumed": paint.yellow("▶ resumed" + because(event))
        case "undo_requested": paint.yellow("■ undo requested" + because(event))
        case "cancel_refused": paint.yellow("■ a cancel came too late: there is no way back" + because(event))
        case "deadline_missed": paint.yellow("■ the deadline has passed; there is no way back, so it goes on")
        case "cancel_requested": paint.yellow("■ cancel requested" + because(event))
        case "deadline_exceeded": paint.yellow("■ the deadline has passed")
        case "run_compensating": paint.yellow("↩ compensating" + because(event))
        case "retry_requested": step("●", event, "a retry was asked for" + by(event))
        case "run_completed": paint.bold(paint.green("● COMPLETED"))
        case "run_compensated": paint.bold(paint.yellow("● COMPENSATED"))
        case "run_cancelled": paint.bold(paint.yellow("● CANCELLED"))
        case "run_failed": paint.bold(paint.red("● FAILED: a compensation gave up" + because(event)))
        case "run_quarantined": paint.bold(paint.red("● FAILED: quarantined" + because(event)))
        case let other: step("·", event, paint.dim(other))
        }
    }

    private func parent(_ event: JSON) -> String {
        let (parent, step) = (event["data"]?["parent"]?["runId"]?.string, event["data"]?["parent"]?["stepId"]?.string)
        if step == ParentLink.onEnd { return "· makes the calls after the end of \(parent ?? "?")" }
        return "· a child of \(parent ?? "?"), step \(step ?? "?")"
    }

    /// The other run that it tells of.
    private func other(_ event: JSON) -> String { event["data"]?["runId"]?.string ?? "?" }

    private func extent(_ event: JSON) -> String {
        event["data"]?["fromStep"]?.string.map { "from \($0) on" } ?? "all of it"
    }

    private func kept(_ event: JSON) -> String {
        event["data"]?["effectOf"]?.string.map { "taken over: \($0) has done it" } ?? "taken over"
    }

    private func handedOver(_ event: JSON) -> String {
        let steps = (event["data"]?["steps"]?.array ?? []).compactMap(\.string)
        return steps.isEmpty ? "" : ", which takes over " + steps.joined(separator: ", ").clipped
    }

    private func childEnd(_ event: JSON) -> String {
        let text = "its child ended \(event["data"]?["status"]?.string ?? "?")" + because(event)
        let isGood = event["error"].map(\.isNull) ?? true
        return step(isGood ? paint.green("✓") : paint.red("✗"), event, isGood ? paint.green(text) : paint.red(text))
    }

    private func awaiting(_ event: JSON) -> String {
        let until = event["data"]?["until"]?.string.map { " until \($0)" } ?? ""
        return "waits for the signal \(event["data"]?["signal"]?.string ?? "?")\(until)"
    }

    private func accepted(_ event: JSON) -> String {
        event["data"]?["path"]?.string.map { "accepted; its end is looked for at \($0.clipped)" }
            ?? "accepted; a callback will tell its end"
    }

    private func looked(_ event: JSON) -> String {
        guard let reason = event["error"].flatMap(RunView.failure) else { return "looked at: still at work" }
        let wait = event["retryInMs"]?.double.map { "; again in " + Duration.microseconds(Int64($0 * 1000)).readable }
        return "looked at in vain: " + reason + (wait ?? "")
    }

    private func call(_ sign: String, _ event: JSON, _ outcome: String) -> String {
        let attempt = "\(isCompensation(event) ? "undo" : "try") \(event["attempt"]?.int ?? 1)"
        let time = event["durationMs"]?.double.map { Duration.microseconds(Int64($0 * 1000)).readable } ?? ""
        return sign + " " + id(event).left(stepWidth) + "  " + attempt.left(7) + time.right(10) + "  " + outcome
    }

    private func step(_ sign: String, _ event: JSON, _ text: String) -> String {
        sign + " " + id(event).left(stepWidth) + "  " + text
    }

    private func failure(_ event: JSON) -> String {
        let outcome = event["outcome"]?.string ?? "failed"
        let reason = event["error"].flatMap(RunView.failure).map { ": \($0)" } ?? ""
        guard let wait = event["retryInMs"]?.double else { return outcome + reason + "; gave up" }
        let when = wait > 0 ? "in " + Duration.microseconds(Int64(wait * 1000)).readable : "at once"
        return outcome + reason + "; again " + when
    }

    private func settlement(_ event: JSON) -> String {
        switch event["data"]?["as"]?.string.flatMap({ Settlement(rawValue: $0) }) {
        case .complete: "done"
        case .skip: "skipped"
        case .fail: "given up"
        case nil: "?"
        }
    }

    private func because(_ event: JSON) -> String {
        let reason = event["error"].flatMap(RunView.failure) ?? event["data"]?["reason"]?.string?.clipped
        return (reason.map { ": \($0)" } ?? "") + by(event)
    }

    private func by(_ event: JSON) -> String { event["data"]?["by"]?.string.map { " (\($0.clipped))" } ?? "" }
    private func id(_ event: JSON) -> String { event["stepId"]?.string ?? "" }
    private func isCompensation(_ event: JSON) -> Bool { event["action"]?.string == "compensate" }
}
