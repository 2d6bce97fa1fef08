internal import Basics
package import NIOCore

/// Tells when a request takes too long to arrive, and closes connections nobody uses.
///
/// It sees bytes before they are parsed, so that one byte of a header every second does not keep a connection. One
/// coarse timer per connection instead of one per request: a deadline is noticed at most a quarter of it late.
///
/// A connection is idle once its answers have left: a client that reads a long one slowly but steadily has its time,
/// and one that takes nothing for the same time is closed, too.
package final class ReadDeadline: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer

    /// The event that a request did not arrive in time.
    struct Passed {}

    /// The event, outbound, that a route reads its body as it comes, however long that takes, and sees itself to it that
    /// nobody keeps the connection for nothing.
    package struct HandOver: Sendable {
        package init() {}
    }

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
    private var phase = Phase.answering {
        didSet {
            guard let place else { return }
            if case .idle(let since) = phase { place.becomeIdle(since: since) } else { place.becomeBusy() }
        }
    }
    /// Where it is told whether the connection is idle.
    private var place: ConnectionRoom.Place?
    /// Bytes of answers that had not left at the last look, and when that number was seen to change.
    private var unsent = (bytes: 0, changedAt: NIODeadline.uptimeNanoseconds(0))
    /// The request that is arriving began like one, and not like a TLS handshake or worse.
    private(set) var beganWithLetter = true
    private var timer: Scheduled<Void>?

    init(requestTimeout: Duration, idleTimeout: Duration) {
        self.requestTimeout = TimeAmount(requestTimeout)
        self.idleTimeout = TimeAmount(idleTimeout)
    }

    /// Tells the place from now on whether the connection is idle.
    func take(_ place: ConnectionRoom.Place) {
        self.place = place
        if case .idle(let since) = phase { place.becomeIdle(since: since) }
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

    package func handlerAdded(context: ChannelHandlerContext) {
        phase = .idle(since: .now())
        schedule(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .idle, .held:
            phase = .reading(since: .now())
            let buffer = unwrapInboundIn(data)
            let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
            beganWithLetter = first?.isLetter ?? true
        case .reading, .handedOver, .answering: break
        }
        context.fireChannelRead(data)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        let interval = TimeAmount.nanoseconds(min(requestTimeout, idleTimeout).nanoseconds / 4)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.check(context) }
    }

    private func check(_ context: ChannelHandlerContext) {
        let left = context.channel.unsentBytes
        if left != unsent.bytes { unsent = (left, .now()) }
        if left > 0, .now() >= unsent.changedAt + idleTimeout { return context.close(promise: nil) }
        switch phase {
        case .idle(let since) where left == 0 && since < unsent.changedAt:
            phase = .idle(since: unsent.changedAt)
            schedule(context)
        case .idle(let since) where left == 0 && .now() >= since + idleTimeout:
            return context.close(promise: nil)
        case .reading(let since) where .now() >= since + requestTimeout:
            return context.fireUserInboundEventTriggered(Passed())
        case .idle(let since) where left == 0:
            // It may have been taken for busy because its answer had not left.
            place?.becomeIdle(since: since)
            schedule(context)
        case .idle, .held, .reading, .handedOver, .answering:
            schedule(context)
        }
    }
}
