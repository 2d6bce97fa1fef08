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
        let configuration: APIConfiguration
        do {
            configuration = try APIConfiguration(&settings)
        } catch {
            if settings.wantsHelp { return print(settings.helpText) }
            refuse(error)
        }
        if settings.wantsHelp { return print(settings.helpText) }
        configuration.logs.bootstrap(service: "sagaflow-api")
        do {
            try await APIProcess(configuration, logger: Logger(label: "sagaflow.api")).run()
        } catch PostgresError.configuration(let reason) {
            refuse(SettingsError("--database-url (DATABASE_URL) can't be used: \(reason)"))
        }
    }

    /// Says what is wrong with the configuration and ends the process with EX_USAGE.
    private static func refuse(_ error: SettingsError) -> Never {
        let text = Array("sagaflow-api: \(error)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        exit(64)
    }
}
