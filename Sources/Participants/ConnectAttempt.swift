internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Opens one connection: looks the host up, tries its addresses in turn, shakes hands for TLS. Used only on its loop.
///
/// Whatever goes wrong here, the participant has not seen a request.
final class ConnectAttempt {
    /// Successors: lookingUp → connecting → handshaking → finished; each may go to finished at once.
    private enum Phase {
        case lookingUp
        case connecting
        case handshaking(Connection)
        case finished
    }

    private let pool: OriginPool
    let deadline: NIODeadline
    private var phase = Phase.lookingUp
    private var addresses: ArraySlice<ResolvedAddress> = []
    private var timeoutPerAddress: TimeAmount
    private var lastFailure: TransportFailure?

    init(pool: OriginPool) {
        self.pool = pool
        timeoutPerAddress = TimeAmount(pool.loopPool.configuration.connectTimeout)
        deadline = .now() + timeoutPerAddress
    }

    func resolved(_ result: Result<[ResolvedAddress], any Error>) {
        guard case .lookingUp = phase else { return }
        switch result {
        case .success(let found) where found.isEmpty:
            fail(.dns, "\(pool.origin.host) has no address that may be called.")
        case .success(let found):
            phase = .connecting
            addresses = found[...]
            // A first address that swallows packets must leave time for the second.
            timeoutPerAddress = .nanoseconds(timeoutPerAddress.nanoseconds / Int64(min(found.count, 3)))
            connectToNextAddress()
        case .failure(ParticipantsError.refusedAddress(let sentence)):
            fail(.notAllowed, sentence)
        case .failure(let error as ParticipantsError):
            fail(.dns, error.description)
        case .failure(let error):
            fail(.dns, "Looking up \(pool.origin.host) failed: \(error).")
        }
    }

    private func connectToNextAddress() {
        guard let address = addresses.popFirst() else {
            finish(lastFailure ?? TransportFailure(.connect, "No connection to \(pool.origin) was made."))
            return
        }
        let target: SocketAddress
        do {
            target = try SocketAddress(ipAddress: address.ip, port: pool.origin.port)
        } catch {
            lastFailure = TransportFailure(.dns, "\(pool.origin.host) has an address that cannot be used.")
            connectToNextAddress()
            return
        }
        let connection = Connection(pool: pool)
        let bound = NIOLoopBound((attempt: self, connection: connection), eventLoop: pool.loopPool.loop)
        ClientBootstrap(group: pool.loopPool.loop)
            .connectTimeout(timeoutPerAddress)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // One write per flush: when it fails at once, not a byte was written (see `Connection.perform`).
            .channelOption(.writeSpin, value: 0)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.attempt.addHandlers(to: channel, bound.value.connection)
                }
            }
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { self.connected($0.map { _ in connection }) }
    }

    private func addHandlers(to channel: any Channel, _ connection: Connection) throws {
        if pool.origin.scheme == .https {
            let handler = try pool.tls.makeHandler(host: pool.origin.host)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    private func connected(_ result: Result<Connection, any Error>) {
        switch (phase, result) {
        case (.connecting, .success(let connection)) where pool.origin.scheme == .https:
            phase = .handshaking(connection)
            connection.awaitHandshake(for: self)
        case (.connecting, .success(let connection)):
            opened(connection)
        case (.connecting, .failure(let error)):
            lastFailure = Self.failure(error, pool.origin)
            connectToNextAddress()
        case (.finished, .success(let connection)):
            connection.closeHard()
        case (.finished, .failure):
            break
        case (.lookingUp, _), (.handshaking, _):
            preconditionFailure("connected in the wrong phase")
        }
    }

    /// The connection is ready for calls.
    func opened(_ connection: Connection) {
        if case .finished = phase { return }
        guard connection.isOpen else {
            // It would stay in the pool for ever: its end has already been reported.
            fail(.connect, "\(pool.origin) closed the connection as soon as it was made.")
            return
        }
        phase = .finished
        pool.attemptSucceeded(self, connection)
    }

    /// A connection that was made failed in its TLS handshake; another address would not do better.
    func handshakeFailed(_ reason: String) {
        fail(.tls, "The TLS handshake with \(pool.origin) failed: \(reason).")
    }

    func expire() {
        switch phase {
        case .lookingUp: fail(.dns, "Looking up \(pool.origin.host) took too long.")
        case .connecting: fail(.connect, "Connecting to \(pool.origin) took too long.")
        case .handshaking: fail(.tls, "The TLS handshake with \(pool.origin) took too long.")
        case .finished: break
        }
    }

    func abandon(_ failure: TransportFailure) {
        finish(failure)
    }

    private func fail(_ kind: TransportFailure.Kind, _ message: String) {
        finish(TransportFailure(kind, message))
    }

    private func finish(_ failure: TransportFailure) {
        let before = phase
        if case .finished = before { return }
        phase = .finished
        if case .handshaking(let connection) = before { connection.closeHard() }
        pool.attemptFailed(self, failure)
    }

    private static func failure(_ error: any Error, _ origin: Origin) -> TransportFailure {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            TransportFailure(.connect, "\(origin) refused the connection.")
        case let error as IOError:
            TransportFailure(
                .connect, "Connecting to \(origin) failed: \(String(cString: strerror(error.errnoCode)).lowercased()).")
        case ChannelError.connectTimeout:
            TransportFailure(.connect, "Connecting to \(origin) took too long.")
        case is NIOSSLError, is NIOSSLExtraError:
            TransportFailure(.tls, "TLS with \(origin) cannot be set up: \(TLSContext.reason(of: error)).")
        default:
            TransportFailure(.connect, "Connecting to \(origin) failed: \(error).")
        }
    }
}
