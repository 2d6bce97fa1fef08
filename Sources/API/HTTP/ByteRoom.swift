import DequeModule
import Storage
import Synchronization

/// Memory that requests may take together. Who wants more than is free waits, in the order they came.
final class ByteRoom: Sendable {
    private struct Waiting: Sendable {
        let bytes: Int
        let turn: CheckedContinuation<Void, Never>
    }
    private struct State: Sendable {
        var free: Int
        var waiting = Deque<Waiting>()
    }

    private let capacity: Int
    private let patience: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - capacity: bytes; who asks for more than all of them gets all.
    ///   - patience: whose turn comes later than this is refused, as `StartWindow` does.
    init(_ capacity: Int, patience: Duration = .seconds(5)) {
        self.capacity = capacity
        self.patience = patience
        state = Mutex(State(free: capacity))
    }

    /// Requests that wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Does `work` with so much memory.
    ///
    /// - Throws: `StoreError.overloaded` when it has waited too long; and what `work` throws.
    func hold<T>(_ bytes: Int, _ work: () async throws -> T) async throws -> T {
        let held = try await take(bytes)
        defer { give(held) }
        return try await work()
    }

    /// What was taken, to be given back.
    func take(_ bytes: Int) async throws(StoreError) -> Int {
        if bytes == 0 { return 0 }
        let asked = ContinuousClock.now
        let held = await takePatiently(bytes)
        guard .now - asked > patience else { return held }
        give(held)
        throw .overloaded
    }

    /// The same, however long it takes.
    func takePatiently(_ bytes: Int) async -> Int {
        let bytes = min(bytes, capacity)
        if tryToTake(bytes) { return bytes }
        await withCheckedContinuation { (turn: CheckedContinuation<Void, Never>) in
            let isFree = state.withLock { state in
                if state.waiting.isEmpty, state.free >= bytes {
                    state.free -= bytes
                    return true
                }
                state.waiting.append(Waiting(bytes: bytes, turn: turn))
                return false
            }
            if isFree { turn.resume() }
        }
        return bytes
    }

    private func tryToTake(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty, state.free >= bytes else { return false }
            state.free -= bytes
            return true
        }
    }

    func give(_ bytes: Int) {
        if bytes == 0 { return }
        let next = state.withLock { state in
            state.free += bytes
            var next: [Waiting] = []
            while let first = state.waiting.first, state.free >= first.bytes {
                state.free -= first.bytes
                next.append(state.waiting.removeFirst())
            }
            return next
        }
        for waiting in next { waiting.turn.resume() }
    }
}
