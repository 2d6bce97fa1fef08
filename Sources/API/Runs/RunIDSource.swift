import Core
import Synchronization

/// Ids for new runs, by this machine's clock: they sort by time, and no two processes make the same.
final class RunIDSource: Sendable {
    private let generator = Mutex(RunIDGenerator())

    /// The next id, and the time in it.
    func next() -> (id: RunID, now: Instant) {
        let now = Instant.now
        var random = SystemRandomNumberGenerator()
        let id = generator.withLock {
            $0.next(milliseconds: UInt64(max(0, now.microseconds) / 1000), using: &random)
        }
        return (id, now)
    }
}
