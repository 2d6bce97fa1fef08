internal import DequeModule
package import Logging
internal import Synchronization

/// Up to a fixed number of connections, opened when needed and shared first come, first served.
///
/// A connection that broke is discarded and its slot opened anew. While the server cannot be reached, checkouts keep
/// trying with growing pauses until their deadline, so short restarts are ridden out.
package final class Pool: Sendable {
    let state: Mutex<PoolState>
    private let configuration: ConnectionConfiguration
    private let logger: Logger

    /// A pool of at most `maximumSize` connections. Opens none yet.
    package init(
        _ configuration: ConnectionConfiguration, maximumSize: Int, logger: Logger = Logger(label: "postgres")
    ) {
        precondition(maximumSize > 0, "a pool needs room for a connection")
        self.configuration = configuration
        self.logger = logger
        self.state = Mutex(PoolState(maximum: maximumSize))
    }

    /// Lends a connection for the time of `body`, which must not keep it.
    ///
    /// Waits at most `deadline` for one; opening one that was begun in time may take the connect timeout beyond that.
    /// Throws `poolExhausted` when all were in use, the last `connectionFailed` when none could be opened, `cancelled`
    /// when the task was cancelled while it waited, and what `body` throws. A transaction that `body` left open is
    /// rolled back.
    package func withConnection<Value>(
        deadline: Duration = .seconds(5), _ body: (Connection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let connection = try await checkout(until: .now + deadline)
        do throws(PostgresError) {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Fails all waiters, closes connections at rest and interrupts those in use; these are closed when they come back.
    package func close() async {
        for connection in shut() { await connection.close() }
    }

    /// The same at once, for whoever can't wait: connections at rest end by themselves.
    package func cut() { _ = shut() }

    /// The connections at rest.
    private func shut() -> [Connection] {
        let (waiters, idle, inUse) = state.withLock { $0.close() }
        for waiter in waiters { waiter.continuation.resume(returning: .failure(.poolClosed)) }
        for connection in inUse { connection.interrupt() }
        return idle
    }

    // MARK: Checking out

    private func checkout(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> Connection {
        var grant = state.withLock { $0.checkout() }
        if grant == nil { grant = await waitInLine(until: deadline) }
        switch grant {
        case .connection(let connection):
            if await isUsable(connection) { return connection }
            lost(connection)
            return try await open(until: deadline)
        case .slot: return try await open(until: deadline)
        case .failure(let error): throw error
        case nil: throw .poolExhausted
        }
    }

    /// Queues until a grant comes, the deadline passes, or the task is cancelled.
    private func waitInLine(until deadline: ContinuousClock.Instant) async -> PoolState.Grant {
        let ticket = state.withLock { $0.nextTicket() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await Task.sleep(until: deadline, clock: .continuous)
                    self.withdraw(ticket, because: .poolExhausted)
                } catch {
                    // The grant came first and ended the group.
                }
            }
            let grant = await withTaskCancellationHandler {
                await withCheckedContinuation { self.enqueue(.init(ticket: ticket, continuation: $0), until: deadline) }
            } onCancel: {
                self.withdraw(ticket, because: .cancelled)
            }
            group.cancelAll()
            return grant
        }
    }

    /// Joins the queue, unless something became available, or the wait ended before it began: a `withdraw` that came
    /// too early has found nobody.
    private func enqueue(_ waiter: PoolState.Waiter, until deadline: ContinuousClock.Instant) {
        let grant = state.withLock { state -> PoolState.Grant? in
            if Task.isCancelled { return .failure(.cancelled) }
            if let grant = state.checkout() { return grant }
            if ContinuousClock.now >= deadline {
                state.totals.exhausted += 1
                return .failure(.poolExhausted)
            }
            state.enqueue(waiter)
            return nil
        }
        if let grant { waiter.continuation.resume(returning: grant) }
    }

    private func withdraw(_ ticket: UInt64, because error: PostgresError) {
        let waiter = state.withLock { state in
            let waiter = state.withdraw(ticket)
            if waiter != nil, error == .poolExhausted { state.totals.exhausted += 1 }
            return waiter
        }
        waiter?.continuation.resume(returning: .failure(error))
    }

    /// Whether a connection that rested is still there. Normally one system call; a server that went away has sent an
    /// end of stream by now.
    private func isUsable(_ connection: Connection) async -> Bool {
        if connection.health.isBroken { return false }
        guard connection.health.hasUnexpectedInput else { return true }
        return await connection.isStillIdle()
    }

    // MARK: Opening

    /// Opens a connection in a slot reserved for it, trying until the deadline.
    private func open(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> Connection {
        while true {
            do throws(PostgresError) {
                let connection = try await Connection.connect(configuration, logger: logger)
                if state.withLock({ $0.opened(connection) }) { return connection }
                await connection.close()
                throw .poolClosed
            } catch .connectionFailed(let message) {
                let pause = state.withLock { state in
                    state.openingFailed()
                    return Backoff.pause(afterFailures: state.failuresInARow)
                }
                logger.warning("cannot connect to the database", metadata: ["reason": "\(message)"])
                let isLast = ContinuousClock.now + pause >= deadline || state.withLock { $0.isClosed }
                if isLast {
                    giveBackSlot()
                    throw .connectionFailed(message)
                }
                try await pauseOpening(for: pause)
            } catch {
                giveBackSlot()
                throw error
            }
        }
    }

    private func pauseOpening(for pause: Duration) async throws(PostgresError) {
        do {
            try await Task.sleep(for: pause)
        } catch {
            giveBackSlot()
            throw .cancelled
        }
    }

    // MARK: Giving back

    private func giveBack(_ connection: Connection) async {
        if !connection.health.isIdle, !connection.health.isBroken { await connection.rollBack() }
        guard connection.health.isIdle else {
            lost(connection)
            if connection.health.hasUnfitServer { await discardIdle() }
            giveBackSlot()
            return
        }
        let (isClosed, waiter) = state.withLock { state in
            if state.isClosed {
                state.remove(connection)
                return (true, nil as PoolState.Waiter?)
            }
            return (false, state.giveBack(connection))
        }
        waiter?.continuation.resume(returning: .connection(connection))
        if isClosed {
            await connection.close()
            giveBackSlot()
        }
    }

    /// Those at rest lead to the same server: each would cost somebody another wait for an answer.
    private func discardIdle() async {
        for connection in state.withLock({ $0.takeIdle() }) { await connection.close() }
    }

    private func lost(_ connection: Connection) {
        let isClosed = state.withLock { state in
            state.remove(connection)
            state.totals.lost += 1
            return state.isClosed
        }
        if !isClosed { logger.notice("a database connection broke and is discarded") }
    }

    private func giveBackSlot() {
        let waiter = state.withLock { $0.giveBackSlot() }
        waiter?.continuation.resume(returning: .slot)
    }
}

/// Shortcuts for a checkout with one call.
extension Pool {
    /// Runs one statement on any connection; it commits by itself. See `Connection.execute`.
    package func execute<S: Statement>(
        _ statement: S, deadline: Duration = .seconds(5)
    ) async throws(PostgresError) -> [S.Row] {
        try await withConnection(deadline: deadline) { connection throws(PostgresError) in
            try await connection.execute(statement)
        }
    }

    /// Runs a pipeline as one transaction on any connection. See `Connection.transaction`.
    package func transaction(
        _ pipeline: Pipeline, deadline: Duration = .seconds(5)
    ) async throws(PostgresError) -> Pipeline.Results {
        try await withConnection(deadline: deadline) { connection throws(PostgresError) in
            try await connection.transaction(pipeline)
        }
    }
}

/// Pauses between attempts to reach a server that cannot be reached: 50 ms, doubled up to 2 s, the upper half random so
/// that a crowd does not knock all at once.
enum Backoff {
    /// The pause after so many failures in a row, counted from 1.
    static func pause(afterFailures failures: Int) -> Duration {
        let longest = min(2_000, 50 << min(max(failures - 1, 0), 6))
        return .milliseconds(Int.random(in: (longest / 2)...longest))
    }
}
