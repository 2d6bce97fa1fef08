#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
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
        if case .success(let addresses) = Self.lookUp(host, flags: AI_NUMERICHOST) { return addresses }
        let host = host
        let lookup = current.withLock { current in
            if let current { return current }
            let lookup = Lookup()
            current = lookup
            RedisThread.spawn { lookup.finish(Self.lookUp(host, flags: 0)) }
            return lookup
        }
        guard let result = lookup.wait(until: deadline) else { throw .timedOut(.resolving) }
        current.withLock { if $0 === lookup { $0 = nil } }
        switch result {
        case .success(let addresses): return addresses
        case .failure(let failure): throw .connectFailed(endpoint: "\(host):\(port)", reason: failure.reason)
        }
    }

    private struct Failure: Error {
        let reason: String
    }

    private final class Lookup: Sendable {
        private let done = DispatchSemaphore(value: 0)
        private let result = Mutex<Result<[String], Failure>?>(nil)

        func finish(_ value: Result<[String], Failure>) {
            result.withLock { $0 = value }
            done.signal()
        }

        func wait(until deadline: ContinuousClock.Instant) -> Result<[String], Failure>? {
            let left = ContinuousClock.now.duration(to: deadline).components
            let nanoseconds = Int(left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000)
            guard done.wait(timeout: .now() + .nanoseconds(max(0, nanoseconds))) == .success else { return nil }
            return result.withLock { $0 }
        }
    }

    private static func lookUp(_ host: String, flags: Int32) -> Result<[String], Failure> {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { return .failure(Failure(reason: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(text.count)
            if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0
            {
                let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(Failure(reason: "the host has no address")) : .success(addresses)
    }
}
