import Core
import Logging
import ServiceLifecycle
import Storage
import Synchronization

// Clients that wait for runs: streams of events, and starts that prefer to wait for the end.
//
//   RunWatch       asks the database for all of them together, only while somebody waits
//   WatchState     who waits for what; no lock, no clock
//   WatchPlaces    how many may wait, in all and for one client
//   EventStream    one stream
//   Bell           wakes the one task that asks

/// Looks at the runs somebody waits for: all that are due in one statement, one statement at a time. When nobody waits, nothing
/// is asked.
final class RunWatch: Service {
    /// How a wait ended.
    enum Outcome: Sendable, Hashable {
        /// It is as far as was waited for.
        case happened(RunSight)
        /// There is no such run (any more).
        case gone
        /// The time is over, the process is to stop, or the client has gone.
        case nothing
    }

    /// How often a run is looked at: soon after somebody begins to wait, then ever more rarely.
    struct Pace: Sendable {
        let first: Duration
        let last: Duration

        /// Most runs end within milliseconds.
        static let end = Pace(first: .milliseconds(5), last: .milliseconds(500))
        static let events = Pace(first: .milliseconds(50), last: .seconds(1))
    }

    /// At most so many looks a second, however many wait.
    private static let shortestPause: Duration = .milliseconds(5)
    /// After a look that failed.
    private static let pauseAfterFailure: Duration = .seconds(1)

    private let look: @Sendable ([RunID]) async throws(StoreError) -> [RunSight]
    private let state = Mutex(WatchState())
    private let bell = Bell()

    /// - Parameter look: how far these runs are; those there are not are left out.
    init(look: @escaping @Sendable ([RunID]) async throws(StoreError) -> [RunSight]) { self.look = look }

    convenience init(reader: RunReader) {
        self.init { runIDs throws(StoreError) in try await reader.sights(of: runIDs) }
    }

    /// Waits until a run is as far as `isEnough` says, or `limit` has passed.
    ///
    /// A database that is away is waited for: that is no end of the wait.
    func wait(
        for runID: RunID, atMost limit: Duration, pace: Pace, until isEnough: @escaping @Sendable (RunSight) -> Bool
    ) async -> Outcome {
        guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return .nothing }
        return await cancelWhenGracefulShutdown { await self.join(runID, limit, pace, isEnough) }
    }

    private func join(
        _ runID: RunID, _ limit: Duration, _ pace: Pace, _ isEnough: @escaping @Sendable (RunSight) -> Bool
    ) async -> Outcome {
        let now = ContinuousClock.now
        let ticket = state.withLock { $0.makeTicket() }
        defer { state.withLock { $0.forget(ticket) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (answer: CheckedContinuation<Outcome, Never>) in
                let waits = state.withLock { state in
                    state.add(
                        WatchState.Watcher(
                            runID: runID, isEnough: isEnough, nextLook: now + pace.first, pause: pace.first,
                            longestPause: pace.last, giveUpAt: now + limit, answer: answer),
                        ticket)
                }
                if waits { bell.ring() } else { answer.resume(returning: .nothing) }
            }
        } onCancel: {
            state.withLock { $0.leave(ticket) }?.resume(returning: .nothing)
        }
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.bell.wait(until: self.state.withLock { $0.nextTurn })
                await self.turn()
            }
        }
        for answer in state.withLock({ $0.close() }) { answer.resume(returning: .nothing) }
    }

    private func turn() async {
        let begun = ContinuousClock.now
        for answer in state.withLock({ $0.takeOverdue(at: begun) }) { answer.resume(returning: .nothing) }
        let runIDs = state.withLock { $0.due(at: begun + Self.shortestPause) }
        guard !runIDs.isEmpty else { return }
        do throws(StoreError) {
            let sights = try await look(runIDs)
            let answers = state.withLock { $0.saw(sights, of: runIDs, at: .now) }
            for (answer, outcome) in answers { answer.resume(returning: outcome) }
        } catch {
            // The pool has logged why. Whoever waits goes on waiting.
            state.withLock { $0.putOff(runIDs, until: .now + Self.pauseAfterFailure) }
        }
        // Cancelled or not: the loop looks.
        try? await Task.sleep(until: begun + Self.shortestPause, clock: .continuous)
    }
}
