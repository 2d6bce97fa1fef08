internal import Basics

/// Where Redis is and how long to wait for it, read from `redis://[[user]:password@]host[:port][/db]`.
///
/// User and password may be percent-encoded. The password is in no description, mirror or error of this type.
package struct RedisConfiguration: Sendable {
    package let host: String
    package let port: Int
    package let user: String?
    package let database: Int
    let password: String?
    /// The longest a connect may take, within the command's own time.
    package var connectTimeout: Duration = .seconds(1)
    /// The longest any command may take from call to answer, connecting included.
    package var commandTimeout: Duration = .milliseconds(250)

    /// Throws `RedisError.configuration` with a sentence that names the part that is wrong and repeats nothing of the
    /// URL.
    package init(url: String) throws(RedisError) {
        let scheme = "redis://"
        guard !url.hasPrefix("rediss://") else {
            throw .configuration(
                "TLS (rediss:) is not supported: Debian's hiredis has none; put stunnel or a sidecar beside the API and give "
                    + "its address as redis://")
        }
        guard url.hasPrefix(scheme) else { throw .configuration("it must begin with redis://") }
        let rest = url.dropFirst(scheme.count)
        guard !rest.contains("?"), !rest.contains("#") else { throw .configuration("it takes no ? or #") }

        let at = rest.lastIndex(of: "@")
        (user, password) = try Self.credentials(at.map { rest[..<$0] })
        let location = at.map { rest[rest.index(after: $0)...] } ?? rest
        let slash = location.firstIndex(of: "/") ?? location.endIndex
        (host, port) = try Self.address(location[..<slash])
        let path = location[slash...].dropFirst()
        guard path.isEmpty || path.utf8.allSatisfy(\.isDigit), let database = Int(path.isEmpty ? "0" : path) else {
            throw .configuration("the database after the host must be a number")
        }
        self.database = database
    }

    private static func credentials(_ text: Substring?) throws(RedisError) -> (user: String?, password: String?) {
        guard let text else { return (nil, nil) }
        guard let colon = text.firstIndex(of: ":") else {
            throw .configuration("a user needs a password: user:password@")
        }
        guard let user = PercentEncoding.decode(text[..<colon]),
            let password = PercentEncoding.decode(text[text.index(after: colon)...])
        else { throw .configuration("user or password has a wrong percent sign") }
        return (user.isEmpty ? nil : user, password.isEmpty ? nil : password)
    }

    private static func address(_ text: Substring) throws(RedisError) -> (host: String, port: Int) {
        let host: Substring
        let rest: Substring
        if text.first == "[", let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            rest = text[text.index(after: close)...]
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .configuration("the host is missing or malformed")
        }
        guard !rest.isEmpty else { return (String(host), 6379) }
        guard rest.first == ":", rest.dropFirst().utf8.allSatisfy(\.isDigit), let port = Int(rest.dropFirst()),
            (1...65535).contains(port)
        else { throw .configuration("the port must be a number from 1 to 65535") }
        return (String(host), port)
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `host:port`, the host in brackets when it is an IPv6 address.
    package var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    /// The URL without user and password.
    package var description: String { "redis://\(endpoint)/\(database)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
