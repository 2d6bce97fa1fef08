import Core
import Driver
import Logging
import NIOCore
import Postgres
import Storage
import Synchronization
import Telemetry

/// What the driver of one run's session finds in an engine: Postgres, participants, the clock, and whoever is told.
final class RunHost: SessionHost {
    private let context: EngineContext
    private let claimed: ClaimedRun
    /// When the claim's answer arrived: with `claimed.now` it ties this process's clock to the database's.
    private let claimedAt: ContinuousClock.Instant
    private let observer: RunObserver
    /// Others wait for it.
    private let isAhead: Bool
    private let timer = Mutex<Scheduled<Void>?>(nil)

    /// The driver of a claimed run; nil when the run can't be read or has failed too often: it has been set aside then.
    static func driver(
        of claimed: ClaimedRun, mailbox: Mailbox, claimedAt: ContinuousClock.Instant, isAhead: Bool,
        context: EngineContext
    ) async -> RunDriver<RunHost>? {
        guard let run = await context.quarantine.openOrSetAside(claimed) else { return nil }
        let session = RunSession(
            run, lease: claimed.lease, inboxCount: claimed.inboxCount, beganDueSteps: claimed.beganDueSteps)
        let host = RunHost(run, claimed, claimedAt: claimedAt, isAhead: isAhead, context: context)
        return RunDriver(session, mailbox: mailbox, host: host)
    }

    private init(
        _ run: Run, _ claimed: ClaimedRun, claimedAt: ContinuousClock.Instant, isAhead: Bool, context: EngineContext
    ) {
        self.context = context
        self.claimed = claimed.withoutPayloads
        self.claimedAt = claimedAt
        self.isAhead = isAhead
        observer = RunObserver(run, claimed, context: context, trace: RunTrace(claimed, tracer: context.tracer))
    }
}

/// Postgres.
extension RunHost {
    var isHeld: Bool { context.table.isHeld(claimed.lease, at: .now) }

    func commit(_ commit: SessionCommit) async -> CommitVerdict {
        await context.pacer.waitForTurn(of: commit)
        if context.precedence.isBarred, !isAhead { await context.precedence.waitForTurn() }
        let begunAt = ContinuousClock.now
        var children: [NewChild] = []
        if commit.concernsOthers {
            switch await context.children(of: commit, observer.trace, now: now) {
            case .ready(let ready): children = ready
            case .refused(let refusals): return .childrenRefused(refusals)
            case .unavailable(let reason): return .unavailable(reason)
            }
        }
        let rows = RunCommit(commit, children: children)
        do throws(StoreError) {
            switch try await context.committer.submit(rows) {
            case .written(let unread, let at):
                let storedAt = ContinuousClock.now
                context.pacer.stored(commit, took: storedAt - begunAt, at: storedAt)
                if !isAhead { context.congestion.stored(took: storedAt - begunAt) }
                if let weight = rows.weight { context.table.weigh(claimed.lease, weight) }
                if commit.concernsOthers { context.wakeOthers(rows) }
                if let releaseIn = rows.releaseIn { context.wakeUp.ring(at: .now + releaseIn) }
                return .written(unread: unread, at: at)
            case .inboxFirst: return .inboxFirst
            case .leaseLost: return .leaseLost
            }
        } catch {
            // What Postgres refuses for good would be refused for ever.
            guard case .refused(let cause) = error, cause.state != .uniqueViolation else {
                return .unavailable("\(error)")
            }
            return .refused("The database refused what the run led to: \(cause)")
        }
    }

    func readInbox() async throws(StoreUnavailable) -> [InboxRow] {
        do throws(StoreError) { return try await context.leases.inbox(of: claimed.lease.runID) } catch {
            throw StoreUnavailable("\(error)")
        }
    }

    func recountInbox() async throws(StoreUnavailable) -> Int {
        do throws(StoreError) { return try await context.leases.recountInbox(claimed.lease) } catch {
            throw StoreUnavailable("\(error)")
        }
    }

    func end(_ end: SessionEnd, _ run: Run) async {
        switch end {
        case .settled: break
        case .leaseLost:
            context.metrics.leasesLost.add()
            context.logger.notice("a lease is lost, and its run dropped", metadata: observer.about(run))
        case .giveBack(let reason):
            context.logger.warning(
                "a decision could not be stored; the run is left to the next claim",
                metadata: observer.about(run, ["error": "\(reason)"]))
            await context.quarantine.giveBack(claimed.lease)
        case .setAside(let reason): await context.quarantine.setAside(claimed, reason: reason)
        case .leaveToOthers(let reason): await context.quarantine.leaveToOthers(claimed, reason)
        }
    }
}

/// Participants.
extension RunHost {
    func prepare(_ participant: String, of run: Run) async { await context.caller.lookFor(participant, of: run) }

    func call(
        _ call: Command.Call, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        context.caller.call(
            call, of: run, trace: observer.trace, at: now, isWanted: isWanted, completion: completion)
    }

    func look(
        _ look: Command.Look, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        context.caller.look(look, of: run, trace: observer.trace, isWanted: isWanted, completion: completion)
    }
}

/// The system's clock and dice.
extension RunHost {
    var now: Instant { claimed.now + (ContinuousClock.now - claimedAt) }

    func makeRandom() -> SystemRandomNumberGenerator { SystemRandomNumberGenerator() }

    func wake(at time: Instant, _ action: @escaping @Sendable () -> Void) {
        let delay = max(.zero, time - now) + .milliseconds(1)
        let next = context.eventLoops.next().scheduleTask(in: TimeAmount(delay), action)
        timer.withLock { timer in
            timer?.cancel()
            timer = next
        }
    }

    func portion(of run: Run) -> Portion { context.pacer.portion(of: run, at: .now) }

    func cancelWake() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
    }

    func think(_ work: () -> SessionTask) async -> SessionTask {
        await withTaskExecutorPreference(globalConcurrentExecutor) { work() }
    }
}

/// Metrics, traces and logs.
extension RunHost {
    func committed(_ commit: SessionCommit, at now: Instant) { observer.committed(commit, at: now) }

    func note(_ note: SessionNote, of run: Run) {
        switch note {
        case .tooLate(let reason):
            context.logger.info("a request came too late", metadata: observer.about(run, ["error": "\(reason)"]))
        case .broken(let what):
            context.metrics.brokenInvariants.add()
            context.logger.error(
                "an invariant is broken", metadata: observer.about(run, ["error": "\(what)"]))
        }
    }
}
