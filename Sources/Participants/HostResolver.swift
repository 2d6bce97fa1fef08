internal import Basics

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
