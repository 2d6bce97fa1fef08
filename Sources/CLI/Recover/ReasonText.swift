import Core
import Storage

/// Why a run does not move, in words for three o'clock in the morning.
struct ReasonText {
    private let run: QuietRun
    private let reason: QuietReason
    private let definition: WorkflowDefinition?

    init(_ finding: Recovery.Finding) {
        run = finding.run
        reason = finding.reason
        definition = finding.definition
    }

    /// What is the matter.
    var sentence: String {
        switch reason {
        case .waiting(let wait):
            "waits for its next attempt to \(wait.action.rawValue) \(wait.stepID) in \(left(wait.until)), at \(wait.until)"
        case .waitingForDeadline(let deadline): "waits for its deadline in \(left(deadline)), at \(deadline)"
        case .paused(let pause):
            "was paused \(ago(pause.since)) ago by \(pause.by.clipped)" + (pause.reason.map { ": \($0.clipped)" } ?? "")
        case .waitingForSignal(let stepID, let until):
            "\(stepID) waits for a signal" + (until.map { ", at most until the deadline at \($0)" } ?? "")
        case .waitingForChild(let stepID, let child, let until):
            "\(stepID) waits for the end of its child run \(child.runID) of \(child.workflow)"
                + (until.map { ", until \($0)" } ?? "")
        case .waitingForCallback(let stepID, let action, let until):
            "\(action.rawValue) \(stepID) is accepted, and its participant is to call back in \(left(until)), by \(until)"
        case .waitingForLook(let stepID, let action, let look):
            "\(action.rawValue) \(stepID) is accepted, and is looked at in \(left(look.at)), at \(look.at); until \(look.until)"
        case .waitingForPerson(let stepID, let error):
            "\(stepID) gave up past the pivot, and a person has to say what becomes of it"
                + (error.map { ": \($0.message.clipped)" } ?? "")
        case .delayed(let until): "is to begin in \(left(until)), at \(until)"
        case .calling(let call, let until):
            "is being called: \(name(call)) may take until \(until)"
        case .aboutToBeClaimed(let since): "has been due for \(ago(since)); an engine should take it soon"
        case .unclaimed(let since, liveEngines: 0):
            "has been due for \(ago(since)), and no engine is alive"
        case .unclaimed(let since, let engines):
            "has been due for \(ago(since)), and none of \(engines) engine(s) takes it: they may be full (see /metrics), "
                + "or the outbox is locked"
        case .locked(let locker): "its outbox row is locked by \(session(locker))"
        case .holderGone(let holder, let until):
            "belongs to engine \(name(holder)), which \(silence(holder)); its lease runs out in \(left(until))"
        case .callHangs(let call, let holder, let since):
            "the call of \(name(call)) should have ended \(ago(since)) ago, and engine \(name(holder)) goes on renewing "
                + "its lease"
        case .holderIdle(let holder):
            "engine \(name(holder)) renews its lease and does nothing: no call is under way, nothing waits"
        case .parked(let until): "is put off until \(until), and nothing in it waits that long"
        }
    }

    /// What to do, or what was done.
    func advice(isFreed: Bool, mayFree: Bool) -> String {
        if isFreed { return "freed: the next engine takes it over" }
        switch reason {
        case .waiting(let wait): return "nothing to do; saga run retry \(run.runID) \(wait.stepID) does it now"
        case .waitingForChild(_, let child, _):
            return "nothing to do; saga run get \(child.runID) shows what that waits for"
        case .waitingForDeadline, .waitingForSignal, .waitingForCallback, .waitingForLook, .delayed, .calling,
            .aboutToBeClaimed:
            return "nothing to do"
        case .paused: return "saga run resume \(run.runID) lets it go on"
        case .waitingForPerson(let stepID, _):
            return "saga run retry, complete or skip \(run.runID) \(stepID)"
        case .unclaimed(_, liveEngines: 0): return "start an engine"
        case .unclaimed: return "start more engines, or look for LOCK TABLE in pg_stat_activity"
        case .locked(let locker):
            guard let pid = locker.pid else {
                return "commit or roll back the prepared transaction (pg_prepared_xacts)"
            }
            return "end that session: SELECT pg_terminate_backend(\(pid))"
        case .holderGone, .callHangs, .holderIdle, .parked:
            return mayFree ? "not freed: it moved, or is locked, since we looked" : "--free takes it from its holder"
        }
    }

    static func sentence(of run: ForsakenRun) -> String {
        let reason = run.error.map { ($0.stepID.map { "\($0): " } ?? "") + $0.message } ?? "no reason is known"
        return (run.isQuarantined ? "quarantined: " : "a compensation gave up: ") + reason.clipped
    }

    /// What a person has to do about a FAILED run.
    static func advice(for run: ForsakenRun) -> String {
        if run.isQuarantined { return "find out why first, then saga run retry \(run.runID)" }
        let step = run.error?.stepID ?? "STEP"
        if let pointer = run.error?.pointer {
            return
                "\(pointer) of the definition can't be built from the values of this run, so a retry would fail alike: "
                + "undo \(step) by hand, then saga run resolve \(run.runID) \(step) --reason …"
        }
        return "mend the cause, then saga run retry \(run.runID) \(step); if it was undone by hand, "
            + "saga run resolve \(run.runID) \(step) --reason …"
    }

    /// The step it is about.
    var stepID: String? {
        switch reason {
        case .waiting(let wait): wait.stepID
        case .calling(let call, _), .callHangs(let call, _, _): call.stepID
        case .waitingForPerson(let stepID, _), .waitingForSignal(let stepID, _), .waitingForCallback(let stepID, _, _),
            .waitingForLook(let stepID, _, _), .waitingForChild(let stepID, _, _):
            stepID
        case .waitingForDeadline, .paused, .delayed, .aboutToBeClaimed, .unclaimed, .locked, .holderGone, .holderIdle,
            .parked:
            nil
        }
    }

    /// Who is being called.
    var participant: String? {
        switch reason {
        case .calling(let call, _), .callHangs(let call, _, _): callDefinition(call)?.participant.only
        case .waiting, .waitingForDeadline, .paused, .waitingForSignal, .waitingForChild, .waitingForCallback,
            .waitingForLook,
            .waitingForPerson, .delayed,
            .aboutToBeClaimed, .unclaimed, .locked, .holderGone, .holderIdle, .parked:
            nil
        }
    }

    /// When that should be over.
    var until: Instant? {
        switch reason {
        case .waiting(let wait): wait.until
        case .waitingForDeadline(let until), .delayed(let until), .calling(_, let until), .holderGone(_, let until),
            .parked(let until):
            until
        case .waitingForSignal(_, let until): until
        case .waitingForChild(_, _, let until): until
        case .waitingForCallback(_, _, let until): until
        case .waitingForLook(_, _, let look): look.until
        case .callHangs(_, _, let since), .unclaimed(let since, _), .aboutToBeClaimed(let since): since
        case .locked, .holderIdle, .paused, .waitingForPerson: nil
        }
    }

    private func step(_ call: QuietRun.OpenCall) -> StepDefinition? {
        definition?.step(of: call.stepID)
    }

    private func callDefinition(_ call: QuietRun.OpenCall) -> CallDefinition? {
        step(call)?.call(of: call.action)
    }

    private func name(_ call: QuietRun.OpenCall) -> String {
        let target = callDefinition(call)?.participant.only.map { " at \($0)" } ?? ""
        return (call.action == .compensate ? "the compensation of " : "") + call.stepID + target
    }

    private func name(_ holder: QuietRun.Holder) -> String {
        "\(holder.engine)" + (holder.host.map { " on \($0.clipped)" } ?? "")
    }

    private func silence(_ holder: QuietRun.Holder) -> String {
        holder.heartbeatAt.map { "has given no sign of life for \(ago($0))" } ?? "is not known any more"
    }

    private func session(_ locker: QuietRun.Locker) -> String {
        guard let pid = locker.pid else { return "a prepared transaction" }
        let name = locker.application.flatMap { $0.isEmpty ? nil : " (\($0.clipped))" } ?? ""
        let state = locker.state.map { ", \($0)" } ?? ""
        return "the database session \(pid)\(name)\(state)" + (locker.since.map { " for \(ago($0))" } ?? "")
    }

    private func ago(_ instant: Instant) -> String { max(.zero, run.now - instant).readable }
    private func left(_ instant: Instant) -> String { max(.zero, instant - run.now).readable }
}
