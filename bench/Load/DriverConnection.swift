import NIOCore

/// One connection of a `Driver`: writes starts, reads their answers in order.
final class DriverConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Set before the first start.
    var driver: Driver?
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    /// The times of the starts that are not answered, the eldest first.
    private var unanswered = CircularBuffer<NIODeadline>(initialCapacity: 4)

    var isIdle: Bool { unanswered.isEmpty }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(dueAt time: NIODeadline) {
        unanswered.append(time)
        guard let context, let driver else { return }
        context.write(wrapOutboundOut(driver.request), promise: nil)
    }

    func flush() {
        if let context, context.channel.isActive { context.flush() } else { closed() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        while let frame = HTTPFrame(received), let dueAt = unanswered.popFirst() {
            let status = received.responseStatus ?? 0
            // Only those who are turned away are told when to come again.
            let head =
                status == 503 ? received.getString(at: received.readerIndex, length: frame.headLength) ?? "" : ""
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            let retryAfter = RetryAfterLine.seconds(head)
            let again = driver?.answered(self, status: status, retryAfter: retryAfter, dueAt: dueAt)
            guard let again else { continue }
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(again)) {
                self.write(dueAt: dueAt)
                self.flush()
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { closed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func closed() {
        let count = unanswered.count
        unanswered.removeAll()
        driver?.closed(unanswered: count)
    }
}
