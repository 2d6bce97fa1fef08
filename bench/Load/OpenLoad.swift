import NIOCore
import NIOPosix

/// Starts runs at a given rate whatever becomes of them: an open loop.
///
/// Each start has its time. It is sent then, on a connection that has nothing in flight; if there is none it is sent
/// late, and its latency still counts from its time. A 503 is counted and not repeated: that start was turned away.
/// What could not be sent by the end never is. All state belongs to one event loop.
final class OpenLoad {
    /// What came of it.
    struct Result: Sendable {
        /// Of the first start, microseconds since 1970.
        var begunAt: Int64
        var sent = 0
        var accepted = 0
        var refused = 0
        /// Starts whose time came while every connection was waiting, and that were never sent.
        var unsent = 0
        /// From each accepted start's time to its answer, in milliseconds.
        var latencies: [Double] = []
    }

    let request: ByteBuffer
    private let interval: Double
    private let total: Int
    private let done: EventLoopPromise<Result>
    private let begin = NIODeadline.now()
    private var result = Result(begunAt: WallClock.microseconds)
    /// All have their turn: one that is not used for long would be closed by the server.
    private var idle: CircularBuffer<OpenConnection>
    private var taken = 0
    private var inFlight = 0

    private init(
        request: ByteBuffer, rate: Double, seconds: Double, connections: [OpenConnection],
        done: EventLoopPromise<Result>
    ) {
        self.request = request
        interval = 1e9 / rate
        total = Int((rate * seconds).rounded())
        idle = CircularBuffer(connections)
        self.done = done
        result.latencies.reserveCapacity(total)
    }

    /// Returns when the time is over and everything sent is answered.
    static func start(
        rate: Double, seconds: Double, at target: APITarget, connections: Int, on loop: any EventLoop
    ) async throws -> Result {
        let done = loop.makePromise(of: Result.self)
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(OpenConnection())
                }
            }
        var channels: [any Channel] = []
        for _ in 0..<connections {
            channels.append(try await bootstrap.connect(host: "127.0.0.1", port: target.port).get())
        }
        let request = target.startRequest
        let all = channels
        try await loop.submit {
            let handlers = try all.map { try $0.pipeline.syncOperations.handler(type: OpenConnection.self) }
            let load = OpenLoad(
                request: request, rate: rate, seconds: seconds, connections: handlers, done: done)
            for handler in handlers { handler.load = load }
            load.tick(loop.assumeIsolated())
        }.get()
        let result = try await done.futureResult.get()
        for channel in channels { try await channel.close() }
        return result
    }

    /// Sends what is due, and comes again in a millisecond.
    private func tick(_ loop: NIOIsolatedEventLoop) {
        send()
        if due(.now()) >= total {
            result.unsent += total - taken
            taken = total
            return finishIfDone()
        }
        loop.scheduleTask(in: .milliseconds(1)) { self.tick(loop) }
    }

    private func send() {
        let due = due(.now())
        while taken < due, let connection = idle.popFirst() {
            let time = begin + .nanoseconds(Int64(Double(taken) * interval))
            taken += 1
            inFlight += 1
            result.sent += 1
            connection.send(dueAt: time)
        }
    }

    private func due(_ now: NIODeadline) -> Int {
        min(Int(Double((now - begin).nanoseconds) / interval) + 1, total)
    }

    func answered(_ connection: OpenConnection, status: Int, dueAt: NIODeadline) {
        inFlight -= 1
        switch status {
        case 202:
            result.accepted += 1
            result.latencies.append((NIODeadline.now() - dueAt).milliseconds)
        case 503: result.refused += 1
        default: return done.fail(BenchError.refused(status: status, body: ""))
        }
        idle.append(connection)
        if taken < total { send() } else { finishIfDone() }
    }

    func fail(_ error: BenchError) { done.fail(error) }

    private func finishIfDone() {
        if taken == total, inFlight == 0 { done.succeed(result) }
    }
}

/// One connection of an `OpenLoad`: at most one start in flight.
final class OpenConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Set before the first start, and the load holds its connections: both end with the program.
    var load: OpenLoad?
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var dueAt: NIODeadline?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(dueAt time: NIODeadline) {
        guard let load else { return }
        guard let context else { return load.fail(.disconnected("closed while nobody used it")) }
        dueAt = time
        context.writeAndFlush(wrapOutboundOut(load.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        guard let frame = HTTPFrame(received), let time = dueAt else { return }
        let status = received.responseStatus ?? 0
        received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
        dueAt = nil
        load?.answered(self, status: status, dueAt: time)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if dueAt != nil { load?.fail(.disconnected("closed while a start was in flight")) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { load?.fail(.disconnected("\(error)")) }
}
