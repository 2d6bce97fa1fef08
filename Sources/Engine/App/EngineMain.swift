import Glibc
import Logging
import Postgres
import Settings
import Telemetry

/// `sagaflow-engine`: claims runs and carries them.
@main
struct EngineMain {
    static func main() async throws {
        // Writing to a peer that has gone must be an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        var settings = Settings(
            program: "sagaflow-engine", about: "claims due runs, calls participants, stores results.")
        let configuration = settings.read(EngineConfiguration.init)
        configuration.logs.bootstrap(service: "sagaflow-engine")
        do {
            try await Engine(configuration, logger: Logger(label: "sagaflow.engine")).run()
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        }
    }
}
