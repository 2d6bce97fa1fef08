import ArgumentParser
import AsyncHTTPClient
import Core
import FoundationEssentials
import NIOCore
import NIOPosix
import Postgres
import Settings

/// Which API.
struct APIOptions: ParsableArguments {
    @Option(
        name: .customLong("url"),
        help: "The API's base URL (environment: SAGAFLOW_URL; default: http://127.0.0.1:3000).")
    var givenURL: String?

    /// Without a slash at its end.
    var url: String {
        let environment = ProcessInfo.processInfo.environment["SAGAFLOW_URL"].flatMap { $0.isEmpty ? nil : $0 }
        let url = givenURL ?? environment ?? "http://127.0.0.1:3000"
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    func validate() throws {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ValidationError("\(url) must begin with http:// or https://.")
        }
    }

    /// Runs `body` with a client, which is gone afterwards.
    func withClient<Value>(
        token: String? = nil, connections: Int = 8, _ body: (APIClient) async throws -> Value
    ) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A live stream has a comment every 15 seconds: silence for longer means that nobody is there.
        configuration.timeout.read = .seconds(40)
        // Otherwise a refused connection is tried again for as long as connecting may take.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(APIClient(url: url, token: token, http: http))) } catch {
            outcome = .failure(error)
        }
        try await http.shutdown()
        return try outcome.get()
    }
}

/// Who asks, for calls that only administrators may make.
struct AdminOptions: ParsableArguments {
    @Option(help: "A file that holds the admin token (environment: SAGAFLOW_ADMIN_TOKEN or SAGAFLOW_ADMIN_TOKEN_FILE).")
    var adminTokenFile: String?

    /// The token; there is no flag for it, because every user of the machine can read command lines.
    func token() throws -> String {
        var environment = ProcessInfo.processInfo.environment
        if let adminTokenFile {
            environment["SAGAFLOW_ADMIN_TOKEN"] = nil
            environment["SAGAFLOW_ADMIN_TOKEN_FILE"] = adminTokenFile
        }
        var settings = Settings(program: "saga", about: "", arguments: ["saga"], environment: environment)
        do {
            return try settings.text("sagaflow.admin.token", secrecy: .secret, help: "one of the API's ADMIN_TOKENS")
        } catch {
            throw CLIError.unusable(
                adminTokenFile == nil
                    ? "set SAGAFLOW_ADMIN_TOKEN (one of the API's ADMIN_TOKENS, without its name) or --admin-token-file"
                    : error.description)
        }
    }
}

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

/// How results are printed.
struct OutputOptions: ParsableArguments {
    /// For people or for programs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(name: [.customShort("o"), .long], help: "Print results as text or json.")
    var output: Format = .text

    /// Prints one result in the form that was asked for.
    func show(text: @autoclosure () -> String, json: @autoclosure () -> JSON) {
        switch output {
        case .text: Console.tell(text())
        case .json: Console.tell(json().text)
        }
    }
}
