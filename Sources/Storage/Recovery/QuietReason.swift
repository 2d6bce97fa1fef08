package import Core

/// Why nothing happens in a run.
package enum QuietReason: Sendable {
    /// It waits for its next attempt, as it should.
    case waiting(QuietRun.Wait)
    /// It waits for its deadline, as it should.
    case waitingForDeadline(Instant)
    /// Somebody paused it.
    case paused(RunMarks.Pause)
    /// It waits for a signal, as it should; its deadline, if it has one.
    case waitingForSignal(stepID: String, until: Instant?)
    /// It waits for the end of a child, as it should; until then at the most, where that is known.
    case waitingForChild(stepID: String, ChildRun, until: Instant?)
    /// A participant has accepted a call and is to call back by then, as it should.
    case waitingForCallback(stepID: String, CallAction, until: Instant)
    /// A participant has accepted a call, and is asked then what became of it, as it should.
    case waitingForLook(stepID: String, CallAction, QuietRun.NextLook)
    /// A person has to say what becomes of this step: past the pivot there is no way back.
    case waitingForPerson(stepID: String, error: Failure?)
    /// It is to begin then, as it should.
    case delayed(until: Instant)
    /// A call is under way, within its timeout.
    case calling(QuietRun.OpenCall, until: Instant)
    /// Due, and not for long.
    case aboutToBeClaimed(since: Instant)
    /// Due for long, and nobody claims it.
    case unclaimed(since: Instant, liveEngines: Int)
    /// Somebody's transaction has locked its row, so nobody can claim, renew or commit.
    case locked(QuietRun.Locker)
    /// Its lease belongs to an engine that gives no sign of life, and has not run out.
    case holderGone(QuietRun.Holder, leaseUntil: Instant)
    /// Its engine lives and renews the lease, but the call should have ended long ago.
    case callHangs(QuietRun.OpenCall, QuietRun.Holder, overdueSince: Instant)
    /// Its engine lives and renews the lease, but does nothing.
    case holderIdle(QuietRun.Holder)
    /// Nobody holds it, and it is put off although nothing in it waits that long.
    case parked(until: Instant)

    /// Whether taking it from its holder can help, and can do no harm that a lost engine could not do.
    package var canBeFreed: Bool {
        switch self {
        case .holderGone, .callHangs, .holderIdle, .parked: true
        case .waiting, .waitingForDeadline, .paused, .waitingForSignal, .waitingForChild, .waitingForCallback,
            .waitingForLook,
            .waitingForPerson, .delayed, .calling, .aboutToBeClaimed, .unclaimed, .locked:
            false
        }
    }

    /// Nothing is wrong.
    package var isLegitimate: Bool {
        switch self {
        case .waiting, .waitingForDeadline, .paused, .waitingForSignal, .waitingForChild, .waitingForCallback,
            .waitingForLook, .delayed,
            .calling,
            .aboutToBeClaimed:
            true
        case .waitingForPerson, .unclaimed, .locked, .holderGone, .callHangs, .holderIdle, .parked: false
        }
    }

    /// One lower-case word for programs.
    package var name: String {
        switch self {
        case .waiting: "waiting"
        case .waitingForDeadline: "waitingForDeadline"
        case .paused: "paused"
        case .waitingForSignal: "waitingForSignal"
        case .waitingForChild: "waitingForChild"
        case .waitingForCallback: "waitingForCallback"
        case .waitingForLook: "waitingForLook"
        case .waitingForPerson: "waitingForPerson"
        case .delayed: "delayed"
        case .calling: "calling"
        case .aboutToBeClaimed: "aboutToBeClaimed"
        case .unclaimed: "unclaimed"
        case .locked: "locked"
        case .holderGone: "holderGone"
        case .callHangs: "callHangs"
        case .holderIdle: "holderIdle"
        case .parked: "parked"
        }
    }
}

extension QuietRun {
    /// An engine beats every 2 seconds.
    private static let heartbeatLimit = Duration.seconds(15)
    /// Committing an answer, and waiting for a turn, may take a little longer than the call.
    private static let callGrace = Duration.seconds(5)
    /// What is put off by less than this is only being given back.
    private static let parkGrace = Duration.seconds(5)

    /// Why nothing happens in it.
    ///
    /// - Parameters:
    ///   - quietFor: how long it may be due before that is wrong.
    ///   - definition: says how long calls may take; without it the longest timeout there is counts.
    ///   - paused: whether participants are paused; calls to those that are wait in their engine, as they should.
    package func reason(
        quietFor: Duration, definition: WorkflowDefinition?, paused: ParticipantBook<Bool> = ParticipantBook()
    ) -> QuietReason {
        if let locker { return .locked(locker) }
        if availableAt <= now {
            return now - availableAt < quietFor
                ? .aboutToBeClaimed(since: availableAt)
                : .unclaimed(since: availableAt, liveEngines: liveEngines)
        }
        guard let holder else { return notHeld }
        guard let heartbeatAt = holder.heartbeatAt, now - heartbeatAt <= Self.heartbeatLimit else {
            return .holderGone(holder, leaseUntil: availableAt)
        }
        // With several calls under way, the one that ends last keeps the run, and the one that hangs worst is named.
        let ends = calls.map { ($0, $0.begunAt + timeout(of: $0, definition)) }
        guard let first = ends.min(by: { $0.1 < $1.1 }) else {
            // A short backoff may be waited for with the lease held.
            if let wait, wait.until > now { return .waiting(wait) }
            return .holderIdle(holder)
        }
        let sent = ends.filter { !isHeld($0.0, definition, paused) }
        let worst = sent.min { $0.1 < $1.1 } ?? first
        if sent.isEmpty || now <= worst.1 + Self.callGrace { return .calling(worst.0, until: worst.1) }
        return .callHangs(worst.0, holder, overdueSince: worst.1)
    }

    /// Whether a call may not have been sent because its participant is paused.
    private func isHeld(_ call: OpenCall, _ definition: WorkflowDefinition?, _ paused: ParticipantBook<Bool>) -> Bool {
        // Which of several participants it is for only its engine knows.
        guard let name = definition?.step(of: call.stepID)?.call(of: call.action)?.participant.only else {
            return paused.all.contains { $0.value && ($0.id.owner == .shared || $0.id.owner == .tenant(tenantID)) }
        }
        return paused.found(name, by: tenantID) ?? false
    }

    private var notHeld: QuietReason {
        let limit = availableAt - Self.parkGrace
        if let pause = marks.pause { return .paused(pause) }
        if status == .pending, cause == nil, let startAt = marks.startAt, startAt >= limit {
            return .delayed(until: startAt)
        }
        if let stuck, wait.map({ $0.until < limit }) ?? true {
            return .waitingForPerson(stepID: stuck.stepID, error: stuck.error)
        }
        if let child, wait.map({ $0.stepID == child.stepID || $0.until < limit }) ?? true,
            (wait?.until ?? deadlineAt).map({ $0 >= limit }) ?? true
        {
            return .waitingForChild(stepID: child.stepID, child.child, until: wait?.until ?? deadlineAt)
        }
        if let wait, wait.until >= limit { return .waiting(wait) }
        if let look, look.wait.until >= limit {
            return .waitingForLook(stepID: look.wait.stepID, look.wait.action, look.next)
        }
        if let accepted, accepted.until >= limit {
            return .waitingForCallback(stepID: accepted.stepID, accepted.action, until: accepted.until)
        }
        if wait == nil, let awaited, deadlineAt.map({ $0 >= limit }) ?? true {
            return .waitingForSignal(stepID: awaited, until: deadlineAt)
        }
        // Without a step that waits, or before it, a deadline may be what it waits for.
        if wait == nil, let deadlineAt, deadlineAt >= limit { return .waitingForDeadline(deadlineAt) }
        return .parked(until: availableAt)
    }

    private func timeout(of call: OpenCall, _ definition: WorkflowDefinition?) -> Duration {
        definition?.step(of: call.stepID)?.call(of: call.action)?.timeout ?? .seconds(3600)
    }
}
