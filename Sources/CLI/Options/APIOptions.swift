import ArgumentParser
import AsyncHTTPClient
import Core
import FoundationEssentials
import NIOCore
import NIOPosix
import Settings

/// Which API.
struct APIOptions: ParsableArguments {
    @Option(
        name: .customLong("url"),
        help: "The API's base URL (environment: SAGAFLOW_URL; default: http://127.0.0.1:3000).")
    var givenURL: String?

    @Option(
        help: """
            The profile with URL and token, in SAGAFLOW_PROFILES or ~/.config/sagaflow/config (environment: \
            SAGAFLOW_PROFILE; default: the one called default, if there is one).
            """)
    var profile: String?

    func validate() throws {
        if let givenURL { try Self.check(givenURL) }
        if let url = Self.environment["SAGAFLOW_URL"], !url.isEmpty { try Self.check(url) }
    }

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    private static func check(_ url: String) throws {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ValidationError("\(url.clipped) must begin with http:// or https://.")
        }
    }

    /// Where the API is: as the flag says, a profile that was named, the environment, the default profile.
    func endpoint() throws(CLIError) -> Endpoint {
        try Endpoint(url: givenURL, profile: profile, environment: Self.environment)
    }

    /// The API key, or the token of another issuer; nil when nothing names one. There is no flag for it, because every user of the machine can read command lines.
    func apiKey() throws -> String? {
        let endpoint = try endpoint()
        // A profile's token may be a key, which counts for every call; of one that is named by a flag it alone.
        let own = try endpoint.token?.text()
        if endpoint.isNamed { return own.flatMap { APIClient.isBearer($0) ? $0 : nil } }
        var settings = Settings(program: "saga", about: "", arguments: ["saga"], environment: Self.environment)
        let key: String
        do throws(SettingsError) {
            key = try settings.text("sagaflow.api.key", default: "", secrecy: .secret, help: "an API key")
        } catch {
            throw CLIError.unusable(error.description)
        }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CLIError.unusable("SAGAFLOW_API_KEY holds something else than one API key or token")
        }
        return key.isEmpty ? own.flatMap { APIClient.isBearer($0) ? $0 : nil } : key
    }

    /// Runs `body` with a client, which is gone afterwards.
    func withClient<Value>(
        token: String? = nil, connections: Int = 8, _ body: (APIClient) async throws -> Value
    ) async throws -> Value {
        let url = try endpoint().url
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A live stream has a comment every 15 seconds: silence for longer means that nobody is there.
        configuration.timeout.read = .seconds(40)
        // Otherwise a refused connection is tried again for as long as connecting may take.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        let credential = try token ?? apiKey()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(APIClient(url: url, token: credential, http: http))) } catch {
            outcome = .failure(error)
        }
        try await http.shutdown()
        return try outcome.get()
    }
}

/// An API, and the token that a profile has for it.
struct Endpoint: Equatable {
    /// Without a slash at its end.
    let url: String
    /// Never for another URL than the profile's own.
    let token: Profile.Token?
    /// Whether the profile was named by a flag, which is stronger than the environment.
    let isNamed: Bool

    static let defaultURL = "http://127.0.0.1:3000"

    init(url given: String?, profile name: String?, environment: [String: String]) throws(CLIError) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let profile = try Profile.find(name, environment: environment)
        isNamed = name != nil
        let found = [profile?.url, variable("SAGAFLOW_URL")]
        let candidates = [given] + (isNamed ? found : found.reversed())
        let url = Self.trimmed(candidates.compactMap { $0 }.first ?? Self.defaultURL)
        self.url = url
        token = profile?.token.flatMap { Self.trimmed(profile?.url ?? Self.defaultURL) == url ? $0 : nil }
    }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}

/// Who asks, for calls that only administrators may make.
struct AdminOptions: ParsableArguments {
    @Option(
        help: """
            A file that holds the admin token (environment: SAGAFLOW_ADMIN_TOKEN or SAGAFLOW_ADMIN_TOKEN_FILE; or a \
            profile).
            """)
    var adminTokenFile: String?

    /// The token; there is no flag for it, because every user of the machine can read command lines.
    func token(_ api: APIOptions) throws -> String {
        if let token = try optionalToken(api) ?? api.apiKey() { return token }
        throw CLIError.unusable(
            "set SAGAFLOW_API_KEY, or SAGAFLOW_ADMIN_TOKEN (one of the API's ADMIN_TOKENS, without its name) or "
                + "--admin-token-file")
    }

    /// The token; nil when nothing names one.
    func optionalToken(_ api: APIOptions) throws -> String? {
        let endpoint = try api.endpoint()
        if adminTokenFile == nil, endpoint.isNamed, let token = try endpoint.token?.text() { return token }
        var environment = APIOptions.environment
        if let adminTokenFile {
            environment["SAGAFLOW_ADMIN_TOKEN"] = nil
            environment["SAGAFLOW_ADMIN_TOKEN_FILE"] = adminTokenFile
        }
        var settings = Settings(program: "saga", about: "", arguments: ["saga"], environment: environment)
        let token: String
        do throws(SettingsError) {
            token = try settings.text(
                "sagaflow.admin.token", default: "", secrecy: .secret, help: "one of the API's ADMIN_TOKENS")
        } catch {
            throw CLIError.unusable(error.description)
        }
        return try token.isEmpty ? endpoint.token?.text() : token
    }
}
