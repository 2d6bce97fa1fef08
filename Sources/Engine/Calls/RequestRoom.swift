import DequeModule
import Synchronization

/// Bounds the bytes of large requests that are built and not answered yet: a template can make much of little, a thousand
/// times at once. First come, first served; one that is larger than the room goes alone.
final class RequestRoom: Sendable {
    private struct State {
        var taken = 0
        var waiting: Deque<(bytes: Int, begin: @Sendable () -> Void)> = []

        /// Takes the room if there is any and nobody waits for it.
        mutating func take(_ bytes: Int, of capacity: Int) -> Bool {
            guard taken == 0 || taken + bytes <= capacity else { return false }
            taken += bytes
            return true
        }
    }

    /// What is shorter counts as part of what a run is reckoned to take.
    static let smallBytes = 64 << 10

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter bytes: of all large requests together.
    init(bytes: Int) { capacity = bytes }

    /// Takes room; false when there is none, or others wait for it already.
    func take(_ bytes: Int) -> Bool {
        state.withLock { $0.waiting.isEmpty && $0.take(bytes, of: capacity) }
    }

    /// Calls `begin`, on any thread, once room has been taken for it.
    func wait(for bytes: Int, _ begin: @escaping @Sendable () -> Void) {
        state.withLock { $0.waiting.append((bytes, begin)) }
        admit()
    }

    /// Gives back what was taken.
    func give(_ bytes: Int) {
        state.withLock { $0.taken -= bytes }
        admit()
    }

    private func admit() {
        while let begin = next() { begin() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let first = state.waiting.first, state.take(first.bytes, of: capacity) else { return nil }
            return state.waiting.removeFirst().begin
        }
    }
}
