internal import NIOCore
internal import NIOPosix

/// Everything the client has on one event loop: a pool per origin and identity and one timer for all their deadlines.
///
/// A timer per call would be set and cancelled a thousand times for each time it fires. The sweep is set for the
/// earliest deadline instead, and when it fires it looks at all of them; calls that end in time, which is nearly all,
/// never touch it. Used only on its loop.
final class LoopPool {
    /// Sweeps are at least this far apart, so a crowd of staggered deadlines costs a bounded share of the loop.
    private static let sweepInterval = TimeAmount.milliseconds(5)

    let loop: any EventLoop
    let configuration: ParticipantClient.Configuration
    let tls: TLSContext
    let resolverPool: NIOThreadPool
    private let connectionsPerOrigin: Int
    private let connections: Int
    /// An origin wanted a connection and there was no room for it.
    private var isShort = false
    private var origins: [PoolKey: OriginPool] = [:]
    private var sweepAt: NIODeadline?
    private var sweepTimer: Scheduled<Void>?
    /// Set once shutdown began: when calls in flight are given up, and what to do when the last connection is closed.
    private var shutdownState: (deadline: NIODeadline, whenDone: () -> Void)?

    init(
        loop: any EventLoop, connectionsPerOrigin: Int, connections: Int,
        configuration: ParticipantClient.Configuration, tls: TLSContext, resolverPool: NIOThreadPool
    ) {
        self.loop = loop
        self.connectionsPerOrigin = connectionsPerOrigin
        self.connections = connections
        self.configuration = configuration
        self.tls = tls
        self.resolverPool = resolverPool
    }

    var isShuttingDown: Bool { shutdownState != nil }

    var statistics: ParticipantClient.Statistics {
        origins.values.reduce(into: ParticipantClient.Statistics()) { $0 += $1.statistics }
    }

    func start(_ call: PendingCall) {
        guard !isShuttingDown else {
            call.finish(.notSent(TransportFailure(.shutdown, "The client was shut down.")))
            return
        }
        watch(call.deadline)
        let key = PoolKey(origin: call.call.baseURL.origin, identity: call.call.identity)
        if let pool = origins[key] {
            pool.start(call)
        } else {
            let pool = OriginPool(key, loopPool: self, quota: connectionsPerOrigin)
            origins[key] = pool
            pool.start(call)
        }
    }

    /// Makes sure that a sweep happens soon after the deadline.
    func watch(_ deadline: NIODeadline) {
        if let sweepAt, sweepAt <= deadline { return }
        sweepTimer?.cancel()
        sweepAt = deadline
        sweepTimer = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.sweep() }
    }

    private func sweep() {
        sweepAt = nil
        sweepTimer = nil
        let now = NIODeadline.now()
        if let shutdownState, shutdownState.deadline <= now {
            for pool in Array(origins.values) { pool.abandonCallsInFlight() }
        }
        var next: NIODeadline?
        for pool in Array(origins.values) {
            guard let earliest = pool.sweep(now) else { continue }
            next = next.map { min($0, earliest) } ?? earliest
        }
        origins = origins.filter { !$0.value.isEmpty }
        if let next { watch(max(next, now + Self.sweepInterval)) }
        checkDone()
    }

    /// Ends waiting calls and idle connections at once and the rest at the deadline; then calls `whenDone`.
    func shutdown(deadline: NIODeadline, whenDone: @escaping () -> Void) {
        guard shutdownState == nil else {
            whenDone()
            return
        }
        shutdownState = (deadline, whenDone)
        for pool in Array(origins.values) { pool.shutdown() }
        if deadline <= .now() {
            for pool in Array(origins.values) { pool.abandonCallsInFlight() }
        } else {
            watch(deadline)
        }
        checkDone()
    }

    // MARK: - Room for connections

    private var hasRoom: Bool { origins.values.reduce(0) { $0 + $1.connectionCount } < connections }

    /// Whether one more connection may be made, after an idle one of another origin was closed if need be.
    ///
    /// When false, `connectIfNeeded` of every origin is called as soon as a connection has ended or is idle.
    func makeRoom() -> Bool {
        if connections == .max || hasRoom { return true }
        let longestIdle = origins.values.min { ($0.idleUntil ?? .distantFuture) < ($1.idleUntil ?? .distantFuture) }
        longestIdle?.closeLongestIdle()
        if hasRoom { return true }
        isShort = true
        return false
    }

    /// A connection has ended, did not come about, or is idle.
    func roomFreed() {
        guard isShort else { return }
        isShort = false
        for pool in origins.values.sorted(by: { $0.connectionCount < $1.connectionCount }) { pool.connectIfNeeded() }
    }

    /// Whether an origin must give up one of its connections because calls to another wait that has none at all.
    func mustYield(_ pool: OriginPool) -> Bool {
        isShort && pool.connectionCount > 1 && origins.values.contains { $0.isStarving }
    }

    // MARK: - The end

    /// Called whenever a pool lost its last connection.
    func checkDone() {
        guard let shutdownState, origins.values.allSatisfy(\.isEmpty) else { return }
        origins = [:]
        sweepTimer?.cancel()
        sweepTimer = nil
        self.shutdownState = (shutdownState.deadline, {})
        shutdownState.whenDone()
    }
}
