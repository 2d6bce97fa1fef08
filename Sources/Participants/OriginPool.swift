internal import NIOCore
internal import NIOPosix

/// The connections to one origin with one identity on one event loop, and the calls that wait for one.
///
/// Idle connections are reused last in, first out, so that the surplus of a burst ages and is closed. Calls that find
/// none wait in order of arrival while connections are opened, one per waiting call, up to the quota. A connection
/// serves whoever waits longest, not the call it was opened for; so a failed attempt fails the call that waits longest,
/// and only when no other attempt is left for it. Used only on its loop.
final class OriginPool {
    let origin: Origin
    /// What its connections are made with.
    let tls: TLSContext
    let encoder: RequestEncoder
    let loopPool: LoopPool
    private let quota: Int
    /// Open connections, closing ones included, idle ones too.
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var idle: [Connection] = []
    private var attempts: [ObjectIdentifier: ConnectAttempt] = [:]
    private var waiting = CircularBuffer<PendingCall>()
    private var lookup = AddressLookup()

    init(_ key: PoolKey, loopPool: LoopPool, quota: Int) {
        origin = key.origin
        tls = key.identity?.context ?? loopPool.tls
        self.encoder = RequestEncoder(origin: origin)
        self.loopPool = loopPool
        self.quota = quota
    }

    /// Open and opening connections, closing ones included.
    var connectionCount: Int { connections.count + attempts.count }

    /// Calls wait, and not even an attempt is made to connect.
    var isStarving: Bool { !waiting.isEmpty && connectionCount == 0 }

    /// When the connection that has been idle longest is closed anyway; nil when none is idle.
    var idleUntil: NIODeadline? { idle.first?.deadline }

    func closeLongestIdle() {
        guard !idle.isEmpty else { return }
        idle.removeFirst().closePolitely()
    }

    var isEmpty: Bool { connections.isEmpty && attempts.isEmpty && waiting.isEmpty }

    var statistics: ParticipantClient.Statistics {
        var statistics = ParticipantClient.Statistics()
        statistics.connections = connections.count
        statistics.idle = idle.count
        statistics.connecting = attempts.count
        statistics.waiting = waiting.count
        return statistics
    }

    func start(_ call: PendingCall) {
        while let connection = idle.popLast() {
            guard connection.isOpen else { continue }
            connection.perform(call)
            return
        }
        guard waiting.count < loopPool.configuration.maxWaitingPerOrigin else {
            call.finish(.notSent(TransportFailure(.poolExhausted, "Too many calls wait for \(origin).")))
            return
        }
        waiting.append(call)
        connectIfNeeded()
    }

    /// Takes back a call whose connection turned out dead before a byte was written; it goes first on a new connection.
    func startAgain(_ call: PendingCall) {
        if loopPool.isShuttingDown {
            call.finish(.notSent(TransportFailure(.shutdown, "The client was shut down.")))
        } else if call.mayTryAgain() {
            waiting.prepend(call)
            connectIfNeeded()
        } else {
            call.finish(.notSent(TransportFailure(.connectionClosed, "\(origin) closes connections at once.")))
        }
    }

    /// Takes a connection that has nothing to do and gives it the next call, if there is one.
    func release(_ connection: Connection) {
        if loopPool.mustYield(self) { return connection.closePolitely() }
        if !waiting.isEmpty {
            let now = NIODeadline.now()
            while let call = waiting.popFirst() {
                if call.deadline <= now {
                    call.finish(.notSent(exhausted))
                } else if call.mayBegin() {
                    connection.perform(call)
                    return
                }
            }
        }
        if loopPool.isShuttingDown {
            connection.closePolitely()
        } else {
            idle.append(connection)
            loopPool.watch(connection.becomeIdle())
            loopPool.roomFreed()
        }
    }

    func connectionClosed(_ connection: Connection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        idle.removeAll { $0 === connection }
        loopPool.roomFreed()
        connectIfNeeded()
        if isEmpty { loopPool.checkDone() }
    }

    private var exhausted: TransportFailure {
        TransportFailure(.poolExhausted, "Every connection to \(origin) was busy until the deadline.")
    }

    // MARK: - Opening connections

    func connectIfNeeded() {
        while waiting.count > attempts.count, connectionCount < quota {
            guard loopPool.makeRoom() else { return }
            // Room is made by closing a connection, which may have led here before.
            guard waiting.count > attempts.count, connectionCount < quota else { return }
            let attempt = ConnectAttempt(pool: self)
            attempts[ObjectIdentifier(attempt)] = attempt
            loopPool.watch(attempt.deadline)
            resolve(for: attempt)
        }
    }

    private func resolve(for attempt: ConnectAttempt) {
        if let addresses = lookup.current(.now()) {
            attempt.resolved(.success(addresses))
            return
        }
        guard lookup.join(attempt) else { return }
        let (host, resolver) = (origin.host, loopPool.configuration.resolver)
        loopPool.resolverPool.runIfActive(eventLoop: loopPool.loop) { try resolver(host) }
            .assumeIsolated()
            .whenComplete { result in
                let lifetime = self.loopPool.configuration.addressLifetime
                for attempt in self.lookup.finish(result, lifetime: lifetime) { attempt.resolved(result) }
            }
    }

    func attemptSucceeded(_ attempt: ConnectAttempt, _ connection: Connection) {
        attempts.removeValue(forKey: ObjectIdentifier(attempt))
        connections[ObjectIdentifier(connection)] = connection
        release(connection)
    }

    func attemptFailed(_ attempt: ConnectAttempt, _ failure: TransportFailure) {
        attempts.removeValue(forKey: ObjectIdentifier(attempt))
        lookup.forget()
        if waiting.count > attempts.count, let call = waiting.popFirst() {
            call.finish(.notSent(failure))
        }
        loopPool.roomFreed()
        connectIfNeeded()
        if isEmpty { loopPool.checkDone() }
    }

    // MARK: - Deadlines and the end

    /// Ends whatever is past its deadline and returns the earliest deadline that is left.
    func sweep(_ now: NIODeadline) -> NIODeadline? {
        for attempt in Array(attempts.values) where attempt.deadline <= now { attempt.expire() }
        for connection in Array(connections.values) { connection.expire(now) }
        sweepWaiting(now)
        connectIfNeeded()
        var next: NIODeadline?
        func consider(_ deadline: NIODeadline?) {
            guard let deadline else { return }
            next = next.map { min($0, deadline) } ?? deadline
        }
        for attempt in attempts.values { consider(attempt.deadline) }
        for connection in connections.values { consider(connection.deadline) }
        for call in waiting { consider(call.deadline) }
        return next
    }

    private func sweepWaiting(_ now: NIODeadline) {
        guard waiting.contains(where: { $0.deadline <= now }) else { return }
        let connecting = TransportFailure(.connect, "No connection to \(origin) was made before the deadline.")
        let failure = connections.isEmpty && !attempts.isEmpty ? connecting : exhausted
        var left = CircularBuffer<PendingCall>()
        for call in waiting {
            if call.deadline <= now { call.finish(.notSent(failure)) } else { left.append(call) }
        }
        waiting = left
    }

    func shutdown() {
        let failure = TransportFailure(.shutdown, "The client was shut down.")
        while let call = waiting.popFirst() { call.finish(.notSent(failure)) }
        for attempt in Array(attempts.values) { attempt.abandon(failure) }
        for connection in idle { connection.closePolitely() }
        idle = []
    }

    func abandonCallsInFlight() {
        for connection in Array(connections.values) { connection.abandon() }
    }
}
