// The demo participants: payments, inventory, notifications, orders, dispatch and invoicing, each with a port and a
// Postgres database of its own. One process serves all of them or some. They are what a good participant looks like
// (Barrier/), they fail on request (Faults/), and they tell what happened to them (Ledger/), so that demos can be
// watched and sagas be checked from the far end.

internal import ArgumentParser
internal import Core
internal import Glibc
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Postgres
internal import ServiceLifecycle
internal import UnixSignals

/// `sagaflow-mocks`: serves until SIGTERM or SIGINT.
@main
struct MocksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sagaflow-mocks", abstract: "The demo participants, on consecutive ports.",
        version: sagaflowVersion)

    @OptionGroup var options: MocksOptions

    func run() async throws {
        // A caller that hangs up in the middle of an answer is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        var logger = Logger(label: "mocks")
        logger.logLevel = options.logLevel
        let admin = try ConnectionConfiguration(options.databaseURL, applicationName: "sagaflow-mocks")
        let database = ParticipantDatabase(admin: admin, prefix: options.databasePrefix, logger: logger)
        var pools: [Pool] = []
        let callbacks = CallbackSender(logger: logger)
        var servers: [any Service] = [callbacks]
        for (offset, participant) in Participant.all.enumerated() where options.serves(participant) {
            let pool = Pool(try await database.prepare(participant), maximumSize: options.connections, logger: logger)
            pools.append(pool)
            let responder = ParticipantResponder(
                participant: participant, pool: pool,
                dice: Dice(share: options.injectFailure, seed: options.seed &+ UInt64(offset)),
                latency: options.latency, callbacks: callbacks, logger: logger)
            servers.append(
                server(responder, port: options.portBase == 0 ? 0 : options.portBase + offset, logger: logger))
        }
        let group = ServiceGroup(
            configuration: .init(services: servers, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        for pool in pools { await pool.close() }
    }

    private func server(_ responder: ParticipantResponder, port: Int, logger: Logger) -> any Service {
        let name = responder.participant.name
        var quiet = logger
        // Hummingbird says on info what the line below says with a name.
        quiet.logLevel = max(.warning, logger.logLevel)
        return Application(
            responder: responder,
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: port), serverName: nil),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                logger.info("listening", metadata: ["participant": "\(name)", "port": "\(port)"])
            },
            logger: quiet)
    }
}
