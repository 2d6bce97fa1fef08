import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import Telemetry

/// An HTTP server that takes OTLP requests and answers as a test wants. It is not what proves that the requests are
/// right: that is `TraceReceiverTests`.
final class TestCollector: Sendable {
    struct Request: Sendable {
        var uri: String
        var headers: HTTPHeaders
        var body: [UInt8] = []
        var arrived: ContinuousClock.Instant

        /// How many spans there are in it.
        var spanCount: Int {
            ProtobufReader.children(2, of: 2, of: 1, in: body[...]).count
        }
    }

    enum Reply: Sendable {
        case answer(Int, headers: [(String, String)] = [], body: [UInt8] = [])
        /// The same, after a time.
        case late(TimeAmount, Int)
        /// Never anything.
        case hang
        /// The head of a 200, and never its body.
        case half
        case close
    }

    typealias Script = @Sendable (_ number: Int, Request) -> Reply

    private let received = Mutex<[Request]>([])
    private let script: Script
    let bell = Bell()

    private init(_ script: @escaping Script) { self.script = script }

    var requests: [Request] { received.withLock { $0 } }
    var spanCount: Int { requests.reduce(0) { $0 + $1.spanCount } }

    /// Runs `body` with a collector at the URL it is given.
    static func with<Value>(
        _ script: @escaping Script, _ body: (TestCollector, _ url: String) async throws -> Value
    ) async throws -> Value {
        let collector = TestCollector(script)
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(Handler(collector: collector))
                }
            }
        let server = try await quiescing.bind(host: "127.0.0.1", port: 0).get()
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(
                try await body(collector, "http://127.0.0.1:\(server.localAddress?.port ?? 0)/v1/traces"))
        } catch { outcome = .failure(error) }
        try await server.close()
        return try outcome.get()
    }

    private func take(_ request: Request) -> Reply {
        let number = received.withLock { received in
            received.append(request)
            return received.count
        }
        bell.ring()
        return script(number, request)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let collector: TestCollector
        var request: Request?

        init(collector: TestCollector) { self.collector = collector }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = Request(uri: head.uri, headers: head.headers, arrived: .now)
            case .body(let part): request?.body += part.readableBytesView
            case .end:
                guard let request else { return }
                reply(collector.take(request), context: context)
            }
        }

        func reply(_ reply: Reply, context: ChannelHandlerContext) {
            switch reply {
            case .answer(let status, let headers, let body):
                answer(status, HTTPHeaders(headers), body, context: context)
            case .late(let delay, let status):
                context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                    self.answer(status, [:], [], context: context)
                }
            case .hang: break
            case .half:
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "10"])
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            case .close: context.close(promise: nil)
            }
        }

        func answer(_ status: Int, _ headers: HTTPHeaders, _ body: [UInt8], context: ChannelHandlerContext) {
            var headers = headers
            headers.replaceOrAdd(name: "content-length", value: "\(body.count)")
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
