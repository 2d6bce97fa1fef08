/// The scheme of a participant's base URL; nothing but these two is ever called.
package enum Scheme: String, Hashable, Sendable {
    case http
    case https

    /// The port meant when the URL names none.
    package var defaultPort: Int {
        switch self {
        case .http: 80
        case .https: 443
        }
    }
}

/// Where connections lead: calls to the same origin share one pool of connections.
///
/// Scheme and host are in lower case; an IPv6 address is written without brackets. `port` is 1...65535.
package struct Origin: Hashable, Sendable {
    package let scheme: Scheme
    package let host: String
    package let port: Int

    package init(scheme: Scheme, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The value of the Host header: brackets around an IPv6 address, the port only when it is not the scheme's own.
    package var hostHeader: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }
}

extension Origin: CustomStringConvertible {
    package var description: String { "\(scheme.rawValue)://\(hostHeader)" }
}
