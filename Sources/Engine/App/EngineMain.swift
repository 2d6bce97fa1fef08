import Glibc
import Logging
import Postgres
import Settings
import Telemetry

/// `sagaflow-engine`: claims runs and carries them.
@main
struct EngineMain {
    static func main() async {
        // Writing to a peer that has gone must be an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        var settings = Settings(
            program: "sagaflow-engine", about: "claims due runs, calls participants, stores results.")
        let configuration = settings.read(EngineConfiguration.init)
        configuration.logs.bootstrap(service: "sagaflow-engine")
        let logger = Logger(label: "sagaflow.engine")
        if let warning = configuration.memory.warning { logger.warning("\(warning)") }
        do {
            try await Engine(configuration, logger: logger).run()
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        } catch {
            // Such as a port that is taken. Thrown on, it would end in a trap and pages of stack traces.
            let address = "\(configuration.opsHost):\(configuration.opsPort)"
            logger.critical("the engine can't go on", metadata: ["error": "\(error)", "ops": "\(address)"])
            exit(EXIT_FAILURE)
        }
    }
}
