import NIOCore

/// Answers each request on one connection with the same bytes, in order, at once or after a delay.
final class ParticipantHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer = ByteBuffer(
        string:
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(BenchWorkflow.answer.utf8.count)"
            + "\r\n\r\n" + BenchWorkflow.answer)

    private let delay: TimeAmount?
    private var received = ByteBuffer()
    private var hasWritten = false

    init(delay: TimeAmount?) { self.delay = delay }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        while let frame = HTTPFrame(received) {
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            answer(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasWritten else { return }
        hasWritten = false
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ context: ChannelHandlerContext) {
        guard let delay else {
            hasWritten = true
            return context.write(wrapOutboundOut(Self.answer), promise: nil)
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            context.writeAndFlush(self.wrapOutboundOut(Self.answer), promise: nil)
        }
    }
}
