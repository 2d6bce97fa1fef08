import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One connection of a `FaultyServer`: collects a request, then plays the script's acts.
final class FaultyConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let state: FaultyServer.SharedState
    private var received: [UInt8] = []
    private var number = 0

    init(state: FaultyServer.SharedState) {
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        number = state.value.withLock { state in
            defer { state.accepted += 1 }
            state.open[state.accepted] = channel
            state.mostOpen = max(state.mostOpen, state.open.count)
            return state.accepted
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.value.withLock { _ = $0.open.removeValue(forKey: number) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Resets and failed handshakes are what these tests are about; the client's side of them is what is checked.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        while let request = takeRequest() {
            let acts = state.script(request)
            if state.answersEarly { context.channel.setOption(.autoRead, value: false).whenFailure { _ in } }
            play(acts[...], on: context.channel)
        }
    }

    private func takeRequest() -> ReceivedRequest? {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let start = received.indices.first(where: { received[$0...].starts(with: end) }) else { return nil }
        let head = String(decoding: received[..<(start + 2)], as: UTF8.self)
        let probe = ReceivedRequest(number: 0, connection: 0, head: head, body: [])
        let length = state.answersEarly ? 0 : Int(probe.header("content-length") ?? "0") ?? 0
        guard received.count >= start + 4 + length else { return nil }
        let body = Array(received[(start + 4)..<(start + 4 + length)])
        received.removeFirst(state.answersEarly ? received.count : start + 4 + length)
        let connection = number
        let (request, reached) = state.value.withLock { state in
            let request = ReceivedRequest(
                number: state.requests.count, connection: connection, head: head, body: body)
            state.requests.append(request)
            let reached = state.waiting.filter { $0.count <= state.requests.count }
            state.waiting.removeAll { $0.count <= state.requests.count }
            return (request, reached)
        }
        for waiting in reached { waiting.promise.succeed(()) }
        return request
    }

    private func play(_ acts: ArraySlice<Act>, on channel: any Channel) {
        guard let act = acts.first else { return }
        let rest = acts.dropFirst()
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let goOn: @Sendable () -> Void = { bound.value.play(rest, on: channel) }
        switch act {
        case .send(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenSuccess(goOn)
        case .sendBytes(let bytes):
            channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenSuccess(goOn)
        case .drip(let text, let pause):
            guard let first = text.utf8.first else {
                goOn()
                return
            }
            channel.writeAndFlush(ByteBuffer(bytes: [first]), promise: nil)
            channel.eventLoop.assumeIsolated().scheduleTask(in: pause) {
                guard channel.isActive else { return }
                self.play([.drip(String(text.dropFirst()), every: pause)] + rest, on: channel)
            }
        case .endless(let text):
            channel.writeAndFlush(ByteBuffer(string: String(repeating: text, count: 512))).whenSuccess {
                // A turn of the loop each time: a write may succeed at once, and that must not become a recursion.
                channel.eventLoop.execute { bound.value.play(acts, on: channel) }
            }
        case .close:
            channel.close(promise: nil)
        case .reset:
            channel.closeWithReset(promise: nil)
        case .wait(let gate):
            gate.opened.hop(to: channel.eventLoop).whenSuccess(goOn)
        }
    }
}

extension Channel {
    /// Closes the socket so that the other side sees a reset, without any farewell of TLS.
    func closeWithReset(promise: EventLoopPromise<Void>?) {
        (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenSuccess {
            let handlers = self.pipeline.syncOperations
            if let tls = try? handlers.context(handlerType: NIOSSLServerHandler.self) {
                tls.close(promise: promise)
            } else {
                self.close(promise: promise)
            }
        }
    }
}
