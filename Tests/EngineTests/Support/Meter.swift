import Synchronization

/// Counts how many are inside at once.
final class Meter: Sendable {
    private let state = Mutex((inside: 0, highest: 0))

    /// The most there ever were.
    var highest: Int { state.withLock { $0.highest } }

    func enter() {
        state.withLock { state in
            state.inside += 1
            state.highest = max(state.highest, state.inside)
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }
}
