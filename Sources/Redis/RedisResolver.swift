internal import Basics
internal import Dispatch
internal import Synchronization

/// Looks a host name up without waiting longer than the caller can.
///
/// getaddrinfo takes no deadline and may block for many seconds, so it runs on a thread of its own; a lookup that
/// outlives its caller is awaited by the next one instead of being started again.
final class RedisResolver: Sendable {
    private let host: String
    private let port: Int
    private let current = Mutex<Lookup?>(nil)

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The host's numeric addresses, in the resolver's order, at least one.
    func addresses(deadline: ContinuousClock.Instant) throws(RedisError) -> [String] {
        // A numeric host is read in place: that asks nobody.
        if let addresses = try? HostName.addresses(of: host, isNumeric: true) { return addresses }
        let host = host
        let lookup = current.withLock { current in
            if let current { return current }
            let lookup = Lookup()
            current = lookup
            do throws(SystemFailure) {
                try startThread {
                    lookup.finish(Result { () throws(SystemFailure) in try HostName.addresses(of: host) })
                }
            } catch { lookup.finish(.failure(error)) }
            return lookup
        }
        guard let result = lookup.wait(until: deadline) else { throw .timedOut(.resolving) }
        current.withLock { if $0 === lookup { $0 = nil } }
        switch result {
        case .success(let addresses): return addresses
        case .failure(let failure): throw .connectFailed(endpoint: "\(host):\(port)", reason: failure.reason)
        }
    }

    private final class Lookup: Sendable {
        private let done = DispatchSemaphore(value: 0)
        private let result = Mutex<Result<[String], SystemFailure>?>(nil)

        func finish(_ value: Result<[String], SystemFailure>) {
            result.withLock { $0 = value }
            done.signal()
        }

        func wait(until deadline: ContinuousClock.Instant) -> Result<[String], SystemFailure>? {
            let left = ContinuousClock.now.duration(to: deadline).components
            let nanoseconds = Int(left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000)
            guard done.wait(timeout: .now() + .nanoseconds(max(0, nanoseconds))) == .success else { return nil }
            return result.withLock { $0 }
        }
    }
}
