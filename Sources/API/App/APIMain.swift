import Glibc
import Logging
import Settings

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
            fputs("sagaflow-api: \(error)\n", stderr)
            exit(64)
        }
        if settings.wantsHelp { return print(settings.helpText) }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = configuration.logLevel
            return handler
        }
        try await APIProcess(configuration, logger: Logger(label: "sagaflow.api")).run()
    }
}
