import DequeModule
import Storage
import Synchronization

/// How many starts are written at once. Others wait their turn; beyond a number of those, starts are refused.
///
/// Whoever accepts all that comes as fast as it can, where API, Postgres and engines share a machine, has nothing left to carry
/// out what was accepted. A window bounds it by what it takes to write a start: the longer that is, the fewer are accepted.
final class StartWindow: Sendable {
    private struct State: Sendable {
        var free: Int
        var waiting = Deque<CheckedContinuation<Void, Never>>()
    }

    private let state: Mutex<State>
    private let maxWaiting: Int
    private let patience: Duration

    /// - Parameters:
    ///   - size: starts written at once.
    ///   - maxWaiting: starts that may wait for their turn.
    ///   - patience: whose turn comes later than this is refused: most likely its client is gone, and those behind it
    ///     have waited nearly as long.
    init(size: Int, maxWaiting: Int, patience: Duration = .seconds(5)) {
        state = Mutex(State(free: size))
        self.maxWaiting = maxWaiting
        self.patience = patience
    }

    /// Starts that wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Does `work` when it is its turn.
    ///
    /// - Throws: `StoreError.overloaded` when too many wait, or it has waited too long; and what `work` throws.
    func pass<T>(_ work: () async throws -> T) async throws -> T {
        try await enter()
        defer { leave() }
        return try await work()
    }

    private func enter() async throws(StoreError) {
        if let isIn = tryToEnter() {
            if !isIn { throw .overloaded }
            return
        }
        let asked = ContinuousClock.now
        await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(turn)
                return false
            }
            if isFree { turn.resume() }
        }
        guard .now - asked > patience else { return }
        leave()
        throw .overloaded
    }

    /// Nil when there is room for one more to wait.
    private func tryToEnter() -> Bool? {
        state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return true
            }
            return state.waiting.count < maxWaiting ? nil : false
        }
    }

    private func leave() {
        let next = state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume()
    }
}
