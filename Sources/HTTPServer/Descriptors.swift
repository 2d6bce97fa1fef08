internal import Glibc

/// How many file descriptors the process may have: every connection takes one, and without one nothing can be opened
/// at all.
///
/// To run out of them is worse than to refuse: libdispatch, below Swift's tasks, opens a file in /proc every second to see
/// whether its threads run, and ends the process with SIGILL when it can't. So what may use many is bounded, and enough
/// is kept back.
package struct Descriptors: Sendable {
    /// There is more than any process here can use; so numbers stay sensible where the limit is infinite.
    private static let most = 1 << 20
    /// Of one event loop: an epoll set, an event and a timer.
    package static let perLoop = 3
    /// Of one connection to Postgres: its socket, a pipe that interrupts its waits, and what it takes to look its host up.
    package static let perDatabaseConnection = 4
    /// Standard streams, the listening socket, look-ups of names, files read now and then, in /proc for instance.
    package static let base = 48

    package let limit: Int

    package init(limit: Int) { self.limit = limit }

    /// Those of this process as it stands.
    package static var current: Descriptors { Descriptors(limit: min(Int(clamping: limits.rlim_cur), most)) }

    /// Raises the process's soft limit to the hard one, which every process may.
    package static func raise() -> Descriptors {
        var wanted = limits
        wanted.rlim_cur = wanted.rlim_max
        // Refused where the hard limit says "infinite" and the kernel's own is lower: then what is there counts.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted)
        return current
    }

    private static var limits: rlimit {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
            return rlimit(rlim_cur: 1024, rlim_max: 1024)
        }
        return limits
    }

    /// What a server of clients may take.
    package struct Share: Sendable, Equatable {
        /// Connections at once.
        package let connections: Int
        /// Further ones that may be open for a moment: accepted and not yet refused, or about to close.
        package let passing: Int

        package init(connections: Int, passing: Int) {
            self.connections = connections
            self.passing = passing
        }
    }

    /// Descriptors that are left for `wanted` connections beside `reserve` others.
    ///
    /// - Returns: nil when so few are left that the process is better not started.
    package func share(of wanted: Int, reserve: Int) -> Share? {
        let left = limit - reserve
        guard left >= Self.fewest else { return nil }
        let passing = max(4, min(left / 8, 256))
        return Share(connections: min(wanted, left - passing), passing: passing)
    }

    /// With fewer descriptors left over a process is of no use.
    private static let fewest = 20

    /// Why the process is not started: for people.
    package func refusal(reserve: Int) -> String {
        "the process may open \(limit) files (ulimit -n), and needs \(reserve + Self.fewest) at least; raise the limit."
    }
}
