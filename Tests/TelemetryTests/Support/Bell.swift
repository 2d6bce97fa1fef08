import Synchronization

/// Tells those who wait that something may have changed.
final class Bell: Sendable {
    private struct State {
        var rings = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until the condition holds, which is looked at after every ring.
    func wait(until condition: () -> Bool) async {
        while true {
            let seen = state.withLock { $0.rings }
            if condition() { return }
            await withCheckedContinuation { continuation in
                let isOld = state.withLock { state in
                    if state.rings == seen { state.waiting.append(continuation) }
                    return state.rings != seen
                }
                if isOld { continuation.resume() }
            }
        }
    }
}
