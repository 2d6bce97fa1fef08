import NIOCore

/// One connection of a `Load`: at most one start in flight.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let load: Load
    private var received = ByteBuffer()
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
            let wait = RetryAfterLine.seconds(head).map(TimeAmount.seconds) ?? .seconds(1)
            context.eventLoop.assumeIsolated().scheduleTask(in: wait) { self.send(context) }
        case let status:
            load.fail(.refused(status: status ?? 0, body: String(buffer: received)))
            context.close(promise: nil)
        }
    }

    private func next(_ context: ChannelHandlerContext) {
        if load.takeOne() { send(context) }
    }

    private func send(_ context: ChannelHandlerContext) {
        isInFlight = true
        context.writeAndFlush(wrapOutboundOut(load.request), promise: nil)
    }
}
