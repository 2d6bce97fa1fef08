import NIOCore

/// One connection of a `Load`: at most one start in flight.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let load: Load
    private var received = ByteBuffer()
    private var sentAt = NIODeadline.now()
    private var isInFlight = false

    init(_ load: Load) { self.load = load }

    func channelActive(context: ChannelHandlerContext) { next(context) }

    func channelInactive(context: ChannelHandlerContext) {
        if isInFlight { load.fail(.disconnected("closed while a start was in flight")) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { load.fail(.disconnected("\(error)")) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        guard let frame = HTTPFrame(received) else { return }
        isInFlight = false
        switch received.responseStatus {
        case 202:
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            load.accepted()
            next(context)
        case 503:
            load.refused()
            let head = received.getString(at: received.readerIndex, length: frame.headLength) ?? ""
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            later(context, Self.retryAfter(head)) { self.send(context) }
        case let status:
            load.fail(.refused(status: status ?? 0, body: String(buffer: received)))
            context.close(promise: nil)
        }
    }

    private func next(_ context: ChannelHandlerContext) {
        guard load.takeOne() else { return }
        guard let pace = load.pace else { return send(context) }
        // A connection that is late sends at once and does not try to catch up.
        let due = sentAt + pace
        let now = NIODeadline.now()
        if due <= now { send(context) } else { later(context, due - now) { self.send(context) } }
    }

    private func send(_ context: ChannelHandlerContext) {
        isInFlight = true
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(load.request), promise: nil)
    }

    private func later(_ context: ChannelHandlerContext, _ time: TimeAmount, _ body: @escaping () -> Void) {
        context.eventLoop.assumeIsolated().scheduleTask(in: time, body)
    }

    /// A refusal without a readable `Retry-After` waits a second.
    private static func retryAfter(_ head: String) -> TimeAmount {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("retry-after:") {
            let value = line.dropFirst("retry-after:".count).drop { $0 == " " }
            if let seconds = Int64(value), seconds >= 0 { return .seconds(seconds) }
        }
        return .seconds(1)
    }
}
