// The engine's pulse. The claimer asks for due runs whenever there is room, and gives each to a worker (Runs/). Beside it:
// the group committer that stores decisions, the lease keeper, the listener that turns notifications into wake-ups, the
// registry of participants (Calls/) and the ops server (Services/). All of them are services of one group (App/).

import Core
import Logging
import Loops
import Participants
import ServiceLifecycle
import Storage
import Telemetry

/// When an engine claims next.
///
/// All engines are woken when something is due, and one gets it. Who was woken for nothing the last time lets the others go
/// first; who found something goes at once. So with little to do it is always the same engine, and with much to do all find
/// something.
///
/// A claim that did not find all it had room for is followed by a rest in proportion to what it took. Where the database
/// is at leisure that is a few milliseconds; where it is not, claims come less often and find more, whatever the number of
/// engines.
struct Turn {
    /// How much longer a run waits at the most because others go first.
    static let longestPause: Duration = .milliseconds(40)
    /// How much longer a run waits at the most because its engine rests.
    static let longestRest: Duration = .milliseconds(100)
    /// A rest is so many times as long as what it follows.
    static let rest = 3

    /// After being woken, before the next claim.
    private(set) var pause = Duration.zero
    /// Until then the engine rests.
    private(set) var restsUntil = ContinuousClock.now
    /// What comes is claimed because somebody said so, not because it was time to look.
    var wasRung = false

    /// A claim did not find all it had room for.
    ///
    /// - Parameters:
    ///   - foundNothing: the claim.
    ///   - somethingIsDue: all the same: somebody else holds its row.
    ///   - took: claiming, and looking for what comes next.
    mutating func claimed(foundNothing: Bool, somethingIsDue: Bool, took: Duration) {
        let isInVain = foundNothing && (wasRung || somethingIsDue)
        pause = isInVain ? min(max(pause * 2, .milliseconds(5)), Self.longestPause) : .zero
        restsUntil = .now + min(took * Self.rest, Self.longestRest)
        wasRung = false
    }

    /// How long to wait before the next claim.
    func wait(at now: ContinuousClock.Instant) -> Duration { max(pause, restsUntil - now) }
}

/// Claims due runs and has workers carry them.
///
/// Takes as many as there is room for. When a claim finds fewer, nothing more is due: it sleeps until the next run is,
/// a notification comes, or the poll interval is over.
struct Claimer: Service {
    let context: EngineContext
    /// How long a lease lasts.
    let lease: Duration
    /// The longest sleep.
    let poll: Duration
    /// How long runs may go on after the engine was asked to stop.
    let grace: Duration

    /// One statement claims no more than this: a batch should take milliseconds.
    private static let maxBatch = 200

    func run() async throws {
        await withDiscardingTaskGroup { workers in
            await withTaskCancellationOrGracefulShutdownHandler {
                await claimUntilStopped(&workers)
            } onCancelOrGracefulShutdown: {
                context.table.stop()
                context.wakeUp.ring()
            }
            await drain()
        }
    }

    private func claimUntilStopped(_ workers: inout DiscardingTaskGroup) async {
        var backoff = Backoff()
        var turn = Turn()
        var window = ClaimWindow()
        while !context.table.isStopping {
            let limit = min(await room(), Self.maxBatch)
            let wait = turn.wait(at: .now)
            if wait > .zero { _ = await pause(for: wait) }
            if context.table.isStopping { break }
            let asked = ContinuousClock.now
            do {
                let since = window.open(at: asked)
                let claimed = try await context.leases.claim(limit: limit, since: since)
                window.claimed(upTo: claimed.last?.availableAt, isFull: claimed.count == limit, took: .now - asked)
                backoff = Backoff()
                count(claimed)
                for run in claimed { carry(run, asked: asked, &workers) }
                if claimed.count < limit { await sleepUntilDue(&window, &turn, asked, foundNothing: claimed.isEmpty) }
            } catch {
                context.logger.warning("runs can't be claimed now", metadata: ["error": "\(error)"])
                await context.wakeUp.wait(atMost: backoff.wait())
            }
        }
    }

    private func count(_ claimed: [ClaimedRun]) {
        context.metrics.claims.add()
        if claimed.isEmpty { context.metrics.emptyClaims.add() }
        context.metrics.claimed.add(claimed.count)
        context.metrics.takeovers.add(claimed.count { $0.isTakeover })
    }

    /// How many runs can be taken. A saturated engine gathers room for a moment: many small claims cost more than few
    /// large ones.
    private func room() async -> Int {
        let room = await context.table.waitForRoom(1)
        guard room < context.table.capacity / 8, !context.table.isStopping else { return room }
        _ = await pause(for: .milliseconds(10))
        return max(room, context.table.capacity - context.table.count)
    }

    private func carry(_ claimed: ClaimedRun, asked: ContinuousClock.Instant, _ workers: inout DiscardingTaskGroup) {
        let context = context
        let claimedAt = ContinuousClock.now
        let mailbox = Mailbox()
        // The lease began when the database ran the claim, which is no earlier than we asked.
        context.table.add(claimed.lease, mailbox, heldUntil: asked + lease)
        workers.addTask(executorPreference: context.executors.next()) {
            if let worker = await RunWorker(claimed, mailbox: mailbox, claimedAt: claimedAt, context: context) {
                await worker.work()
            }
            context.table.remove(claimed.lease)
        }
    }

    private func sleepUntilDue(
        _ window: inout ClaimWindow, _ turn: inout Turn, _ asked: ContinuousClock.Instant, foundNothing: Bool
    ) async {
        do {
            let next = try await context.leases.nextDue(since: window.since)
            window.looked(next)
            let due = min(next.wait ?? poll, poll)
            if foundNothing, due <= .zero { context.metrics.collidedClaims.add() }
            turn.claimed(foundNothing: foundNothing, somethingIsDue: due <= .zero, took: .now - asked)
            if due > .zero { turn.wasRung = await context.wakeUp.wait(atMost: due) }
        } catch {
            context.logger.warning("the next due run can't be looked up", metadata: ["error": "\(error)"])
            await context.wakeUp.wait(atMost: poll)
        }
    }

    /// Lets runs go on for a while; what is still held then is given back, and calls in flight are learned by the next
    /// holder. Only a courtesy: a killed engine's leases run out by themselves.
    private func drain() async {
        let giveUpAt = ContinuousClock.now + grace
        while context.table.count > 0, ContinuousClock.now < giveUpAt, !Task.isCancelled {
            await context.wakeUp.wait(atMost: .milliseconds(50))
        }
        let left = context.table.abandonAll()
        if !left.isEmpty {
            context.logger.notice("runs are given back unfinished", metadata: ["count": .stringConvertible(left.count)])
            do { try await context.leases.release(left) } catch {
                context.logger.warning("leases are left to run out", metadata: ["error": "\(error)"])
            }
        }
        // Workers whose lease is lost may still wait for a call that takes its time.
        await context.caller.client.shutdown()
    }
}
