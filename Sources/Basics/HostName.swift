internal import Glibc

/// What host names stand for.
package enum HostName {
    /// The numeric addresses of a host, IPv4 and IPv6 without brackets, in the order of `getaddrinfo` (RFC 6724), each once;
    /// at least one.
    ///
    /// It blocks, for many seconds if the name server is away: call it on a thread that may wait.
    /// - Parameter isNumeric: whether the host is read as an address and nobody is asked.
    package static func addresses(of host: String, isNumeric: Bool = false) throws(SystemFailure) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = isNumeric ? AI_NUMERICHOST : 0
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &first)
        guard code == 0 else { throw SystemFailure(reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next = first
        while let entry = next {
            if let address = numeric(entry.pointee), !addresses.contains(address) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw SystemFailure(reason: "the host has no address") }
        return addresses
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { text in
            let code = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, text.baseAddress, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard code == 0, let start = text.baseAddress else { return nil }
            return String(cString: start)
        }
    }
}
