internal import Basics
internal import NIOCore

/// A participant's base URL, checked once when it is registered or read, so that no call can fail over its shape.
///
/// Only `http` and `https`, no user info, no query, no fragment. The host is a DNS name in ASCII (international names
/// in punycode), an IPv4 address, or an IPv6 address in brackets.
package struct BaseURL: Hashable, Sendable {
    package let origin: Origin
    /// What stands before every call's path: empty, or begins with `/` and does not end with one.
    package let pathPrefix: String

    package init(origin: Origin, pathPrefix: String = "") {
        self.origin = origin
        self.pathPrefix = pathPrefix
    }

    /// Throws `.invalidBaseURL` with one sentence that names what is wrong and never repeats the text, which may hold a
    /// secret.
    package init(parsing text: String) throws(ParticipantsError) {
        guard text.utf8.count <= 2048 else { throw .invalidBaseURL("A base URL is at most 2048 bytes long.") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw .invalidBaseURL("A base URL holds only visible ASCII characters and no backslash.")
        }
        let (scheme, rest) = try Self.splitScheme(text)
        guard !rest.utf8.contains(UInt8(ascii: "?")), !rest.utf8.contains(UInt8(ascii: "#")) else {
            throw .invalidBaseURL("A base URL has no query and no fragment.")
        }
        let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw .invalidBaseURL("A base URL holds no user name or password.")
        }
        let (host, port) = try Self.splitAuthority(authority)
        origin = Origin(scheme: scheme, host: host, port: try Self.parsePort(port) ?? scheme.defaultPort)
        pathPrefix = try Self.checkedPrefix(rest[slash...])
    }

    private static func splitScheme(_ text: String) throws(ParticipantsError) -> (Scheme, Substring) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: text[..<colon].lowercased())
        else { throw .invalidBaseURL("A base URL begins with http:// or https://.") }
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw .invalidBaseURL("A base URL begins with http:// or https://.") }
        return (scheme, rest.dropFirst(2))
    }

    /// Host in lower case without brackets, and what follows its colon, if there is one.
    private static func splitAuthority(_ authority: Substring) throws(ParticipantsError) -> (String, Substring?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw .invalidBaseURL("The IPv6 address has no end.") }
            let host = authority[authority.index(after: authority.startIndex)..<end].lowercased()
            guard host.utf8.contains(UInt8(ascii: ":")), !host.utf8.contains(UInt8(ascii: "%")),
                (try? SocketAddress(ipAddress: host, port: 1)) != nil
            else { throw .invalidBaseURL("The text in brackets is not an IPv6 address.") }
            let after = authority[authority.index(after: end)...]
            if after.isEmpty { return (host, nil) }
            guard after.hasPrefix(":") else { throw .invalidBaseURL("Only a port may follow an IPv6 address.") }
            return (host, after.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (try checkedHost(authority), nil) }
        return (try checkedHost(authority[..<colon]), authority[authority.index(after: colon)...])
    }

    private static func checkedHost(_ text: Substring) throws(ParticipantsError) -> String {
        let host = text.lowercased()
        guard !host.isEmpty else { throw .invalidBaseURL("A base URL names a host.") }
        guard host.utf8.count <= 253 else { throw .invalidBaseURL("A host name is at most 253 characters long.") }
        for label in host.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count) else {
                throw .invalidBaseURL("Each part of a host name is 1 to 63 characters long.")
            }
            guard label.utf8.allSatisfy({ $0.isHostCharacter }), !label.hasPrefix("-"), !label.hasSuffix("-") else {
                throw .invalidBaseURL("A host name holds letters, digits, hyphens inside, underscores and dots.")
            }
        }
        return host
    }

    private static func parsePort(_ text: Substring?) throws(ParticipantsError) -> Int? {
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count <= 5, text.utf8.allSatisfy(\.isDigit), let port = Int(text),
            (1...65535).contains(port)
        else { throw .invalidBaseURL("A port is a number from 1 to 65535.") }
        return port
    }

    private static func checkedPrefix(_ text: Substring) throws(ParticipantsError) -> String {
        guard RequestRules.isPath(text.utf8) else {
            throw .invalidBaseURL("The path holds a character that must be percent-encoded.")
        }
        // As servers and proxies may read it, which decode before they resolve.
        let decoded = text.lowercased().replacing("%2e", with: ".").replacing("%2f", with: "/")
            .replacing("%5c", with: "/")
        for segment in decoded.split(separator: "/") where segment == "." || segment == ".." {
            throw .invalidBaseURL("The path has no . or .. segments, encoded or not.")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : String(text)
    }
}

extension BaseURL {
    /// What follows the base for a location that a participant's answer gave: a URL with the same scheme, host and port, or
    /// a path from the root of the host, either below this URL's own path. Nil for anything else, and for what has a
    /// fragment, or segments that are dots, encoded or not.
    package func path(ofLocation text: String) -> String? {
        var rest = text[...]
        if !rest.hasPrefix("/") {
            guard let scheme = rest.firstIndex(of: ":"), rest[scheme...].hasPrefix("://") else { return nil }
            let authority = rest.index(scheme, offsetBy: 3)
            let end = rest[authority...].firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard let base = try? BaseURL(parsing: String(rest[..<end])), base.origin == origin else { return nil }
            rest = rest[end...]
        }
        guard !rest.hasPrefix("//"), rest.hasPrefix(pathPrefix) else { return nil }
        rest = rest.dropFirst(pathPrefix.count)
        guard rest.hasPrefix("/") else { return nil }
        let path = rest.prefix { $0 != "?" }
        guard (try? Self.checkedPrefix(path)) != nil, RequestRules.isPathAndQuery(rest.utf8) else { return nil }
        return String(rest)
    }
}

extension BaseURL: CustomStringConvertible {
    package var description: String { "\(origin)\(pathPrefix)" }
}

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
