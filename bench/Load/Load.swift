import NIOCore
import NIOPosix

/// Starts runs over keep-alive connections, a closed loop: each sends its next start when the last is answered.
///
/// All state belongs to one event loop. A 503 is no failure: the start is repeated after its `Retry-After`.
final class Load {
    /// What came of it.
    struct Result: Sendable {
        /// When the first start was sent, microseconds since 1970.
        var firstSentAt: Int64
        /// From the first start sent to the last one accepted.
        var seconds: Double
        /// Answers 503.
        var refusals: Int
    }

    let request: ByteBuffer
    private let runs: Int
    private let done: EventLoopPromise<Result>
    private var startedCount = 0
    private var acceptedCount = 0
    private var refusalCount = 0
    private var firstSent: (wall: Int64, clock: NIODeadline)?

    private init(request: ByteBuffer, runs: Int, done: EventLoopPromise<Result>) {
        self.request = request
        self.runs = runs
        self.done = done
    }

    /// Starts `runs` runs and returns when all are accepted.
    static func start(
        _ runs: Int, at target: APITarget, connections: Int = 64, on loop: any EventLoop
    ) async throws -> Result {
        let done = loop.makePromise(of: Result.self)
        let request = target.startRequest
        let load = try await loop.submit {
            NIOLoopBound(Load(request: request, runs: runs, done: done), eventLoop: loop)
        }.get()
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LoadConnection(load.value))
                }
            }
        var channels: [any Channel] = []
        do {
            for _ in 0..<connections {
                channels.append(try await bootstrap.connect(host: "127.0.0.1", port: target.port).get())
            }
        } catch {
            done.fail(BenchError.disconnected("\(error)"))
        }
        let result = try await done.futureResult.get()
        for channel in channels { channel.close(promise: nil) }
        return result
    }

    /// Whether there is one more run to start; it counts as started.
    func takeOne() -> Bool {
        guard startedCount < runs else { return false }
        startedCount += 1
        if firstSent == nil { firstSent = (WallClock.microseconds, .now()) }
        return true
    }

    func accepted() {
        acceptedCount += 1
        guard acceptedCount == runs, let firstSent else { return }
        done.succeed(
            Result(
                firstSentAt: firstSent.wall, seconds: (NIODeadline.now() - firstSent.clock).seconds,
                refusals: refusalCount))
    }

    func refused() { refusalCount += 1 }

    func fail(_ error: BenchError) { done.fail(error) }
}

extension TimeAmount {
    var seconds: Double { Double(nanoseconds) / 1e9 }
    var milliseconds: Double { Double(nanoseconds) / 1e6 }
}
