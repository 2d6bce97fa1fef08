import NIOCore
import NIOPosix

/// One keep-alive connection for starts that are measured one by one.
struct StartClient: Sendable {
    /// An answer, with the times at which the request left and the answer was complete.
    struct Reply: Sendable {
        let status: Int
        let body: String
        let sentAt: NIODeadline
        let receivedAt: NIODeadline
    }

    fileprivate struct Request: Sendable {
        let bytes: ByteBuffer
        let reply: EventLoopPromise<Reply>
    }

    private let channel: any Channel
    private let request: ByteBuffer

    init(_ target: APITarget, on loop: any EventLoop) async throws {
        request = target.startRequest
        channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StartHandler())
                }
            }
            .connect(host: "127.0.0.1", port: target.port).get()
    }

    /// Starts a run. One at a time.
    func start() async throws -> Reply {
        let reply = channel.eventLoop.makePromise(of: Reply.self)
        channel.writeAndFlush(Request(bytes: request, reply: reply)).cascadeFailure(to: reply)
        return try await reply.futureResult.get()
    }

    func close() async throws { try await channel.close() }
}

private final class StartHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = StartClient.Request
    typealias OutboundOut = ByteBuffer

    private var received = ByteBuffer()
    private var waiting: (reply: EventLoopPromise<StartClient.Reply>, sentAt: NIODeadline)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        waiting = (request.reply, .now())
        context.write(wrapOutboundOut(request.bytes), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        received.writeBuffer(&chunk)
        guard let frame = HTTPFrame(received), let waiting else { return }
        self.waiting = nil
        let status = received.responseStatus ?? 0
        received.moveReaderIndex(forwardBy: frame.headLength)
        let body = received.readString(length: frame.bodyLength) ?? ""
        received.discardReadBytes()
        waiting.reply.succeed(
            StartClient.Reply(status: status, body: body, sentAt: waiting.sentAt, receivedAt: .now()))
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.reply.fail(BenchError.disconnected("closed while a start was in flight"))
        waiting = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        waiting?.reply.fail(BenchError.disconnected("\(error)"))
        waiting = nil
        context.close(promise: nil)
    }
}
