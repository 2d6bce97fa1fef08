import ArgumentParser
import NIOCore
import NIOPosix

/// `participant`: listens until it is stopped, and answers every call with 200.
struct ParticipantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "participant", abstract: "A participant that says yes at once.")

    @Option(help: "Where to listen, on 127.0.0.1.")
    var port: Int
    @Option(help: "Milliseconds every call is held before it is answered.")
    var latency: Int64 = 0

    func run() async throws {
        let delay = latency > 0 ? TimeAmount.milliseconds(latency) : nil
        // One event loop: two cores are shared by everything that is measured.
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ParticipantHandler(delay: delay))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        try await server.closeFuture.get()
    }
}
