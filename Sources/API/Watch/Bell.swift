import Synchronization

/// One task waits for it, others ring it. A ring while nobody waits is kept.
final class Bell: Sendable {
    private struct State: Sendable {
        var hasRung = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let sleeper = state.withLock { state in
            defer { state.sleeper = nil }
            state.hasRung = state.sleeper == nil
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Waits for a ring, until this time, or until the task is cancelled. Without a time it may wait for ever.
    func wait(until time: ContinuousClock.Instant?) async {
        await withDiscardingTaskGroup { group in
            if let time {
                group.addTask {
                    // Over or cancelled: the waiter has to look in both cases.
                    try? await Task.sleep(until: time, clock: .continuous)
                    self.ring()
                }
            }
            await withTaskCancellationHandler {
                await sleep()
            } onCancel: {
                ring()
            }
            group.cancelAll()
        }
        // The timer's own ring is for nobody else.
        state.withLock { $0.hasRung = false }
    }

    private func sleep() async {
        await withCheckedContinuation { (sleeper: CheckedContinuation<Void, Never>) in
            let hasRung = state.withLock { state in
                defer { state.hasRung = false }
                if !state.hasRung { state.sleeper = sleeper }
                return state.hasRung
            }
            if hasRung { sleeper.resume() }
        }
    }
}
