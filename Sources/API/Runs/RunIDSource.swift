import Core
import Glibc
import Synchronization

/// Ids for new runs, by this machine's clock: they sort by time, and no two processes make the same.
final class RunIDSource: Sendable {
    private let generator = Mutex(RunIDGenerator())

    /// The next id, and the time in it.
    func next() -> (id: RunID, now: Instant) {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let microseconds = Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000
        var random = SystemRandomNumberGenerator()
        let id = generator.withLock { $0.next(milliseconds: UInt64(max(0, microseconds) / 1000), using: &random) }
        return (id, Instant(microseconds: microseconds))
    }
}
