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
    private let context: EngineContext
    private let claimed: ClaimedRun
    /// When the claim's answer arrived: with `claimed.now` it ties this process's clock to the database's.
    private let claimedAt: ContinuousClock.Instant
    private let mailbox: Mailbox

    private var run: Run
    private var inFlight: Set<Int> = []
    private var isInboxPending: Bool
    private var timer: Scheduled<Void>?
    /// What has happened and is not stored yet, and what the inbox asks for.
    private var toDecide: [Happening] = []
    /// What a former holder left in flight is to be decided, too.
    private var takesOver = false
    private var inbox: [InboxRow] = []
    /// What was decided, and when, until it is stored.
    private var events: [RunEvent] = []
    private var decidedAt = ContinuousClock.now
    private let observer: RunObserver

    /// Nil when the claimed run can't be read or has failed too often: it has been set aside then.
    init?(
        _ claimed: ClaimedRun, mailbox: Mailbox, claimedAt: ContinuousClock.Instant, context: EngineContext
    ) async {
        self.context = context
        self.claimed = claimed
        self.claimedAt = claimedAt
        self.mailbox = mailbox
        isInboxPending = claimed.inboxCount > 0
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
                return .finished(step: step, action: action, attempt: attempt, result)
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
        watchWaitingSteps()
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
        context.caller.call(
            run, step: index, action: call.action, attempt: call.attempt, trace: observer.trace, at: now,
            isWanted: { table.isHeld(lease, at: .now) },
            completion: {
                mailbox.post(.answered(step: index, action: call.action, attempt: call.attempt, $0))
            })
    }

    /// A step that waits for its backoff beside calls in flight needs a timer of its own: nobody else will look.
    @inline(never)
    private func watchWaitingSteps() {
        timer?.cancel()
        timer = nil
        guard let due = run.steps.lazy.compactMap(\.nextAttemptAt).min() else { return }
        let mailbox = mailbox
        let delay = max(.zero, due - now) + .milliseconds(1)
        timer = context.eventLoops.next().scheduleTask(in: TimeAmount(delay)) { mailbox.post(.due) }
    }
}

extension RunWorker {
    /// What became of a commit.
    private enum Settled {
        /// Nothing is left to decide.
        case yes
        /// There is more to decide.
        case notYet
        /// The run is out of this worker's hands.
        case gone
    }

    /// Decides and commits until nothing is left to decide. False when the run is out of this worker's hands.
    private func settle() async -> Bool {
        while true {
            do {
                if isInboxPending { inbox = try await context.leases.inbox(of: run.id) }
                var effort = Effort.brief
                var decided = decideAll(&effort)
                if effort.isSpent { decided = await decideAtLength() }
                guard let commit = decided else { return true }
                switch settled(commit, try await context.committer.submit(commit)) {
                case .yes: return true
                case .notYet: continue
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
            (toDecide, events, takesOver) = ([], [], false)
            postponeWaits(of: commit, by: .now - decidedAt)
            if let releaseIn = commit.releaseIn { context.wakeUp.ring(at: .now + releaseIn) }
            if commit.ends || commit.releaseIn != nil { return .gone }
            isInboxPending = unread > 0
            return isInboxPending ? .notYet : .yes
        case .inboxFirst:
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

    /// What the inbox asks for.
    private func requests(_ inbox: [InboxRow]) -> [Happening] {
        inbox.compactMap { row in
            guard let request = row.request else {
                context.logger.warning("an inbox row is none we know", metadata: observer.about(run))
                return nil
            }
            switch request.kind {
            case .cancel(let reason): return .cancel(by: request.sentBy, reason: reason)
            case .retry(nil, let reason): return .retry(step: nil, by: request.sentBy, reason: reason)
            case .retry(let stepID?, let reason):
                guard let step = run.definition.step(stepID) else { return nil }
                return .retry(step: step.index, by: request.sentBy, reason: reason)
            case .resolve(let stepIDs, let reason):
                let steps = stepIDs.compactMap { run.definition.step($0)?.index }
                guard steps.count == stepIDs.count else { return nil }
                return .resolve(steps: steps, by: request.sentBy, reason: reason)
            }
        }
    }

    /// In which order things are decided that came together.
    ///
    /// A cancel accepted before a result must not be overtaken by it, so requests come before answers. What a former
    /// holder left in flight is lost before anything new begins, or attempts begun by a request would count as lost,
    /// too; but a run cancelled on its way forward need not repeat lost calls first. A FAILED run has to be taken up
    /// again before it can be cancelled; and before it is retried, for what was undone by hand must not be done again.
    private func inOrder(_ asked: [Happening], _ happenings: [Happening]) -> [Happening] {
        let cancels = asked.filter { if case .cancel = $0 { true } else { false } }
        let others = asked.filter { if case .cancel = $0 { false } else { true } }
        if run.status == .failed {
            let resolves = others.filter { if case .resolve = $0 { true } else { false } }
            return resolves + others.filter { if case .resolve = $0 { false } else { true } } + cancels
        }
        guard takesOver else { return cancels + others + happenings }
        return run.status == .compensating
            ? [.tookOver] + cancels + others : cancels + [.tookOver] + others
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
                context.logger.info("a request came too late", metadata: observer.about(run, ["error": "\(error)"]))
            }
        }
        inbox = []
        isInboxPending = false
        if events.isEmpty, consumed.isEmpty, run.hasCallInFlight {
            (toDecide, takesOver) = ([], false)
            return nil
        }
        var copy = run
        return RunCommit(lease: claimed.lease, run: &copy, events: events, consumedInbox: consumed, now: now)
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
