import Synchronization

/// How many lines of all bulk starts together may wait for the starter: half of its queue, so that imports, however many,
/// leave the other half to starts that somebody waits for.
final class ImportRoom: Sendable {
    private let capacity: Int
    private let taken = Mutex(0)

    init(queue: Int) { capacity = max(1, queue / 2) }

    /// Takes a place; false when there is none, or never with `give` to follow.
    func take() -> Bool {
        taken.withLock { taken in
            guard taken < capacity else { return false }
            taken += 1
            return true
        }
    }

    /// Gives a place back.
    func give() { taken.withLock { $0 -= 1 } }
}
