import NIOCore
import NIOPosix

/// Sends starts to the API as an `Arrival` wants it, and counts the answers.
///
/// All state belongs to one event loop, which it has for itself.
final class Driver {
    /// What came of a load.
    struct Result: Sendable {
        /// When the first start was sent, microseconds since 1970.
        var begunAt: Int64 = 0
        /// From then to the last answer.
        var seconds = 0.0
        var sent = 0
        var accepted = 0
        /// Answers 503, repeated starts included.
        var refused = 0
        /// Starts whose time came while every connection was waiting, and that were never sent.
        var unsent = 0
        /// Wrong answers of a burst, by what they were; starts whose connection was closed are here.
        var others: [String: Int] = [:]
        /// From each accepted start's time to its answer, in milliseconds.
        var latencies: [Double] = []
    }

    let request: ByteBuffer
    private let loop: NIOIsolatedEventLoop
    private let done: EventLoopPromise<Result>
    private var schedule: Schedule
    private var result = Result()
    private var begin = NIODeadline.now()
    private var answeredCount = 0
    /// All have their turn: one that is not used for long would be closed by the server.
    private var idle: CircularBuffer<DriverConnection>

    private init(
        _ arrival: Arrival, _ request: ByteBuffer, _ connections: [DriverConnection], _ loop: NIOIsolatedEventLoop,
        _ done: EventLoopPromise<Result>
    ) {
        self.request = request
        self.loop = loop
        self.done = done
        schedule = Schedule(arrival)
        idle = CircularBuffer(connections)
    }

    /// A load whose connections are open; nothing is sent on them yet.
    struct Ready: Sendable {
        fileprivate let arrival: Arrival
        fileprivate let target: APITarget
        fileprivate let group: MultiThreadedEventLoopGroup
        fileprivate let channels: [any Channel]

        /// Sends what there is to send, and returns when all is answered or given up.
        func send() async throws -> Result {
            let (loop, channels, arrival) = (group.next(), self.channels, self.arrival)
            let request = target.startRequest
            let done = loop.makePromise(of: Result.self)
            let sending = loop.submit {
                let connections = try channels.map {
                    try $0.pipeline.syncOperations.handler(type: DriverConnection.self)
                }
                let driver = Driver(arrival, request, connections, loop.assumeIsolated(), done)
                for connection in connections { connection.driver = driver }
                driver.start()
            }
            sending.cascadeFailure(to: done)
            return try await done.futureResult.get()
        }

        func close() async throws { try await group.shutdownGracefully() }
    }

    /// Opens the connections.
    static func ready(_ arrival: Arrival, at target: APITarget) async throws -> Ready {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DriverConnection())
                }
            }
        var channels: [any Channel] = []
        for _ in 0..<arrival.connections {
            channels.append(try await bootstrap.connect(host: "127.0.0.1", port: target.port).get())
        }
        return Ready(arrival: arrival, target: target, group: group, channels: channels)
    }

    static func run(_ arrival: Arrival, at target: APITarget) async throws -> Result {
        let driver = try await ready(arrival, at: target)
        let result = try await driver.send()
        try await driver.close()
        return result
    }

    private func start() {
        begin = .now()
        result.begunAt = WallClock.microseconds
        result.latencies.reserveCapacity(schedule.total)
        send()
        switch schedule.arrival {
        case .closed: break
        case .open: tick()
        case .burst:
            loop.scheduleTask(in: .seconds(120)) {
                self.result.others["no answer", default: 0] += self.schedule.total - self.answeredCount
                self.finish()
            }
        }
    }

    private var elapsed: Int64 { (NIODeadline.now() - begin).nanoseconds }

    /// Sends what has come due, and comes again in a millisecond.
    private func tick() {
        send()
        guard let unsent = schedule.giveUp(at: elapsed) else {
            loop.scheduleTask(in: .milliseconds(1)) { self.tick() }
            return
        }
        result.unsent = unsent
        if answeredCount == result.sent { finish() }
    }

    private func send() {
        while schedule.hasDue(at: elapsed), let connection = idle.popFirst() {
            for _ in 0..<schedule.arrival.depth {
                result.sent += 1
                connection.write(dueAt: begin + .nanoseconds(schedule.take()))
            }
            connection.flush()
        }
    }

    /// A start of that time has got its answer.
    ///
    /// - Returns: after how many seconds the connection shall send it again; nil is not at all.
    func answered(_ connection: DriverConnection, status: Int, retryAfter: Int64?, dueAt: NIODeadline) -> Int64? {
        switch schedule.arrival.verdict(status: status, retryAfter: retryAfter) {
        case .accepted:
            result.accepted += 1
            result.latencies.append((NIODeadline.now() - dueAt).milliseconds)
        case .refused: result.refused += 1
        case .repeated(let seconds):
            result.refused += 1
            return seconds
        case .other(let what): result.others[what, default: 0] += 1
        case .failed: done.fail(BenchError.refused(status: status))
        }
        if connection.isIdle { idle.append(connection) }
        count(1)
        return nil
    }

    /// A connection was closed, with so many starts that were not answered.
    func closed(unanswered: Int) {
        guard unanswered > 0 else { return }
        guard case .burst = schedule.arrival else {
            return done.fail(BenchError.disconnected("closed with a start in flight"))
        }
        result.others["closed", default: 0] += unanswered
        count(unanswered)
    }

    private func count(_ answers: Int) {
        answeredCount += answers
        if schedule.takenCount < schedule.total { send() } else if answeredCount == result.sent { finish() }
    }

    private func finish() {
        result.seconds = (NIODeadline.now() - begin).seconds
        // They hold their driver.
        idle.removeAll()
        done.succeed(result)
    }
}

extension TimeAmount {
    var seconds: Double { Double(nanoseconds) / 1e9 }
    var milliseconds: Double { Double(nanoseconds) / 1e6 }
}
