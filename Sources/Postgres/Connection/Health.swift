internal import Synchronization

internal import Glibc

/// What a pool asks about a connection without waiting for the connection's thread.
final class Health: Sendable {
    private enum State {
        static let idle: UInt8 = 0
        static let busy: UInt8 = 1
        static let broken: UInt8 = 2
    }

    private let state = Atomic<UInt8>(State.busy)
    private let socket = Atomic<Int32>(-1)
    private let isServerUnfit = Atomic(false)

    /// The session is gone for good.
    var isBroken: Bool { state.load(ordering: .acquiring) == State.broken }
    /// The session is alive as far as we know, and outside any transaction.
    var isIdle: Bool { state.load(ordering: .acquiring) == State.idle }

    /// It was the server that failed, not this session: it hangs, or takes no writes. Other sessions with it are no better.
    var hasUnfitServer: Bool { isServerUnfit.load(ordering: .acquiring) }

    func serverIsUnfit() { isServerUnfit.store(true, ordering: .releasing) }

    func opened(socket: Int32) { self.socket.store(socket, ordering: .releasing) }

    func settled(isIdle: Bool) { state.store(isIdle ? State.idle : State.busy, ordering: .releasing) }

    func broke() {
        state.store(State.broken, ordering: .releasing)
        socket.store(-1, ordering: .releasing)
    }

    /// Whether something arrived on an idle session: mostly that the server closed it. One system call, no waiting.
    ///
    /// To be asked only by whoever holds the connection exclusively, so that the socket is not closed meanwhile.
    var hasUnexpectedInput: Bool {
        var descriptor = pollfd(fd: socket.load(ordering: .acquiring), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) != 0
    }
}
