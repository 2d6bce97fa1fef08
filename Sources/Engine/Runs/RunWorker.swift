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

    /// Works until the run is over, waits, or is lost.
    func work() async {
        defer { timer?.cancel() }
        if needsDecision {
            guard await settle(hasLostCalls ? [] : [.woke], takesOver: hasLostCalls) else { return }
        }
        while true {
            guard await startCalls() else { return }
            let messages = await mailbox.next()
            let happenings = messages.compactMap { take($0) }
            guard await settle(happenings) else { return }
        }
    }

    /// The claim alone does not say what to call.
    private var needsDecision: Bool {
        !claimed.beganDueSteps || isInboxPending || !run.hasCallInFlight
    }

    /// Calls are noted as in flight that this claim did not begin. (Those of a FAILED run are lost by its retry.)
    private var hasLostCalls: Bool {
        !claimed.beganDueSteps && run.hasCallInFlight && !run.status.isTerminal
    }

    /// The database's time, as far as this process can tell.
    private var now: Instant { claimed.now + (ContinuousClock.now - claimedAt) }

    private func take(_ message: Message) -> Happening? {
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

    /// Makes the calls whose intent is stored and which are not under way. False when the lease has run out.
    private func startCalls() async -> Bool {
        guard context.table.isHeld(claimed.lease, at: .now) else {
            context.metrics.leasesLost.add()
            context.logger.notice("a lease ran out before its next call", metadata: observer.about(run))
            return false
        }
        for (index, step) in run.steps.enumerated() {
            guard let call = step.callInFlight, inFlight.insert(index).inserted else { continue }
            await context.caller.lookFor(call.action, of: run.definition.steps[index])
            let (mailbox, table, lease) = (mailbox, context.table, claimed.lease)
            context.caller.call(
                run, step: index, action: call.action, attempt: call.attempt, trace: observer.trace, at: now,
                isWanted: { table.isHeld(lease, at: .now) },
                completion: {
                    mailbox.post(.answered(step: index, action: call.action, attempt: call.attempt, $0))
                })
        }
        watchWaitingSteps()
        return true
    }

    /// A step that waits for its backoff beside calls in flight needs a timer of its own: nobody else will look.
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
    /// Decides and commits until nothing is left to decide. False when the run is out of this worker's hands.
    private func settle(_ happenings: [Happening], takesOver: Bool = false) async -> Bool {
        while true {
            do {
                let inbox = isInboxPending ? try await context.leases.inbox(of: run.id) : []
                let decidedAt = ContinuousClock.now
                let (commit, events) = decideAll(
                    inOrder(requests(inbox), happenings, takesOver: takesOver), consumed: inbox.map(\.inboxID))
                isInboxPending = false
                if commit.events.isEmpty, inbox.isEmpty, run.hasCallInFlight { return true }
                switch try await context.committer.submit(commit) {
                case .written(let unread):
                    observer.committed(events, before: run, commit.run, at: now)
                    run = commit.run
                    postponeWaits(of: commit, by: .now - decidedAt)
                    if let releaseIn = commit.releaseIn { context.wakeUp.ring(at: .now + releaseIn) }
                    if commit.ends || commit.releaseIn != nil { return false }
                    isInboxPending = unread > 0
                    return isInboxPending ? await settle([]) : true
                case .inboxFirst:
                    isInboxPending = true
                case .leaseLost:
                    context.metrics.leasesLost.add()
                    context.logger.notice("lease lost", metadata: observer.about(run))
                    return false
                }
            } catch {
                await giveUp(error)
                return false
            }
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
    private func inOrder(_ asked: [Happening], _ happenings: [Happening], takesOver: Bool) -> [Happening] {
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

    private func decideAll(
        _ happenings: [Happening], consumed: [Int64]
    ) -> (commit: RunCommit, events: [RunEvent]) {
        let now = now
        var after = run
        var events: [RunEvent] = []
        for (position, happening) in happenings.enumerated() {
            do {
                let decided = try decide(after, happening, now: now, jitter: Double.random(in: 0..<1))
                // Mostly there is but one happening, and the commit evolves the run anyway.
                if position + 1 < happenings.count { for event in decided { after.evolve(event, at: now) } }
                events += decided
            } catch {
                context.logger.info("a request came too late", metadata: observer.about(run, ["error": "\(error)"]))
            }
        }
        var copy = run
        let commit = RunCommit(
            lease: claimed.lease, run: &copy, events: events, consumedInbox: consumed, now: now)
        return (commit, events)
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
