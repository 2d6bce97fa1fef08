import Core
import Driver
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// A bell one service waits for and others ring. Rings while nobody waits are remembered as one.
///
/// It can also be told of a time at which it should ring by itself: a run this engine gives back until its backoff is
/// over is found on time, without asking the database when.
final class WakeUp: Sendable {
    private struct State: Sendable {
        var hasRung = false
        /// The earliest time somebody expects something.
        var expected: ContinuousClock.Instant?
        /// Counts what happens, so that a waiter who has looked does not miss what comes before it sleeps.
        var changes = 0
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Rings. Returns at once.
    func ring() { change { $0.hasRung = true } }

    /// Rings at this time, unless it is woken before.
    func ring(at time: ContinuousClock.Instant) {
        let isEarlier = state.withLock { $0.expected.map { time < $0 } ?? true }
        if isEarlier { change { $0.expected = min($0.expected ?? time, time) } }
    }

    /// Waits for a ring, at most this long; whether there was one. One waiter at a time.
    @discardableResult
    func wait(atMost timeout: Duration) async -> Bool {
        let end = ContinuousClock.now + timeout
        while !Task.isCancelled {
            let (hasRung, target, seen) = state.withLock { state in
                let now = ContinuousClock.now
                let isDue = state.expected.map { $0 <= now } ?? false
                defer {
                    if state.hasRung || isDue { state.expected = nil }
                    state.hasRung = false
                }
                return (state.hasRung || isDue, min(end, state.expected ?? end), state.changes)
            }
            if hasRung || target <= .now { return hasRung }
            await sleep(until: target, unlessChangedSince: seen)
        }
        return false
    }

    private func change(_ body: (inout State) -> Void) {
        let sleeper = state.withLock { state in
            body(&state)
            state.changes += 1
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    private func sleep(until target: ContinuousClock.Instant, unlessChangedSince seen: Int) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Whether the time is over or the task was cancelled: the sleeper has to look.
                try? await Task.sleep(until: target, clock: .continuous)
                self.change { _ in }
            }
            await withCheckedContinuation { continuation in
                let hasChanged = state.withLock { state in
                    if state.changes == seen { state.sleeper = continuation }
                    return state.changes != seen
                }
                if hasChanged { continuation.resume() }
            }
            group.cancelAll()
        }
    }
}

/// Turns notifications into wake-ups. They are hints: whatever is missed is found by polling and by renewals.
struct WakeListener: Service {
    let configuration: ConnectionConfiguration
    let table: RunTable
    let wakeUp: WakeUp
    let logger: Logger

    func run() async throws {
        let listener = Listener(configuration, channels: [Channel.outbox, Channel.inbox], logger: logger)
        await cancelWhenGracefulShutdown {
            for await element in listener {
                if case .notification(let note) = element, note.channel == Channel.inbox,
                    let runID = RunID(note.payload)
                {
                    table.mailbox(of: runID)?.post(.inboxFilled)
                }
                wakeUp.ring()
            }
        }
    }
}

/// Waits this long; false when the task is to end instead.
func pause(for duration: Duration) async -> Bool {
    do {
        try await Task.sleep(for: duration)
        return true
    } catch {
        return false
    }
}
