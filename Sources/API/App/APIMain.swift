import Glibc
import Logging
import Postgres
import Settings
import Telemetry

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
        if let warning = configuration.memory.warning { logger.warning("\(warning)") }
        do {
            try await APIProcess(configuration, logger: logger).run()
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        } catch {
            // Such as a port that is taken. Thrown on, it would end in a trap and pages of stack traces.
            let address = "\(configuration.host):\(configuration.port)"
            logger.critical("the api can't go on", metadata: ["error": "\(error)", "address": "\(address)"])
            exit(EXIT_FAILURE)
        }
    }
}
