/// Everything this module throws. No case ever carries a password or a URL.
package enum RedisError: Error, Equatable {
    /// The URL cannot be used; says which part.
    case configuration(String)
    /// Redis failed a moment ago and is not tried again before `retryIn` has passed. Nothing was sent.
    case unavailable(retryIn: Duration)
    /// No connection to `endpoint` (`host:port`). Nothing was sent.
    case connectFailed(endpoint: String, reason: String)
    /// The server refused the user or the password of the URL; `code` is its error code, such as WRONGPASS.
    case authenticationFailed(endpoint: String, code: String)
    /// The deadline passed. After `.reply` the command may have been executed.
    case timedOut(Phase)
    /// The connection broke while a command was under way; it may have been executed.
    case connectionLost(reason: String)
    /// The server answered with an error, such as `NOSCRIPT` or `LOADING`.
    case server(code: String, message: String)
    /// The server answered, but not with what this command answers.
    case unexpectedReply(to: String)

    package enum Phase: String, Sendable {
        case queueing, resolving, connecting, sending, reply
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let problem): "the Redis URL cannot be used: \(problem)"
        case .unavailable(let wait): "Redis is away and is not tried again for \(wait)"
        case .connectFailed(let endpoint, let reason): "cannot connect to Redis at \(endpoint): \(reason)"
        case .authenticationFailed(let endpoint, let code):
            "Redis at \(endpoint) refused the user or password (\(code))"
        case .timedOut(.queueing): "the time for a Redis command passed while it waited for its turn"
        case .timedOut(.resolving): "the time for a Redis command passed while looking up the host's address"
        case .timedOut(.connecting): "the time for a Redis command passed while connecting"
        case .timedOut(.sending): "the time for a Redis command passed while sending it"
        case .timedOut(.reply): "Redis did not answer in time"
        case .connectionLost(let reason): "the connection to Redis was lost: \(reason)"
        case .server(let code, let message): "Redis answered \(code) \(message)"
        case .unexpectedReply(let command): "Redis answered \(command) with something unexpected"
        }
    }
}
