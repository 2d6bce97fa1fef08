import Glibc
import Logging
import Postgres
import Settings
import Telemetry

/// `sagaflow-api`: takes requests over HTTP.
@main
struct APIMain {
    static func main() async throws {
        // Writing to a peer that has gone must be an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        var settings = Settings(program: "sagaflow-api", about: "takes starts and requests over HTTP, shows runs.")
        let configuration = settings.read(APIConfiguration.init)
        configuration.logs.bootstrap(service: "sagaflow-api")
        do {
            try await APIProcess(configuration, logger: Logger(label: "sagaflow.api")).run()
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        }
    }
}
