import ArgumentParser
import Core
import Postgres
import Settings

/// Which database.
struct DatabaseOptions: ParsableArguments {
    @Option(
        name: .customLong("database-url"),
        help: """
            postgres:// URL or key=value pairs of the database (environment: DATABASE_URL or DATABASE_URL_FILE; or the file \
            database_url in SECRETS_DIR, /run/secrets).
            """)
    var url: String?

    /// From the flag, the environment or a file of secrets. A missing or unusable value is wrong usage.
    func configuration() throws -> ConnectionConfiguration {
        do {
            let url = try url?.trimmed() ?? setting()
            guard !url.isEmpty else { throw CLIError.unusable("name the database with --database-url or DATABASE_URL") }
            return try ConnectionConfiguration(url, applicationName: "saga")
        } catch let error as CLIError {
            throw error
        } catch {
            throw CLIError.unusable("\(error)")
        }
    }

    private func setting() throws -> String {
        var settings = Settings(program: "saga", about: "", arguments: ["saga"])
        return try settings.text(
            "database.url", secrecy: .password, help: "name the database with --database-url or DATABASE_URL")
    }
}
