internal import Basics
internal import CLibPQ
package import Logging

// A small async client over libpq: sessions, a pool, a listener, and typed values in binary format. It knows no saga.
//
// `Connection/` is one session, `Wire/` the values in binary format, `Pool/` many sessions, `Listener/` LISTEN and
// NOTIFY. `Statement` is what callers implement; `PostgresError` is the only error thrown. libpq is used because it
// speaks every authentication method, TLS mode and failover option that users' servers need.

/// One PostgreSQL session on a thread of its own.
///
/// The actor's executor is that thread: libpq's waiting blocks nobody else, and calls on one connection run one after
/// the other without a lock. A session that broke stays broken, every later call fails; the `Pool` replaces it.
package actor Connection {
    let thread: WorkerThread
    let interruption: Interruption
    /// What can be known about the session without waiting for its thread.
    nonisolated let health = Health()
    /// Longest wait for an answer, milliseconds; -1 waits for ever.
    let answerTimeout: Int32
    let observer: StatementObserver?

    /// The libpq session; nil once it is lost or closed.
    var session: Session?
    /// Statements prepared in this session, by the identity of their type.
    var prepared: [ObjectIdentifier: PreparedStatement] = [:]
    /// Names of prepared statements are numbered and never used twice in a session.
    var preparedCount = 0
    /// Reused by every statement.
    var parameters = Parameters()
    /// True from the moment a commit may have reached the server until its answer is known.
    var awaitsCommit = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(_ configuration: ConnectionConfiguration) throws(PostgresError) {
        self.interruption = try Interruption()
        self.answerTimeout = configuration.answerTimeout
        self.observer = configuration.observer
        do { self.thread = try WorkerThread() } catch {
            throw .connectionFailed("no thread for a connection: \(error.reason)")
        }
    }

    deinit { thread.stop() }

    /// Opens a session and applies the configuration's timeouts and settings.
    ///
    /// Takes at most the connect timeout for each address tried. Throws `connectionFailed` or `configuration`.
    package static func connect(
        _ configuration: ConnectionConfiguration, logger: Logger = Logger(label: "postgres")
    ) async throws(PostgresError) -> Connection {
        let connection = try Connection(configuration)
        try await connection.open(configuration, configuration.sessionSettings, logger: logger)
        return connection
    }

    /// Opens a session and sets nothing in it, not even timeouts: for a session that may not be ours alone.
    static func connectUntouched(
        _ configuration: ConnectionConfiguration, logger: Logger
    ) async throws(PostgresError) -> Connection {
        let connection = try Connection(configuration)
        try await connection.open(configuration, [], logger: logger)
        return connection
    }

    private func open(
        _ configuration: ConnectionConfiguration, _ settings: [(name: String, value: String)], logger: Logger
    ) throws(PostgresError) {
        let session = try Session(configuration, logger: logger)
        self.session = session
        health.opened(socket: PQsocket(session.pointer))
        guard !settings.isEmpty else { return }
        do {
            try simpleQuery(session.setConfigurationQuery(settings))
        } catch {
            close()
            throw .connectionFailed(configuration.redact(error.description))
        }
    }

    /// Ends the session. Later statements fail with `connectionLost`; closing again does nothing.
    package func close() {
        session = nil
        health.broke()
    }

    /// Breaks the session off from outside, even while a statement waits for its answer: that statement fails with
    /// `connectionLost`, and so does every later one. Returns at once.
    package nonisolated func interrupt() { interruption.raise() }

    /// The open session, or the error that it is not open.
    func open() throws(PostgresError) -> OpaquePointer {
        guard let session else { throw .connectionLost("the connection is closed", mayHaveCommitted: false) }
        return session.pointer
    }

    /// Gives the session up and says so. The caller throws what this returns.
    func lose(_ message: String) -> PostgresError {
        let error = PostgresError.connectionLost(message, mayHaveCommitted: awaitsCommit)
        awaitsCommit = false
        close()
        return error
    }

    /// `lose` with libpq's own words.
    func lose() -> PostgresError { lose(session?.errorMessage ?? "the connection is closed") }

    /// Publishes the transaction state after each call. A session whose server takes no writes is never idle again: a
    /// pool should look for the primary with a new one.
    func updateHealth() {
        guard let session else { return }
        health.settled(isIdle: PQtransactionStatus(session.pointer) == PQTRANS_IDLE && !health.hasUnfitServer)
    }

    /// The text as a quoted SQL identifier, for the few statements that take no parameters.
    package func quoted(identifier: String) throws(PostgresError) -> String {
        guard let session else { throw lose() }
        return try session.identifier(identifier)
    }

    /// The text as a quoted SQL literal, for the few statements that take no parameters.
    package func quoted(literal: String) throws(PostgresError) -> String {
        guard let session else { throw lose() }
        return try session.literal(literal)
    }
}
