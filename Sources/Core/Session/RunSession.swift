// A claimed run from its claim to the moment it leaves its holder's hands, as a value: what comes in goes into it, what is
// to be done comes out of it, and it knows nothing of how that is done. An engine's driver, tests and the simulator execute
// the same session.
//
//   what comes in     the claim; answers, timers, a full inbox (`received`); the inbox's rows; the store's verdict
//   what goes out     `SessionTask`: read the inbox, commit a decision, execute commands, give the run up
//
// Every command is executed after the commit that stored its intent, and every answer is decided and committed before
// anything follows from it.

/// One claimed run: what has happened to it and is not stored yet, what is in flight, and what is to be done next.
package struct RunSession: Sendable {
    private enum Phase: Sendable {
        /// Something may be to be decided.
        case deciding
        /// A decision is with the store.
        case committing(SessionCommit)
        /// Everything is decided and stored.
        case settled
        case over(SessionEnd)
    }

    package let lease: Lease
    /// The run as stored.
    package private(set) var run: Run
    private var phase: Phase
    /// Steps whose calls this holder has begun.
    private var inFlight: Set<Int> = []
    /// Looks that this holder has begun.
    private var looking: Set<Command.Look> = []
    /// When the last `wake` that was handed out is due, so that none is handed out twice.
    private var wakesAt: Instant?
    /// What has happened and is not stored yet.
    private var toDecide: [Happening] = []
    /// What a former holder left in flight is to be decided, too.
    private(set) var takesOver: Bool
    /// Nothing has been done with the run since its claim.
    private var isUntouched: Bool

    /// The inbox has rows that were not read.
    private var isInboxPending: Bool
    /// So many rows the inbox has at least, or the count of them is wrong.
    private var promisedInbox: Int
    /// The count is wrong, and to be put right.
    private var isInboxOverpromised = false
    /// What was read and this version knows.
    private var inbox: [InboxRow] = []
    /// Rows this version does not know: they stay for one that does.
    private(set) var foreignInbox = 0
    /// By step: why its child can't be started, as the store has said since the last commit.
    private var refusedChildren: [Int: Failure] = [:]
    /// How many elements each decision begins at most.
    package var portion = Portion.whole
    /// What was noted since `takeNotes`.
    private var notes: [SessionNote] = []

    /// - Parameters:
    ///   - run: as the claim left it.
    ///   - inboxCount: rows in its inbox.
    ///   - beganDueSteps: the claim has begun the due steps, because nothing else was to be decided first. Otherwise a
    ///     call in flight is a former holder's.
    package init(_ run: Run, lease: Lease, inboxCount: Int, beganDueSteps: Bool) {
        self.run = run
        self.lease = lease
        isInboxPending = inboxCount > 0
        promisedInbox = inboxCount
        isUntouched = !beganDueSteps
        // Those of a FAILED run are lost by its retry.
        takesOver =
            !beganDueSteps && run.hasCallInFlight && !run.status.isTerminal && !isPlanted(.takeoverForgetsCall)
        if !takesOver { toDecide = [.woke] }
        phase = !beganDueSteps || inboxCount > 0 || !run.hasCallInFlight ? .deciding : .settled
    }

    /// The run goes forward no more: its forward calls that wait for their turn are not wanted.
    package var hasTurnedBack: Bool { run.cause != nil }

    /// What is to be done next.
    ///
    /// - Parameters:
    ///   - now: the database's time.
    ///   - isHeld: whether the lease has not run out, as far as the holder can know.
    ///   - random: for the backoff of retries.
    ///   - effort: what a decision may cost here; see `think`.
    package mutating func next(
        now: Instant, isHeld: () -> Bool, using random: inout some RandomNumberGenerator, effort: inout Effort
    ) -> SessionTask {
        switch phase {
        case .over(let end): return .end(end)
        case .committing: preconditionFailure("a commit is under way")
        case .settled: break
        case .deciding:
            if isInboxPending { return .readInbox }
            if isInboxOverpromised { return .recountInbox }
            if isOthersTurn { return leaveToOthers() }
            if let commit = decideAll(now: now, using: &random, effort: &effort) {
                phase = .committing(commit)
                return .commit(commit)
            }
            if effort.isSpent { return .think }
            phase = .settled
        }
        // No call is made under a lease that may be somebody else's by now.
        guard isHeld() || isPlanted(.lostLeaseIgnored) else { return finish(.leaseLost) }
        return .execute(takeCommands(at: now))
    }

    /// What came in while everything was settled.
    package mutating func received(_ messages: [SessionMessage]) {
        for message in messages {
            switch message {
            case .answered(let step, let action, let attempt, let result):
                inFlight.remove(step)
                toDecide.append(.finished(step: step, action: action, attempt: attempt, result))
            case .looked(let look, let result):
                looking.remove(look)
                let call = look.call
                toDecide.append(
                    .looked(step: call.step, action: call.action, attempt: call.attempt, result))
            case .due:
                wakesAt = nil
                toDecide.append(.woke)
            case .inboxFilled:
                isInboxPending = true
            }
        }
        if case .settled = phase { phase = .deciding }
    }

    /// The rows of the inbox, oldest first.
    package mutating func inboxRead(_ rows: [InboxRow]) {
        isInboxPending = false
        inbox = rows.filter { $0.request != nil }
        foreignInbox = rows.count - inbox.count
        // Rows come and go in one transaction with their count. With a count that is wrong the run could neither end nor
        // rest.
        isInboxOverpromised = rows.count < promisedInbox
        promisedInbox = rows.count
    }

    /// The count of the inbox's rows was put right; so many too many were counted.
    package mutating func inboxRecounted(excess: Int) {
        isInboxOverpromised = false
        // None, when a commit of ours that nobody heard of came through after the count had been told.
        if excess == 0 { return }
        notes.append(
            .broken("an inbox count promised \(excess) more rows than there are; it is put right"))
    }

    /// The store could not be read in time.
    package mutating func storeFailed(_ reason: String) { phase = .over(.giveBack(reason)) }

    /// What became of the commit that was handed out last.
    package mutating func stored(_ verdict: CommitVerdict) {
        guard case .committing(let commit) = phase else { preconditionFailure("no commit is under way") }
        switch verdict {
        case .written(let unread, let at): written(commit, unread: unread, at: at)
        case .inboxFirst:
            promisedInbox = commit.consumedInbox.count + 1
            isInboxPending = true
            phase = .deciding
        case .childrenRefused(let refusals):
            refusedChildren.merge(refusals) { $1 }
            isInboxPending = isInboxPending || !commit.consumedInbox.isEmpty
            phase = .deciding
        case .leaseLost:
            if isPlanted(.lostLeaseIgnored) { return written(commit, unread: 0, at: commit.decidedAt) }
            phase = .over(.leaseLost)
        case .refused(let reason): phase = .over(.setAside(reason))
        case .unavailable(let reason): phase = .over(.giveBack(reason))
        }
    }

    /// What a person may want to know, since the last time.
    package mutating func takeNotes() -> [SessionNote] {
        if notes.isEmpty { return [] }
        defer { notes = [] }
        return notes
    }
}

extension RunSession {
    private mutating func written(_ commit: SessionCommit, unread: Int, at: Instant) {
        // A backoff counts from the commit, not from the decision.
        run = commit.stored(at: at)
        (toDecide, takesOver, isUntouched) = ([], false, false)
        if !refusedChildren.isEmpty { refusedChildren = [:] }
        phase = .settled
        switch commit.afterwards {
        case .end, .giveBack: return phase = .over(.settled)
        case .keep: break
        }
        promisedInbox = unread
        isInboxPending = unread > foreignInbox
        if isInboxPending {
            phase = .deciding
        } else if foreignInbox > 0, run.status.isTerminal || !run.isBusy(at: at) {
            _ = leaveToOthers()
        }
    }

    private mutating func finish(_ end: SessionEnd) -> SessionTask {
        phase = .over(end)
        return .end(end)
    }

    /// All that is asked is a newer version's, and nothing was begun: this version leaves the run as it is. What is being
    /// undone is undone all the same, but for the run's end.
    private var isOthersTurn: Bool { foreignInbox > 0 && inbox.isEmpty && isUntouched && run.cause == nil }

    private mutating func leaveToOthers() -> SessionTask {
        finish(.leaveToOthers("its inbox has \(foreignInbox) requests that are not known"))
    }

    /// Commands that were not handed out yet.
    private mutating func takeCommands(at now: Instant) -> [Command] {
        var commands: [Command] = []
        for command in run.nextCommands(at: now) {
            switch command {
            case .call(let call): if inFlight.insert(call.step).inserted { commands.append(command) }
            case .look(let look): if looking.insert(look).inserted { commands.append(command) }
            case .wake(let at):
                guard at != wakesAt else { continue }
                wakesAt = at
                commands.append(command)
            }
        }
        return commands
    }

    /// A decision about several things, as far as it has come.
    private struct Draft {
        /// The run as the events leave it.
        var after: Run
        var events: [RunEvent] = []
        var notes: [SessionNote]
        /// What is left of the session's.
        var portion: Portion
    }

    /// Decides one thing after others; false when it does not fit the run as they leave it, which is noted.
    private func decide(
        _ happening: Happening, followsUp: Bool, _ draft: inout Draft, now: Instant,
        using random: inout some RandomNumberGenerator, effort: inout Effort
    ) -> Bool {
        do throws(IllegalHappening) {
            let decision = try decision(
                draft.after, happening, now: now, jitter: Double.random(in: 0..<1, using: &random), effort: &effort,
                followsUp: followsUp, refusedChildren: refusedChildren, portion: draft.portion)
            if effort.isSpent { return false }
            draft.after = decision.run
            draft.events += decision.events
            draft.portion = decision.portion
            return true
        } catch {
            if let note = Self.note(error, of: happening) { draft.notes.append(note) }
            return false
        }
    }

    /// The decision about all that has happened and is asked for; nil when nothing follows from it, or when the effort did
    /// not suffice to make it.
    private mutating func decideAll(
        now: Instant, using random: inout some RandomNumberGenerator, effort: inout Effort
    ) -> SessionCommit? {
        var draft = Draft(after: run, notes: notes, portion: portion)
        var asked = happenings(inbox, &draft.notes)
        if isPlanted(.inboxConsumedWithoutEffect), !toDecide.isEmpty { asked = [] }
        let inTurn = inOrder(asked, toDecide)
        if run.status == .failed {
            let decision = decisionOfFailed(
                run, inTurn, now: now, jitter: Double.random(in: 0..<1, using: &random), effort: &effort,
                refusedChildren: refusedChildren, portion: portion
            ) { happening, error in
                if let note = Self.note(error, of: happening) { draft.notes.append(note) }
            }
            if effort.isSpent { return nil }
            (draft.after, draft.events) = (decision.run, decision.events)
        }
        var isFollowedUp = true
        for (place, happening) in inTurn.enumerated() where run.status != .failed {
            let followsUp = !isNotedOnly(happening) && !isOneOfMany(place, in: inTurn)
            let isDecided = decide(
                happening, followsUp: followsUp, &draft, now: now, using: &random, effort: &effort)
            if effort.isSpent { return nil }
            if isDecided { isFollowedUp = followsUp }
        }
        // What was noted only is followed up at last, if nothing else was decided behind it.
        if !isFollowedUp {
            _ = decide(.woke, followsUp: true, &draft, now: now, using: &random, effort: &effort)
            if effort.isSpent { return nil }
        }
        var events = draft.events
        notes = draft.notes
        let consumed = inbox.map(\.inboxID)
        inbox = []
        // The end comes when a newer version has read what is its own; it follows from where the run then stands.
        if foreignInbox > 0, events.last?.kind.isTerminal ?? false {
            events.removeLast()
            if case .endCallsStarted = events.last { events.removeLast() }
            return SessionCommit(
                lease: lease, run: run, events: events, consumedInbox: consumed, now: now, keepsLease: true)
        }
        if events.isEmpty, consumed.isEmpty, run.isBusy(at: now), !run.status.isTerminal {
            (toDecide, takesOver) = ([], false)
            return nil
        }
        return SessionCommit(
            lease: lease, before: run, after: draft.after, events: events, consumedInbox: consumed, now: now,
            keepsLease: foreignInbox > 0)
    }
}
