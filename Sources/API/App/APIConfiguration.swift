import Core
import HTTPServer
import Participants
import Postgres
import Redis
import Settings
import Storage
import Telemetry
import Tokens

/// Everything the API can be told, checked once at start.
struct APIConfiguration: Sendable {
    var database: ConnectionConfiguration
    var redis: RedisConfiguration?
    var redisPrefix: String
    var adminTokens: [AdminToken]
    /// Whoever reaches it may do what is not an administrator's without saying who they are.
    var isOpen: Bool
    /// Whose tokens are taken beside keys of our own; nil for nobody's.
    var issuers: IssuersFile?
    var adminRate: GCRALimit
    var adminAddressRate: GCRALimit
    /// Whether signals are in the audit, too.
    var auditsSignals: Bool
    var participantRules: AddressRules
    /// What may be registered of participants' credentials.
    var secretPolicy: SecretPolicy
    var host: String
    var port: Int
    var maxBodyBytes: Int
    var startQueue: Int
    var startWindow: Int
    var starters: Int
    var readers: Int
    var keyLifetime: Duration
    var connections: Int
    /// What it may spend its memory on.
    let memory: MemoryBudget
    /// Nil: there is none.
    var console: ConsoleConfiguration?
    var watchers: Int
    var watchersPerClient: Int
    var limits = StrictHTTPChannel.Limits()
    var importTimeout: Duration
    var logs: LogConfiguration
    var telemetry: OpenTelemetryConfiguration

    /// Reads it. The order is the order of `--help`.
    init(_ settings: inout Settings) throws(SettingsError) {
        settings.group("Database")
        let url = try settings.text(
            "database.url", example: "postgres://localhost/sagaflow", secrecy: .password,
            help: "Postgres, as libpq takes it; several hosts are fine")
        do { database = try ConnectionConfiguration(url, applicationName: "sagaflow-api") } catch {
            throw settings.error("database.url", "can't be used: \(error)")
        }
        settings.group("Admin calls")
        redis = try Self.redis(&settings)
        redisPrefix = try settings.text("redis.prefix", default: "sagaflow:", help: "goes before every key in Redis")
        adminTokens = try Self.tokens(&settings)
        adminRate = try Self.rate(
            &settings, "admin.rate", default: "60/1m", help: "admin calls per token and time",
            burst: try settings.integer(
                "admin.burst", default: 20, in: 1...100_000, help: "admin calls at once after a quiet time"))
        adminAddressRate = try Self.addressRate(&settings, token: adminRate)
        let auth = settings.optionalText(
            "auth",
            help:
                "required: every call needs an API key, a token or an admin token; open: only those of administrators do. By default "
                + "open where only this machine can connect, and otherwise required")
        guard auth.map({ ["required", "open"].contains($0) }) ?? true else {
            throw settings.error("auth", "must be required or open.")
        }
        issuers = try Self.issuers(&settings)
        auditsSignals = try Self.auditsSignals(&settings)
        settings.group("Participants")
        participantRules = try Self.rules(&settings)
        let secretKeys = try SecretKeys.setting(&settings)
        let allowsPlain = try settings.text(
            "allow.plain.secrets", default: "false",
            help:
                "true: credentials of participants may be registered as they are, and stand so in the database; true or false"
        )
        guard ["true", "false"].contains(allowsPlain) else {
            throw settings.error("allow.plain.secrets", "must be true or false.")
        }
        secretPolicy = secretKeys.map { .encrypted($0) } ?? (allowsPlain == "true" ? .plain : .references)
        settings.group("Requests")
        host = try settings.text("host", default: "127.0.0.1", help: "the address to listen on")
        isOpen = auth.map { $0 == "open" } ?? Self.isLoopback(host)
        port = try settings.integer("port", default: 3000, in: 0...65535, help: "the port; 0 takes a free one")
        maxBodyBytes = try settings.integer(
            "max.body.bytes", default: 1 << 20, in: 1024...(64 << 20), help: "larger bodies are refused")
        startQueue = try settings.integer(
            "start.queue", default: 4000, in: 1...1_000_000,
            help: "starts that may wait for their turn; more are refused")
        startWindow = try settings.integer(
            "start.window", default: 128, in: 1...10_000, help: "starts worked on at once")
        starters = try settings.integer("starters", default: 2, in: 1...16, help: "batches of starts written at once")
        readers = try settings.integer(
            "readers", default: 16, in: 2...100, help: "database connections for reading, half of them for single runs")
        keyLifetime = try settings.duration(
            "idempotency.ttl", default: .seconds(86_400), in: .seconds(1) ... .seconds(30 * 86_400),
            help: "how long idempotency keys are remembered")
        connections = try settings.integer(
            "connections", default: 10_000, in: 1...1_000_000,
            help: "clients connected at once, as far as there are file descriptors; half of them from one address")
        memory = .api(.ofProcess(), clients: connections)
        if let refusal = memory.refusal { throw settings.error("connections", refusal) }
        watchers = try settings.integer(
            "watchers", default: 1000, in: 1...100_000,
            help: "streams of events and starts with Prefer: wait at once; more are refused")
        watchersPerClient = try settings.integer(
            "watchers.per.client", default: 250, in: 1...100_000,
            help: "how many of these one client address may have; behind a proxy all have its address")
        limits.requestTimeout = try settings.duration(
            "request.timeout", default: limits.requestTimeout, in: .milliseconds(100) ... .seconds(600),
            help: "how long a request may take to arrive")
        limits.idleTimeout = try settings.duration(
            "idle.timeout", default: limits.idleTimeout, in: .milliseconds(100) ... .seconds(3600),
            help: "how long an unused connection is kept")
        importTimeout = try settings.duration(
            "import.timeout", default: .seconds(30), in: .milliseconds(100) ... .seconds(600),
            help: "how long the client of a bulk start may send nothing while no answer is due")
        settings.group("Console")
        console = try ConsoleConfiguration(&settings)
        if let console, console.url == nil, !Self.isLoopback(host), let login = issuers?.loginNames.first {
            throw settings.error(
                "console.url",
                "is needed: people can log in at \(login) (JWT_ISSUERS_FILE), which sends them back there.")
        }
        settings.group("Logs")
        logs = try LogConfiguration(&settings)
        settings.group("Traces")
        telemetry = try OpenTelemetryConfiguration(&settings, service: "sagaflow-api", version: sagaflowVersion)
        try settings.finish()
    }

    /// File descriptors for everything but clients, at most.
    ///
    /// - Parameter loops: event loops of the process.
    func reservedDescriptors(loops: Int) -> Int {
        // Beside the pools: what notifies engines, and what looks whether the sessions are ours alone.
        let database = (starters + 2) + readers + 2
        return Descriptors.base + Descriptors.perLoop * loops + Descriptors.perDatabaseConnection * database
            + (redis == nil ? 0 : 4) + (telemetry.isEnabled ? Descriptors.perLoop * loops + 8 : 0)
    }

    /// Nobody but this machine reaches what listens there.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        guard let address = IPAddress(host) else { return false }
        // Of the IPv6 addresses that carry one of IPv4 those alone that are the same socket: ::ffff:127.0.0.0/104.
        return address.family == .v4
            ? address.bits >> 24 == 127 : address.bits == 1 || address.bits >> 24 == 0xFFFF_7F
    }

    private static func auditsSignals(_ settings: inout Settings) throws(SettingsError) -> Bool {
        let text = try settings.text(
            "audit.signals", default: "on",
            help: "on: signals of callers who say who they are have rows in the audit; off: histories alone name them")
        guard ["on", "off"].contains(text) else { throw settings.error("audit.signals", "must be on or off.") }
        return text == "on"
    }

    private static func redis(_ settings: inout Settings) throws(SettingsError) -> RedisConfiguration? {
        let url = settings.optionalText(
            "redis.url", secrecy: .password, help: "Redis, which holds the rate of admin calls over all APIs")
        guard let url else { return nil }
        do throws(RedisError) { return try RedisConfiguration(url: url) } catch {
            throw settings.error("redis.url", "can't be used: \(error)")
        }
    }

    private static func tokens(_ settings: inout Settings) throws(SettingsError) -> [AdminToken] {
        let list = settings.optionalText(
            "admin.tokens", secrecy: .secret, help: "name:token,name2:token2; without any, admin calls are refused")
        guard let list else { return [] }
        guard let tokens = AdminToken.parse(list) else {
            throw settings.error(
                "admin.tokens",
                "must be name:token,name2:token2 with different names (none of them client) and different tokens of "
                    + "\(AdminToken.minLength) to 512 visible ASCII characters.")
        }
        return tokens
    }

    private static func issuers(_ settings: inout Settings) throws(SettingsError) -> IssuersFile? {
        let path = settings.optionalText(
            "jwt.issuers.file",
            help: "a YAML or JSON file that names whose tokens (JWT) are taken as credentials; without it nobody's")
        guard let path else { return nil }
        do throws(IssuersFault) { return try IssuersFile(path: path, isRole: TokenPrincipals.isRole) } catch {
            throw settings.error("jwt.issuers.file", "can't be used: \(error)")
        }
    }

    static func rate(
        _ settings: inout Settings, _ key: String, default fallback: String, help: String, burst: Int
    ) throws(SettingsError) -> GCRALimit {
        let text = try settings.text(key, default: fallback, help: help)
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let count = Int(sides[0]), (1...1_000_000).contains(count),
            let period = DurationText.parse(String(sides[1])), period <= .seconds(86_400)
        else { throw settings.error(key, "must be calls per time, like 60/1m.") }
        guard GCRALimit.isExact(burst: burst, period: period, count: count) else {
            throw settings.error(key, "is too slow: a burst would take more than 31 years at that rate.")
        }
        return GCRALimit(burst: burst, period: period, count: count)
    }

    /// Calls at once from one address are to those of one token as the rates are by default: five times as many.
    private static func addressRate(_ settings: inout Settings, token: GCRALimit) throws(SettingsError) -> GCRALimit {
        let count = min(5 * token.count, 1_000_000)
        return try rate(
            &settings, "admin.address.rate", default: "\(count)/\(DurationText.format(token.period))",
            help: "admin calls per client address and time, refused ones included",
            burst: min(5 * token.burst, 1_000_000))
    }

    private static func rules(_ settings: inout Settings) throws(SettingsError) -> AddressRules {
        let list = settings.optionalText(
            "participant.allow",
            help: "hosts, *.suffixes, addresses and ranges that may be participants although they are not public")
        do throws(ParticipantsError) { return AddressRules(allowing: try AllowList(parsing: list ?? "")) } catch {
            throw settings.error("participant.allow", "can't be used: \(error)")
        }
    }
}
