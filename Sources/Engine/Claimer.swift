// The engine's pulse. The claimer asks for due runs whenever there is room, and has a driver carry each (Runs/). Beside it:
// the group committer that stores decisions, the lease keeper, the listener that turns notifications into wake-ups, the
// registry of participants (Calls/) and the ops server (Services/). All of them are services of one group (App/).

import Core
import Driver
import Logging
import Loops
import Participants
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// When an engine claims next.
///
/// All engines are woken when something is due, and one gets it. Who was woken for nothing the last time lets the others, if
/// there are any, go first; who found something goes at once. So with little to do it is always the same engine, and with much to do all find
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
    /// Claims in a row that found nothing although something was due.
    var collisions = 0

    /// A claim did not find all it had room for.
    ///
    /// - Parameters:
    ///   - foundNothing: the claim.
    ///   - somethingIsDue: all the same: somebody else holds its row.
    ///   - isAlone: there is no other engine to go first.
    ///   - took: claiming, and looking for what comes next.
    mutating func claimed(foundNothing: Bool, somethingIsDue: Bool, isAlone: Bool, took: Duration) {
        let isInVain = foundNothing && (wasRung || somethingIsDue)
        pause = isInVain && !isAlone ? min(max(pause * 2, .milliseconds(5)), Self.longestPause) : .zero
        restsUntil = .now + min(took * Self.rest, Self.longestRest)
        collisions = foundNothing && somethingIsDue ? collisions + 1 : 0
        wasRung = false
    }

    /// How long to wait before the next claim.
    func wait(at now: ContinuousClock.Instant) -> Duration { max(pause, restsUntil - now) }
}

/// Claims due runs and has drivers carry them.
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
    /// Bytes that the runs of one claim may take in memory.
    let claimBytes: Int
    /// How many engines share the database with this one.
    let others: Others

    /// One statement claims no more than this: a batch should take milliseconds.
    static let maxBatch = 200

    func run() async throws {
        await withDiscardingTaskGroup { workers in
            await withTaskCancellationOrGracefulShutdownHandler {
                await claimUntilStopped(&workers)
            } onCancelOrGracefulShutdown: {
                context.table.stop()
                context.caller.registry.held.stop()
                context.wakeUp.ring()
            }
            await drain()
        }
    }

    private func claimUntilStopped(_ workers: inout DiscardingTaskGroup) async {
        var backoff = Backoff()
        var turn = Turn()
        var window = ClaimWindow()
        var probing = Probing()
        var fair = FairShares()
        while !context.table.isStopping {
            if probing.isDue(at: .now) { await probe(&probing, &workers) }
            let room = await room()
            guard let limit = limit(room.runs, fair) else {
                await claimAhead(&fair, min(room.bytes, claimBytes), &workers)
                continue
            }
            let wait = turn.wait(at: .now)
            if wait > .zero { _ = await pause(for: wait) }
            if context.table.isStopping { break }
            let asked = ContinuousClock.now
            do {
                let claim = try await claim(limit, min(room.bytes, claimBytes), &window, &fair)
                backoff = Backoff()
                count(claim.runs)
                for run in claim.runs {
                    let isAhead = !claim.ahead.isEmpty && claim.ahead.contains(run.lease.runID)
                    carry(run, asked: asked, &workers, isAhead: isAhead)
                }
                if claim.isMoreDue {
                    try await look(&fair)
                } else {
                    await sleepUntilDue(&window, &turn, asked, foundNothing: claim.runs.isEmpty)
                }
            } catch {
                context.logger.warning("runs can't be claimed now", metadata: ["error": "\(error)"])
                await context.wakeUp.wait(atMost: backoff.wait())
            }
        }
    }

    func count(_ claimed: [ClaimedRun]) {
        context.metrics.claims.add()
        if claimed.isEmpty { context.metrics.emptyClaims.add() }
        context.metrics.claimed.add(claimed.count)
        context.metrics.takeovers.add(claimed.count { $0.isTakeover })
    }

    /// How many runs can be taken. A saturated engine gathers room for a moment: many small claims cost more than few
    /// large ones.
    private func room() async -> RunTable.Room {
        let room = await context.table.waitForRoom(1)
        guard room.runs < context.table.capacity / 8, !context.table.isStopping else { return room }
        _ = await pause(for: .milliseconds(10))
        return context.table.room
    }

    /// - Parameters:
    ///   - isAhead: others wait for it.
    ///   - opened: is opened when the run has been read.
    func carry(
        _ claimed: ClaimedRun, asked: ContinuousClock.Instant, _ workers: inout DiscardingTaskGroup,
        isAhead: Bool = false, opened: Opened? = nil
    ) {
        let context = context
        let claimedAt = ContinuousClock.now
        let mailbox = Mailbox()
        let lease = claimed.lease
        // The lease began when the database ran the claim, which is no earlier than we asked.
        context.table.add(lease, mailbox, heldUntil: asked + self.lease, weight: claimed.weight)
        // A task keeps what it was made with until it ends; the text of large payloads is not to be kept beside their values.
        let handover = claimed.weight > 0 ? Handover(claimed) : nil
        let light = claimed.weight > 0 ? claimed.withoutPayloads : claimed
        let place = isAhead ? context.precedence.enter() : nil
        workers.addTask(executorPreference: context.executors.next()) {
            if context.precedence.isBarred, place == nil { await context.precedence.waitForTurn() }
            if let driver = await RunHost.driver(
                of: handover?.take() ?? light, mailbox: mailbox, claimedAt: claimedAt, isAhead: place != nil,
                context: context)
            {
                opened?.set()
                await driver.work()
            }
            if let place { context.precedence.leave(place) }
            context.table.remove(lease)
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
            turn.claimed(
                foundNothing: foundNothing, somethingIsDue: due <= .zero, isAlone: others.count == 0,
                took: .now - asked)
            if turn.collisions >= Self.tooManyCollisions {
                await putOffOrphans()
                turn.collisions = 0
            }
            if due > .zero { turn.wasRung = await context.wakeUp.wait(atMost: due) }
        } catch {
            context.logger.warning("the next due run can't be looked up", metadata: ["error": "\(error)"])
            await context.wakeUp.wait(atMost: poll)
        }
    }

    /// Claims in a row that find nothing although something is due: by then it is not others that hold the rows.
    private static let tooManyCollisions = 10

    /// Rows without a run would be found by every claim, and keep it from those behind them.
    func putOffOrphans() async {
        do {
            let orphans = try await context.leases.putOffOrphans(for: .seconds(3600))
            guard let first = orphans.first else { return }
            context.logger.error(
                "outbox rows have no run: they are put off by an hour",
                metadata: ["count": "\(orphans.count)", "runId": "\(first)"])
        } catch {
            context.logger.warning("outbox rows without a run can't be put off", metadata: ["error": "\(error)"])
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

/// A claimed run on its way to its driver, which takes it out.
private final class Handover: Sendable {
    private let claimed: Mutex<ClaimedRun?>

    init(_ claimed: ClaimedRun) { self.claimed = Mutex(claimed) }

    func take() -> ClaimedRun {
        let taken = claimed.withLock { claimed in
            defer { claimed = nil }
            return claimed
        }
        guard let taken else { preconditionFailure("a claimed run has one driver") }
        return taken
    }
}
