import ArgumentParser
import FoundationEssentials
import Postgres

/// Which database.
struct DatabaseOptions: ParsableArguments {
    @Option(
        name: .customLong("database-url"),
        help: "postgres:// URL or key=value pairs of the database (environment: DATABASE_URL).")
    var url: String?

    /// From the flag, else from the environment. A missing or unusable value is wrong usage.
    func configuration() throws -> ConnectionConfiguration {
        guard let url = url ?? ProcessInfo.processInfo.environment["DATABASE_URL"], !url.isEmpty else {
            throw ValidationError("Name the database with --database-url or DATABASE_URL.")
        }
        do {
            return try ConnectionConfiguration(url, applicationName: "saga")
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
