#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

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
    var hints = addrinfo()
    #if canImport(Glibc)
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
    hints.ai_socktype = Int32(SOCK_STREAM)
    #endif
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &first)
    guard code == 0 else {
        throw .unresolvable("Looking up \(host) failed: \(String(cString: gai_strerror(code))).")
    }
    defer { freeaddrinfo(first) }
    var addresses: [ResolvedAddress] = []
    var entry = first
    while let current = entry {
        if let ip = numericHost(of: current.pointee), !addresses.contains(ResolvedAddress(ip: ip)) {
            addresses.append(ResolvedAddress(ip: ip))
        }
        entry = current.pointee.ai_next
    }
    return addresses
}

private func numericHost(of entry: addrinfo) -> String? {
    guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { text in
        let code = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, text.baseAddress, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0, let start = text.baseAddress else { return nil }
        return String(cString: start)
    }
}
