internal import Basics
package import NIOCore
internal import NIOPosix

/// An address a host name stands for; exactly this one is connected to, so what a check has seen is what is called.
package struct ResolvedAddress: Hashable, Sendable {
    /// IPv4 or IPv6 in its numeric form, without brackets.
    package let ip: String

    package init(ip: String) {
        self.ip = ip
    }
}

/// Turns a host name (or a numeric address) into the addresses that may be called, best first.
///
/// It may block: it runs on threads of its own. `AddressRules.guarding` wraps one to refuse addresses, and throws
/// `.refusedAddress` then; an empty list means that none may be called.
package typealias HostResolver = @Sendable (_ host: String) throws(ParticipantsError) -> [ResolvedAddress]

/// The C library's `getaddrinfo`, in the order it gives (RFC 6724). Throws `.unresolvable`.
package let systemResolver: HostResolver = { host throws(ParticipantsError) in
    do throws(SystemFailure) { return try HostName.addresses(of: host).map { ResolvedAddress(ip: $0) } } catch {
        throw .unresolvable("Looking up \(host) failed: \(error.reason).")
    }
}

/// Asks a resolver without blocking the caller and without waiting for it longer than a limit.
package struct HostLookup: Sendable {
    private let resolver: HostResolver
    private let eventLoops: any EventLoopGroup

    package init(resolver: @escaping HostResolver = systemResolver, eventLoops: any EventLoopGroup) {
        self.resolver = resolver
        self.eventLoops = eventLoops
    }

    /// The addresses of a host.
    ///
    /// - Throws: `.unresolvable`, also when `limit` is over: the look-up then ends by itself on its thread.
    package func addresses(
        of host: String, within limit: Duration = .seconds(2)
    ) async throws(ParticipantsError) -> [ResolvedAddress] {
        let loop = eventLoops.next()
        let promise = loop.makePromise(of: [ResolvedAddress].self)
        let timer = loop.scheduleTask(in: TimeAmount(limit)) {
            promise.fail(ParticipantsError.unresolvable("Looking up \(host) took too long."))
        }
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [resolver] in try resolver(host) }
            .whenComplete { result in
                timer.cancel()
                promise.completeWith(result)
            }
        do { return try await promise.futureResult.get() } catch let error as ParticipantsError { throw error } catch {
            throw .unresolvable("Looking up \(host) failed: \(error).")
        }
    }
}

/// The addresses of one origin's host: one look-up at a time, shared by all who wait for it, believed for a short time.
///
/// Without it a burst of new connections would be a burst of look-ups, and with a dead name server they would queue up.
struct AddressLookup {
    private var known: (addresses: [ResolvedAddress], until: NIODeadline)?
    private var waiting: [ConnectAttempt] = []

    /// The addresses, if the last look-up is recent enough.
    func current(_ now: NIODeadline) -> [ResolvedAddress]? {
        guard let known, known.until > now else { return nil }
        return known.addresses
    }

    /// Lets the attempt wait for a look-up; true when the caller must start one.
    mutating func join(_ attempt: ConnectAttempt) -> Bool {
        waiting.append(attempt)
        return waiting.count == 1
    }

    /// Notes the result and returns the attempts that wait for it.
    mutating func finish(_ result: Result<[ResolvedAddress], any Error>, lifetime: Duration) -> [ConnectAttempt] {
        if case .success(let addresses) = result { known = (addresses, .now() + TimeAmount(lifetime)) }
        defer { waiting = [] }
        return waiting
    }

    /// The next connection asks again: an address that failed may be gone.
    mutating func forget() {
        known = nil
    }
}
