package import Core
import Glibc

extension Instant {
    /// What this machine's clock shows, for what is dated in logs and spans: decisions go by the database's.
    package static var machineTime: Instant {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        return Instant(microseconds: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000)
    }
}
