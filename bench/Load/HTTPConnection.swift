import Core
import NIOCore
import NIOPosix

/// One keep-alive connection for requests that are made one by one.
struct HTTPConnection: Sendable {
    /// An answer, with the times at which the request left and the answer was complete.
    struct Reply: Sendable {
        let status: Int
        /// Its lines, as they came.
        let head: String
        let body: String
        let sentAt: NIODeadline
        let receivedAt: NIODeadline
    }

    fileprivate struct Request: Sendable {
        let bytes: ByteBuffer
        let reply: EventLoopPromise<Reply>
    }

    private let port: Int
    private let channel: any Channel

    /// - Parameter port: on 127.0.0.1.
    init(port: Int, on loop: any EventLoop) async throws {
        self.port = port
        channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RequestHandler())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Sends a complete request. One at a time.
    func send(_ request: ByteBuffer) async throws -> Reply {
        let reply = channel.eventLoop.makePromise(of: Reply.self)
        channel.writeAndFlush(Request(bytes: request, reply: reply)).cascadeFailure(to: reply)
        return try await reply.futureResult.get()
    }

    func get(_ path: String, host: String = "127.0.0.1") async throws -> Reply {
        try await send(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nhost: \(host):\(port)\r\n\r\n"))
    }

    /// The bytes of a complete request with a JSON body.
    ///
    /// - Parameter headers: lines that end as HTTP wants it.
    static func request(
        _ method: String, _ path: String, headers: String = "", body: JSON, port: Int
    ) -> ByteBuffer {
        let text = String(decoding: body.bytes, as: UTF8.self)
        return ByteBuffer(
            string: "\(method) \(path) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\n\(headers)"
                + "content-type: application/json\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)")
    }

    /// The other side has not closed it.
    var isOpen: Bool { channel.isActive }

    func close() async throws { if channel.isActive { try await channel.close() } }
}

private final class RequestHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = HTTPConnection.Request
    typealias OutboundOut = ByteBuffer

    private var received = ByteBuffer()
    private var waiting: (reply: EventLoopPromise<HTTPConnection.Reply>, sentAt: NIODeadline)?

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
        let head = received.readString(length: frame.headLength) ?? ""
        let body = received.readString(length: frame.bodyLength) ?? ""
        received.discardReadBytes()
        waiting.reply.succeed(
            HTTPConnection.Reply(
                status: status, head: head, body: body, sentAt: waiting.sentAt, receivedAt: .now()))
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.reply.fail(BenchError.disconnected("closed while a request was in flight"))
        waiting = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        waiting?.reply.fail(BenchError.disconnected("\(error)"))
        waiting = nil
        context.close(promise: nil)
    }
}
