// What lives here: a small async client for Redis over hiredis, and the rate limiter the API's admin calls pass
// through.
//
// Redis is a hint in this system: losing it loses nothing. So the client's first duty is to never hold a caller up.
// It keeps one connection on one thread of its own, gives every command one deadline that covers name lookup,
// connect, login, sending and reading, and while Redis is away it answers at once instead of trying again for every
// caller.

internal import Basics
internal import CHiredis
package import Logging

/// One Redis session that opens itself when it is needed, on its own thread, and fails fast while Redis is away.
///
/// Commands run one after another. Each takes at most `RedisConfiguration.commandTimeout`, counted from the call and
/// so including the wait behind others. After a failure the client refuses with `RedisError.unavailable` for 50 ms,
/// doubling up to 2 s until a command is answered again. A command that failed may still have been executed; nothing
/// is sent twice.
package actor RedisClient {
    package nonisolated let configuration: RedisConfiguration
    private let executor: WorkerThread
    private let resolver: RedisResolver
    private let logger: Logger
    private var session: RedisSession?
    private var circuit = RedisCircuit()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens nothing yet: the first command connects.
    package init(_ configuration: RedisConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        do { self.executor = try WorkerThread() } catch {
            preconditionFailure("the system has no thread left for Redis: \(error.reason)")
        }
        self.resolver = RedisResolver(host: configuration.host, port: configuration.port)
    }

    deinit {
        executor.stop()
    }

    /// Sends one command, its name first, and returns its reply.
    ///
    /// Throws `RedisError.server` for an error reply; the connection stays good then.
    package nonisolated func command(_ arguments: [String]) async throws(RedisError) -> RedisReply {
        try await run(arguments, deadline: .now + configuration.commandTimeout)
    }

    /// Whether Redis answers, for readiness checks.
    package nonisolated func ping() async throws(RedisError) {
        guard try await command(["PING"]) == .status("PONG") else { throw .unexpectedReply(to: "PING") }
    }

    /// Closes the connection. A later command opens a new one.
    package func close() {
        session = nil
    }

    /// One command under a deadline that several commands may share.
    func run(_ arguments: [String], deadline: ContinuousClock.Instant) throws(RedisError) -> RedisReply {
        precondition(!arguments.isEmpty, "a command has a name")
        let now = ContinuousClock.now
        if let wait = circuit.refusal(at: now) { throw .unavailable(retryIn: wait) }
        guard now < deadline else { throw .timedOut(.queueing) }
        do throws(RedisError) {
            let reply = try openSession(deadline: deadline).roundTrip(arguments, deadline: deadline)
            if circuit.isTripped { logger.notice("Redis answers again", metadata: ["redis": "\(configuration)"]) }
            circuit.reset()
            if case .error(let code, let message) = reply { throw .server(code: code, message: message) }
            return reply
        } catch {
            fail(error)
            throw error
        }
    }

    /// The connection that is open, or a new one; a connection the server has closed in the meantime is replaced
    /// unnoticed.
    private func openSession(deadline: ContinuousClock.Instant) throws(RedisError) -> RedisSession {
        if let session, session.isQuiet { return session }
        session = nil
        let limit = min(deadline, .now + configuration.connectTimeout)
        let opened = try RedisSession.open(
            configuration, addresses: resolver.addresses(deadline: limit), deadline: limit)
        session = opened
        return opened
    }

    /// An error reply leaves the connection as it was, unless the server tells that it is the wrong one to ask.
    /// Anything else ends the connection, for a late reply would be taken for the next command's.
    private func fail(_ error: RedisError) {
        if case .server(let code, _) = error {
            if code == "READONLY" || code == "NOAUTH" { session = nil }
            return
        }
        session = nil
        if !circuit.isTripped {
            logger.warning("Redis is away", metadata: ["redis": "\(configuration)", "error": "\(error)"])
        }
        circuit.trip(at: .now)
    }
}
