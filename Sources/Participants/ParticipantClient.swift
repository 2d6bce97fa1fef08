package import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The client with which engines call participants: HTTP/1.1 over kept-alive connections, built for many small calls.
///
/// This folder is the whole of it. A call enters here, is checked against `RequestRules`, and goes to the `LoopPool` of
/// one event loop. From there on everything happens on that loop without locks: its `OriginPool` finds or opens a
/// `Connection` (`ConnectAttempt`: look-up, connect, TLS), the connection writes what `RequestEncoder` made and reads
/// the answer with `ResponseParser`. One sweep per loop, not one timer per call, watches all deadlines.
///
/// What a result means for a step is not decided here; this module only knows whether the participant may have seen the
/// request: `notSent` if surely not, `unknown` if it may have.
package final class ParticipantClient: Sendable {
    private static let longestTimeout = Duration.seconds(86_400)
    /// Look-ups block a thread each; a few dead names must not hold up the others.
    private static let resolverThreads = 6

    private let loops: [NIOLoopBoundBox<LoopPool>]
    private let maxConnectionsPerOrigin: Int
    private let resolverPool: NIOThreadPool
    private let turn = Atomic<Int>(0)

    /// - Throws: `.invalidTrustRoots` or `.invalidTLSConfiguration`.
    ///
    /// The client must be shut down before it is released, and before the event loops are.
    package init(
        eventLoopGroup: any EventLoopGroup, configuration: Configuration = Configuration()
    ) throws(ParticipantsError) {
        let tls = try TLSContext(trustRootsFile: configuration.trustRootsFile)
        let eventLoops = Array(eventLoopGroup.makeIterator())
        let resolverPool = NIOThreadPool(numberOfThreads: Self.resolverThreads)
        resolverPool.start()
        let quotas = Self.quotas(of: configuration.maxConnectionsPerOrigin, over: eventLoops.count)
        let total = configuration.maxConnections.map { max(1, $0 / quotas.count(where: { $0 > 0 })) }
        loops = zip(eventLoops, quotas).map { loop, quota in
            .makeBoxSendingValue(
                LoopPool(
                    loop: loop, connectionsPerOrigin: quota, connections: total ?? .max, configuration: configuration,
                    tls: tls,
                    resolverPool: resolverPool),
                eventLoop: loop)
        }
        maxConnectionsPerOrigin = configuration.maxConnectionsPerOrigin
        self.resolverPool = resolverPool
    }

    /// Whether a PEM file of certificates can be trusted as a client would. Blocks.
    ///
    /// - Throws: `.invalidTrustRoots` or `.invalidTLSConfiguration`.
    package static func check(trustRootsFile: String) throws(ParticipantsError) {
        _ = try TLSContext(trustRootsFile: trustRootsFile)
    }

    /// Makes one call and waits for its end, at most for the call's timeout.
    ///
    /// Cancelling the task does not abort the call: whether the participant saw it must still be learned.
    package func send(_ call: ParticipantCall) async -> TransportResult {
        await withCheckedContinuation { continuation in send(call) { continuation.resume(returning: $0) } }
    }

    /// Makes one call; `completion` gets its end, once, on an event loop or on the calling thread.
    ///
    /// Called on one of the event loops, it stays there and saves two changes of thread.
    /// - Parameter isWanted: asked when the call has waited for a connection; if false it ends `notSent`.
    package func send(
        _ call: ParticipantCall, isWanted: @escaping @Sendable () -> Bool = { true },
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        if let violation = RequestRules.violation(of: call) {
            return completion(.notSent(TransportFailure(.invalidRequest, violation)))
        }
        guard call.timeout > .zero else {
            let failure = TransportFailure(.timeout, "The deadline had passed before the call was sent.")
            return completion(.notSent(failure))
        }
        let deadline = NIODeadline.now() + TimeAmount(min(call.timeout, Self.longestTimeout))
        let pool = nextLoop()
        if pool.eventLoop.inEventLoop {
            pool.value.start(PendingCall(call, deadline: deadline, isWanted: isWanted, completion: completion))
        } else {
            pool.eventLoop.execute {
                pool.value.start(PendingCall(call, deadline: deadline, isWanted: isWanted, completion: completion))
            }
        }
    }

    /// Ends the client: waiting calls end `notSent`, calls in flight have `grace` to end by themselves and then end
    /// `unknown`.
    ///
    /// Returns when every connection is closed. Calls made afterwards end `notSent`. A look-up that hangs in the C
    /// library is not waited for.
    package func shutdown(grace: Duration = .zero) async {
        let deadline = NIODeadline.now() + TimeAmount(min(grace, Self.longestTimeout))
        for pool in loops {
            await withCheckedContinuation { continuation in
                pool.eventLoop.execute {
                    pool.value.shutdown(deadline: deadline) { continuation.resume() }
                }
            }
        }
        resolverPool.shutdownGracefully { _ in }
    }

    /// What the client holds at this moment, over all event loops and origins.
    package func statistics() async -> Statistics {
        var total = Statistics()
        for pool in loops {
            total += await withCheckedContinuation { continuation in
                pool.eventLoop.execute { continuation.resume(returning: pool.value.statistics) }
            }
        }
        return total
    }

    /// The loop we are on, if it is one of ours; otherwise they take turns.
    private func nextLoop() -> NIOLoopBoundBox<LoopPool> {
        // With fewer connections than loops, only the first loops have any.
        let usable = min(loops.count, maxConnectionsPerOrigin)
        for index in 0..<usable where loops[index].eventLoop.inEventLoop { return loops[index] }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return loops[Int(UInt(bitPattern: turn) % UInt(usable))]
    }

    /// Divides the connections among the loops so that no more than `total` can exist.
    private static func quotas(of total: Int, over count: Int) -> [Int] {
        precondition(total >= 1 && count >= 1, "a client needs a connection and an event loop")
        return (0..<count).map { total / count + ($0 < total % count ? 1 : 0) }
    }
}

extension ParticipantClient {
    /// Limits of the client; the defaults fit an engine.
    package struct Configuration: Sendable {
        /// Looking up the host, connecting and the TLS handshake together. A call's own deadline holds as well.
        package var connectTimeout: Duration = .seconds(2)
        /// The largest body an answer may have, in bytes.
        package var maxResponseBytes = 256 * 1024
        /// All header lines of an answer together, in bytes, and how many there may be.
        package var maxHeaderBytes = 64 * 1024
        package var maxHeaders = 256
        /// An unused connection is closed after this time, which must be shorter than what servers allow (commonly 5
        /// s), or calls are lost to connections that the server is closing. A shorter `Keep-Alive: timeout=` of a
        /// server is obeyed.
        package var idleTimeout: Duration = .seconds(4)
        /// Open and opening connections to one origin, over all event loops.
        package var maxConnectionsPerOrigin = 128
        /// Open and opening connections to all origins together, as many as there are file descriptors for; nil for no
        /// bound. Divided among the event loops, each of which has one at least.
        package var maxConnections: Int?
        /// Calls that may wait for a connection to one origin on one event loop; further ones fail at once.
        package var maxWaitingPerOrigin = 4096
        /// How long the addresses of a host are believed. A failed connect forgets them.
        package var addressLifetime: Duration = .seconds(5)
        /// Looks up hosts; the place to refuse addresses.
        package var resolver: HostResolver = systemResolver
        /// A PEM file of certificates to trust besides the system's.
        package var trustRootsFile: String?

        package init() {}
    }
}

extension ParticipantClient {
    /// How many connections and calls a client holds; for metrics, and for tests that nothing leaks.
    package struct Statistics: Hashable, Sendable {
        /// Open connections, idle ones included.
        package var connections = 0
        package var idle = 0
        /// Connections being opened.
        package var connecting = 0
        /// Calls that wait for a connection.
        package var waiting = 0

        package init() {}

        static func += (total: inout Statistics, part: Statistics) {
            total.connections += part.connections
            total.idle += part.idle
            total.connecting += part.connecting
            total.waiting += part.waiting
        }
    }
}
