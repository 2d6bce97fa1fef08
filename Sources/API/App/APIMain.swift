import Glibc
import HTTPServer
import Logging
import NIOCore
import Postgres
import Settings
import Telemetry
import Tokens

/// `sagaflow-api`: takes requests over HTTP.
@main
struct APIMain {
    static func main() async {
        // Writing to a peer that has gone must be an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        var settings = Settings(program: "sagaflow-api", about: "takes starts and requests over HTTP, shows runs.")
        let configuration = settings.read(APIConfiguration.init)
        configuration.logs.bootstrap(service: "sagaflow-api")
        let logger = Logger(label: "sagaflow.api")
        let descriptors = Descriptors.raise()
        let reserve = configuration.reservedDescriptors(loops: System.coreCount)
        guard let share = descriptors.share(of: configuration.connections, reserve: reserve) else {
            settings.refuse(SettingsError(descriptors.refusal(reserve: reserve)))
        }
        if share.connections < configuration.connections {
            logger.warning(
                "fewer clients may be connected than CONNECTIONS says: the process may not open more files (ulimit -n)",
                metadata: [
                    "connections": "\(share.connections)", "set": "\(configuration.connections)",
                    "descriptors": "\(descriptors.limit)",
                ])
        }
        if configuration.isOpen, !APIConfiguration.isLoopback(configuration.host) {
            logger.warning(
                "AUTH=open: whoever reaches this address may start, read and change runs",
                metadata: ["host": "\(configuration.host)"])
        }
        if let issuers = configuration.issuers?.issuers.map(\.name) {
            logger.info(
                "tokens of other issuers are taken", metadata: ["issuers": "\(issuers.joined(separator: ", "))"])
        }
        if let warning = configuration.memory.warning { logger.warning("\(warning)") }
        do {
            try await APIProcess(configuration, share: share, logger: logger).run()
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        } catch {
            // Such as a port that is taken. Thrown on, it would end in a trap and pages of stack traces.
            let reason = ListenFailure.sentence(error, host: configuration.host, port: configuration.port)
            logger.critical("the api can't go on", metadata: ["error": "\(reason ?? "\(error)")"])
            exit(EXIT_FAILURE)
        }
    }
}
