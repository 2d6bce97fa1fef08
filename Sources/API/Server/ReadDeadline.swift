import NIOCore

/// Tells when a request takes too long to arrive, and closes connections nobody uses.
///
/// It sees bytes before they are parsed, so that one byte of a header every second does not keep a connection. One
/// coarse timer per connection instead of one per request: a deadline is noticed at most a quarter of it late.
final class ReadDeadline: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// The event that a request did not arrive in time.
    struct Passed {}

    /// The event, outbound, that a route reads its body as it comes, however long that takes, and sees itself to it that
    /// nobody keeps the connection for nothing.
    struct HandOver {}

    private enum Phase {
        case idle(since: NIODeadline)
        /// Something has arrived, and is not read yet.
        case held
        case reading(since: NIODeadline)
        /// A route reads, by a deadline of its own.
        case handedOver
        case answering
    }

    private let requestTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private var phase = Phase.answering
    /// The request that is arriving began like one, and not like a TLS handshake or worse.
    private(set) var beganWithLetter = true
    private var timer: Scheduled<Void>?

    init(requestTimeout: Duration, idleTimeout: Duration) {
        self.requestTimeout = TimeAmount(requestTimeout)
        self.idleTimeout = TimeAmount(idleTimeout)
    }

    /// Between two requests.
    var isIdle: Bool { if case .idle = phase { true } else { false } }

    /// What comes in is held back for a while; the client is not to blame for that.
    func hold() { if case .idle = phase { phase = .held } }

    /// The last byte of a request is here.
    func requestArrived() { phase = .answering }

    /// The route that gets the body that is coming in now takes as long as it likes. For this one request.
    func handOver() { if case .reading = phase { phase = .handedOver } }

    /// No request waits for its answer.
    func answered() { if case .answering = phase { phase = .idle(since: .now()) } }

    func handlerAdded(context: ChannelHandlerContext) {
        phase = .idle(since: .now())
        schedule(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .idle, .held:
            phase = .reading(since: .now())
            let buffer = unwrapInboundIn(data)
            let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
            beganWithLetter = first.map { ($0 | 0x20) &- 0x61 < 26 } ?? true
        case .reading, .handedOver, .answering: break
        }
        context.fireChannelRead(data)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        let interval = TimeAmount.nanoseconds(min(requestTimeout, idleTimeout).nanoseconds / 4)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.check(context) }
    }

    private func check(_ context: ChannelHandlerContext) {
        switch phase {
        case .idle(let since) where .now() >= since + idleTimeout:
            return context.close(promise: nil)
        case .reading(let since) where .now() >= since + requestTimeout:
            return context.fireUserInboundEventTriggered(Passed())
        case .idle, .held, .reading, .handedOver, .answering:
            schedule(context)
        }
    }
}
