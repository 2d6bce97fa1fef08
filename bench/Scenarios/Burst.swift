import NIOCore
import NIOPosix

/// Thousands of starts at once: every connection sends several, one behind the other, without waiting for answers.
///
/// All state belongs to one event loop.
final class Burst {
    /// How the starts were answered.
    struct Result: Sendable {
        /// From the first start sent to the last answer.
        var seconds = 0.0
        var accepted = 0
        /// 503 with a `Retry-After`.
        var refused = 0
        /// Anything else, by what it was; starts whose connection was closed are here.
        var others: [String: Int] = [:]
        var begunAt: Int64 = 0
    }

    let request: ByteBuffer
    let perConnection: Int
    private let total: Int
    private let done: EventLoopPromise<Result>
    private var result = Result()
    private var begin = NIODeadline.now()
    private var answered = 0

    private init(request: ByteBuffer, connections: Int, perConnection: Int, done: EventLoopPromise<Result>) {
        self.request = request
        self.perConnection = perConnection
        total = connections * perConnection
        self.done = done
    }

    /// Opens the connections; nothing is sent on them yet.
    static func open(
        connections: Int, perConnection: Int, at target: APITarget, on loop: any EventLoop
    ) async throws -> OpenBurst {
        let done = loop.makePromise(of: Result.self)
        let request = target.startRequest
        let burst = try await loop.submit {
            let burst = Burst(
                request: request, connections: connections, perConnection: perConnection, done: done)
            return NIOLoopBound(burst, eventLoop: loop)
        }.get()
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BurstConnection(burst.value))
                }
            }
        var channels: [any Channel] = []
        do {
            for _ in 0..<connections {
                channels.append(try await bootstrap.connect(host: "127.0.0.1", port: target.port).get())
            }
        } catch {
            done.fail(error)
            throw error
        }
        return OpenBurst(burst: burst, channels: channels, loop: loop, result: done.futureResult)
    }

    /// A burst whose connections are open.
    struct OpenBurst: Sendable {
        fileprivate let burst: NIOLoopBound<Burst>
        fileprivate let channels: [any Channel]
        fileprivate let loop: any EventLoop
        fileprivate let result: EventLoopFuture<Result>

        /// Sends everything, and returns when all is answered or given up.
        func send(timeout: TimeAmount = .seconds(120)) async throws -> Result {
            let (burst, channels, loop) = (self.burst, self.channels, self.loop)
            loop.execute { burst.value.begin(channels, timeout, loop.assumeIsolated()) }
            return try await result.get()
        }

        func close() async {
            // Those the API has closed are no error here: what was unanswered on them is counted.
            for channel in channels { try? await channel.close() }
        }
    }

    fileprivate func begin(_ channels: [any Channel], _ timeout: TimeAmount, _ loop: NIOIsolatedEventLoop) {
        begin = .now()
        result.begunAt = WallClock.microseconds
        for channel in channels {
            do { try channel.pipeline.syncOperations.handler(type: BurstConnection.self).send() } catch {
                done.fail(BenchError.disconnected("a connection was closed before the burst"))
            }
        }
        loop.scheduleTask(in: timeout) {
            guard self.answered < self.total else { return }
            self.result.others["no answer", default: 0] += self.total - self.answered
            self.done.succeed(self.result)
        }
    }

    func answered(_ status: Int, hasRetryAfter: Bool) {
        switch (status, hasRetryAfter) {
        case (202, _): result.accepted += 1
        case (503, true): result.refused += 1
        case (503, false): result.others["503 without Retry-After", default: 0] += 1
        default: result.others["\(status)", default: 0] += 1
        }
        count(1)
    }

    func closed(unanswered: Int) {
        guard unanswered > 0 else { return }
        result.others["closed", default: 0] += unanswered
        count(unanswered)
    }

    private func count(_ answers: Int) {
        answered += answers
        guard answered == total else { return }
        result.seconds = (NIODeadline.now() - begin).seconds
        done.succeed(result)
    }
}

/// One connection of a `Burst`.
final class BurstConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let burst: Burst
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var unanswered = 0

    init(_ burst: Burst) { self.burst = burst }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send() {
        unanswered = burst.perConnection
        guard let context else { return finish() }
        for _ in 0..<burst.perConnection { context.write(wrapOutboundOut(burst.request), promise: nil) }
        context.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        while unanswered > 0, let frame = HTTPFrame(received) {
            unanswered -= 1
            let status = received.responseStatus ?? 0
            let head =
                status == 503 ? received.getString(at: received.readerIndex, length: frame.headLength) ?? "" : ""
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
            burst.answered(status, hasRetryAfter: RetryAfterLine.seconds(head) != nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func finish() {
        burst.closed(unanswered: unanswered)
        unanswered = 0
    }
}
