import ArgumentParser
import NIOCore
import NIOPosix

/// `participant`: listens until it is stopped, and answers calls as it is told over the same port.
///
///     GET /mode?hold=MS|gate&reject=yes&busy=SECONDS&busy-third=SECONDS   how calls are answered from now on
///     GET /release                                                        answers what `gate` holds
///     GET /stats, GET /reset                                              what was counted; counts from here on
struct ParticipantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "participant", abstract: "A participant that says yes at once, or as it is told.")

    @Option(help: "Where to listen, on 127.0.0.1.")
    var port: Int
    @Option(help: "Milliseconds every call is held before it is answered, until it is told otherwise.")
    var latency: Int64 = 0

    func run() async throws {
        // One event loop: two cores are shared by everything that is measured.
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let mode = ParticipantMode(holdMilliseconds: latency)
        let state = try await loop.submit { NIOLoopBound(ParticipantState(mode: mode), eventLoop: loop) }.get()
        let server = try await ServerBootstrap(group: loop)
            // Thousands connect at once when an engine is started with thousands of calls to make.
            .serverChannelOption(.backlog, value: 8192)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ParticipantHandler(state.value))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        try await server.closeFuture.get()
    }
}
