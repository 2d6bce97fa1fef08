import Core
import Logging
import NIOCore
import Postgres
import Storage
import Telemetry

/// Carries one claimed run as far as it goes without waiting: the only writer of that run while the lease lasts.
///
///     claim → (decide → commit → call)* → terminal, or the lease is given back because nothing is left to do but wait
///
/// Every call is made after the commit that stored its intent; every answer is decided and committed before anything
/// follows from it. When a commit says that the lease is lost, the worker drops the run without another word. A class only to
/// not be copied: its task alone knows it.
final class RunWorker {
    let context: EngineContext
    let claimed: ClaimedRun
    /// When the claim's answer arrived: with `claimed.now` it ties this process's clock to the database's.
    private let claimedAt: ContinuousClock.Instant
    private let mailbox: Mailbox

    private(set) var run: Run
    private var inFlight: Set<Int> = []
    var isInboxPending: Bool
    /// So many rows the inbox has at least, or the count of them is wrong.
    var promisedInbox: Int
    /// Rows this version does not know: they stay for one that does.
    var foreignInbox = 0
    /// Nothing has been done with the run since its claim.
    private(set) var isUntouched: Bool
    private var timer: Scheduled<Void>?
    /// What has happened and is not stored yet, and what the inbox asks for.
    private var toDecide: [Happening] = []
    /// What a former holder left in flight is to be decided, too.
    private(set) var takesOver = false
    /// What this version knows of it.
    var inbox: [InboxRow] = []
    /// What was decided, and when, until it is stored.
    private var events: [RunEvent] = []
    private var decidedAt = ContinuousClock.now
    let observer: RunObserver

    /// Nil when the claimed run can't be read or has failed too often: it has been set aside then.
    init?(
        _ claimed: ClaimedRun, mailbox: Mailbox, claimedAt: ContinuousClock.Instant, context: EngineContext
    ) async {
        self.context = context
        self.claimed = claimed.withoutPayloads
        self.claimedAt = claimedAt
        self.mailbox = mailbox
        isInboxPending = claimed.inboxCount > 0
        promisedInbox = claimed.inboxCount
        isUntouched = !claimed.beganDueSteps
        guard let run = await context.quarantine.open(claimed) else { return nil }
        self.run = run
        observer = RunObserver(
            run, claimed, context: context, trace: RunTrace(claimed, tracer: context.tracer))
    }

    // What a task keeps on its stack across a wait it keeps for each of thousands of runs. So what works with whole runs and
    // decisions is not async and not inlined, and the async functions hold next to nothing.

    /// Works until the run is over, waits, or is lost.
    func work() async {
        defer { timer?.cancel() }
        if needsDecision() {
            guard await settle() else { return }
        }
        while true {
            guard await startCalls() else { return }
            take(await mailbox.next())
            guard await settle() else { return }
        }
    }

    /// Whether the claim alone does not say what to call.
    @inline(never)
    private func needsDecision() -> Bool {
        takesOver = hasLostCalls
        toDecide = takesOver ? [] : [.woke]
        return !claimed.beganDueSteps || isInboxPending || !run.hasCallInFlight
    }

    /// Calls are noted as in flight that this claim did not begin. (Those of a FAILED run are lost by its retry.)
    private var hasLostCalls: Bool {
        !claimed.beganDueSteps && run.hasCallInFlight && !run.status.isTerminal
    }

    /// The database's time, as far as this process can tell.
    private var now: Instant { claimed.now + (ContinuousClock.now - claimedAt) }

    @inline(never)
    private func take(_ messages: [Message]) {
        toDecide = messages.compactMap { message in
            switch message {
            case .answered(let step, let action, let attempt, let result):
                inFlight.remove(step)
                return .finished(step: step, action: action, attempt: attempt, result.fitting(run))
            case .due:
                return .woke
            case .inboxFilled:
                isInboxPending = true
                return nil
            }
        }
    }

    /// Makes the calls whose intent is stored and which are not under way. False when the lease has run out.
    private func startCalls() async -> Bool {
        guard isHeld() else { return false }
        for index in 0..<run.steps.count {
            guard let participant = participantToCall(index) else { continue }
            await context.caller.lookFor(participant)
            startCall(index)
        }
        watchTheClock()
        return true
    }

    @inline(never)
    private func isHeld() -> Bool {
        if context.table.isHeld(claimed.lease, at: .now) { return true }
        context.metrics.leasesLost.add()
        context.logger.notice("a lease ran out before its next call", metadata: observer.about(run))
        return false
    }

    /// Whom to call for a step; nil when there is nothing to call, or the call is under way.
    @inline(never)
    private func participantToCall(_ index: Int) -> String? {
        guard let call = run.steps[index].callInFlight, !inFlight.contains(index) else { return nil }
        let step = run.definition.steps[index]
        return (call.action == .execute ? step.action : step.compensation)?.participant
    }

    @inline(never)
    private func startCall(_ index: Int) {
        guard let call = run.steps[index].callInFlight, inFlight.insert(index).inserted else { return }
        let (mailbox, table, lease) = (mailbox, context.table, claimed.lease)
        let isForward = call.action == .execute
        // A decision may have waited long for its commit, and a call waits for its turn.
        let endOfForward = isForward ? run.deadlineAt.map { claimedAt + ($0 - claimed.now) } : nil
        context.caller.call(
            run, step: index, action: call.action, attempt: call.attempt, trace: observer.trace, at: now,
            isWanted: {
                let now = ContinuousClock.now
                if isForward, mailbox.hasTurnedBack { return false }
                if let endOfForward, now >= endOfForward { return false }
                return table.isHeld(lease, at: now)
            },
            completion: {
                mailbox.post(.answered(step: index, action: call.action, attempt: call.attempt, $0))
            })
    }

    /// A step that waits for its backoff beside calls in flight needs a timer of its own: nobody else will look. So does a
    /// deadline that may pass before they end.
    @inline(never)
    private func watchTheClock() {
        timer?.cancel()
        timer = nil
        let mayOutlast = run.deadlineAt.map { callsMayOutlast($0) } ?? false
        guard let due = mayOutlast ? run.wakeAt : run.steps.lazy.compactMap(\.nextAttemptAt).min() else { return }
        let mailbox = mailbox
        let delay = max(.zero, due - now) + .milliseconds(1)
        timer = context.eventLoops.next().scheduleTask(in: TimeAmount(delay)) { mailbox.post(.due) }
    }

    /// A call in flight can take so long that the deadline comes first. Nearly all can't: they need no timer.
    private func callsMayOutlast(_ deadline: Instant) -> Bool {
        let left = deadline - now
        return run.steps.enumerated().contains { index, step in
            guard let action = step.callInFlight?.action else { return false }
            let definition = run.definition.steps[index]
            guard let call = action == .execute ? definition.action : definition.compensation else { return false }
            return left < call.timeout + .seconds(1) || context.caller.mayQueue(call.participant)
        }
    }
}

extension RunWorker {
    /// What became of a commit.
    private enum Settled {
        /// Nothing is left to decide.
        case yes
        /// There is more to decide.
        case notYet
        /// What is left to do is a newer version's.
        case othersTurn
        /// The run is out of this worker's hands.
        case gone
    }

    /// Decides and commits until nothing is left to decide. False when the run is out of this worker's hands.
    private func settle() async -> Bool {
        while true {
            do {
                if isInboxPending {
                    try await readInbox()
                    if isOthersTurn { return await leaveToOthers() }
                }
                var effort = Effort.brief
                var decided = decideAll(&effort)
                if effort.isSpent { decided = await decideAtLength() }
                guard let commit = decided else { return true }
                switch settled(commit, try await context.committer.submit(commit)) {
                case .yes: return true
                case .notYet: continue
                case .othersTurn: return await leaveToOthers()
                case .gone: return false
                }
            } catch {
                await giveUp(error)
                return false
            }
        }
    }

    @inline(never)
    private func settled(_ commit: RunCommit, _ outcome: CommitOutcome) -> Settled {
        switch outcome {
        case .written(let unread):
            observer.committed(events, before: run, commit.run, at: now)
            run = commit.run
            (toDecide, events, takesOver, isUntouched) = ([], [], false, false)
            mailbox.hasTurnedBack = run.cause != nil
            if let weight = commit.weight { context.table.weigh(claimed.lease, weight) }
            postponeWaits(of: commit, by: .now - decidedAt)
            if let releaseIn = commit.releaseIn { context.wakeUp.ring(at: .now + releaseIn) }
            if commit.ends || commit.releaseIn != nil { return .gone }
            promisedInbox = unread
            isInboxPending = unread > foreignInbox
            if isInboxPending { return .notYet }
            return foreignInbox > 0 && (run.status.isTerminal || !run.hasCallInFlight) ? .othersTurn : .yes
        case .inboxFirst:
            promisedInbox = commit.consumedInbox.count + 1
            isInboxPending = true
            return .notYet
        case .leaseLost:
            context.metrics.leasesLost.add()
            context.logger.notice("lease lost", metadata: observer.about(run))
            return .gone
        }
    }

    /// A stored backoff counts from its commit, not from its decision: without this the next attempt would begin too
    /// early by as long as the commit took.
    private func postponeWaits(of commit: RunCommit, by delay: Duration) {
        for changed in commit.steps where changed.nextIn != nil { run.steps[changed.index].nextAttemptAt? += delay }
    }

    /// The same where no loop waits for it: conditions may take their time.
    private func decideAtLength() async -> RunCommit? {
        await withTaskExecutorPreference(globalConcurrentExecutor) {
            var effort = Effort.full
            return decideAll(&effort)
        }
    }

    /// The decision about all that has happened and is asked for; nil when nothing follows from it, or when the effort did
    /// not suffice to make it.
    @inline(never)
    private func decideAll(_ effort: inout Effort) -> RunCommit? {
        decidedAt = .now
        let (now, consumed) = (now, inbox.map(\.inboxID))
        let happenings = inOrder(requests(inbox), toDecide)
        var after = run
        events = []
        for (position, happening) in happenings.enumerated() {
            do {
                let decided = try decide(
                    after, happening, now: now, jitter: Double.random(in: 0..<1), effort: &effort)
                if effort.isSpent { return nil }
                // Mostly there is but one happening, and the commit evolves the run anyway.
                if position + 1 < happenings.count { for event in decided { after.evolve(event, at: now) } }
                events += decided
            } catch {
                tell(error, of: happening)
            }
        }
        inbox = []
        isInboxPending = false
        // The end comes when a newer version has read what is its own; it follows from where the run then stands.
        if foreignInbox > 0, events.last?.kind.isTerminal ?? false { events.removeLast() }
        if events.isEmpty, consumed.isEmpty, run.hasCallInFlight, !run.status.isTerminal {
            (toDecide, takesOver) = ([], false)
            return nil
        }
        var copy = run
        return RunCommit(
            lease: claimed.lease, run: &copy, events: events, consumedInbox: consumed, now: now,
            keepsLease: foreignInbox > 0)
    }

    /// The decision could not be stored. What Postgres refuses for good would be refused for ever: such a run is set
    /// aside. Everything else is left to the next holder.
    private func giveUp(_ error: any Error) async {
        guard case .refused(let cause)? = error as? StoreError, cause.state != .uniqueViolation else {
            context.logger.warning(
                "a decision could not be stored; the run is left to the next claim",
                metadata: observer.about(run, ["error": "\(error)"]))
            await context.quarantine.giveBack(claimed.lease)
            return
        }
        await context.quarantine.setAside(
            claimed, reason: "The database refused what the run led to: \(cause)")
    }
}
