import Core
import Participants
import Postgres
import Redis
import Settings
import Telemetry

/// Everything the API can be told, checked once at start.
struct APIConfiguration: Sendable {
    var database: ConnectionConfiguration
    var redis: RedisConfiguration?
    var redisPrefix: String
    var adminTokens: [AdminToken]
    var adminRate: GCRALimit
    var adminAddressRate: GCRALimit
    var participantRules: AddressRules
    var host: String
    var port: Int
    var maxBodyBytes: Int
    var startQueue: Int
    var starters: Int
    var readers: Int
    var keyLifetime: Duration
    var connections: Int
    var limits = StrictHTTPChannel.Limits()
    var logs: LogConfiguration
    var telemetry: OpenTelemetryConfiguration

    /// Reads it. The order is the order of `--help`.
    init(_ settings: inout Settings) throws(SettingsError) {
        let url = try settings.text("database.url", help: "Postgres, as libpq takes it; several hosts are fine")
        redis = try Self.redis(
            settings.optionalText("redis.url", help: "Redis, which holds the rate of admin calls over all APIs"))
        redisPrefix = try settings.text("redis.prefix", default: "sagaflow:", help: "goes before every key in Redis")
        adminTokens = try Self.tokens(
            settings.optionalText(
                "admin.tokens", help: "name:token,name2:token2; without any, admin calls are refused"))
        let rate = try settings.text("admin.rate", default: "60/1m", help: "admin calls per token and time")
        let burst = try settings.integer(
            "admin.burst", default: 20, in: 1...100_000, help: "admin calls at once after a quiet time")
        adminRate = try Self.rate(rate, burst: burst, "--admin-rate (ADMIN_RATE)")
        let addressRate = settings.optionalText(
            "admin.address.rate",
            help: "admin calls per client address and time, refused ones included (default: 5 times --admin-rate)")
        adminAddressRate = try Self.addressRate(addressRate, token: adminRate)
        participantRules = try Self.rules(
            settings.optionalText(
                "participant.allow",
                help: "hosts, *.suffixes, addresses and ranges that may be participants although they are not public"))
        host = try settings.text("host", default: "127.0.0.1", help: "where to listen")
        port = try settings.integer("port", default: 3000, in: 0...65535, help: "the same")
        maxBodyBytes = try settings.integer(
            "max.body.bytes", default: 1 << 20, in: 1024...(64 << 20), help: "larger bodies are refused")
        startQueue = try settings.integer(
            "start.queue", default: 4000, in: 1...1_000_000, help: "starts that may wait to be written")
        starters = try settings.integer("starters", default: 2, in: 1...16, help: "batches of starts written at once")
        readers = try settings.integer("readers", default: 8, in: 1...100, help: "database connections for reading")
        keyLifetime = try settings.duration(
            "idempotency.ttl", default: .seconds(86_400), in: .seconds(1) ... .seconds(30 * 86_400),
            help: "how long idempotency keys are remembered")
        connections = try settings.integer(
            "connections", default: 10_000, in: 1...1_000_000, help: "clients connected at once")
        limits.requestTimeout = try settings.duration(
            "request.timeout", default: limits.requestTimeout, in: .milliseconds(100) ... .seconds(600),
            help: "how long a request may take to arrive")
        limits.idleTimeout = try settings.duration(
            "idle.timeout", default: limits.idleTimeout, in: .milliseconds(100) ... .seconds(3600),
            help: "how long an unused connection is kept")
        logs = try LogConfiguration(&settings)
        telemetry = try OpenTelemetryConfiguration(&settings, service: "sagaflow-api")
        do { database = try ConnectionConfiguration(url, applicationName: "sagaflow-api") } catch {
            throw SettingsError("--database-url (DATABASE_URL) can't be used: \(error)")
        }
        try settings.finish()
    }

    private static func redis(_ url: String?) throws(SettingsError) -> RedisConfiguration? {
        guard let url else { return nil }
        do throws(RedisError) { return try RedisConfiguration(url: url) } catch {
            throw SettingsError("--redis-url (REDIS_URL) can't be used: \(error)")
        }
    }

    private static func tokens(_ list: String?) throws(SettingsError) -> [AdminToken] {
        guard let list else { return [] }
        guard let tokens = AdminToken.parse(list) else {
            throw SettingsError(
                "--admin-tokens (ADMIN_TOKENS) must be name:token,name2:token2 with different names and different "
                    + "tokens of \(AdminToken.minLength) to 512 visible ASCII characters; it is not shown here because it is secret."
            )
        }
        return tokens
    }

    private static func rate(_ text: String, burst: Int, _ name: String) throws(SettingsError) -> GCRALimit {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let count = Int(sides[0]), (1...1_000_000).contains(count),
            let period = DurationText.parse(String(sides[1])), period <= .seconds(86_400)
        else {
            throw SettingsError("\(name) is \"\(text)\", but must be calls per time, like 60/1m.")
        }
        guard GCRALimit.isExact(burst: burst, period: period, count: count) else {
            throw SettingsError("\(name) is \"\(text)\": a burst would take more than 31 years at that rate.")
        }
        return GCRALimit(burst: burst, period: period, count: count)
    }

    /// Calls at once from one address are to those of one token as the rates are by default: five times as many.
    private static func addressRate(_ text: String?, token: GCRALimit) throws(SettingsError) -> GCRALimit {
        let burst = min(5 * token.burst, 1_000_000)
        guard let text else {
            return GCRALimit(burst: burst, period: token.period, count: min(5 * token.count, 1_000_000))
        }
        return try rate(text, burst: burst, "--admin-address-rate (ADMIN_ADDRESS_RATE)")
    }

    private static func rules(_ list: String?) throws(SettingsError) -> AddressRules {
        do throws(ParticipantsError) { return AddressRules(allowing: try AllowList(parsing: list ?? "")) } catch {
            throw SettingsError("--participant-allow (PARTICIPANT_ALLOW) can't be used: \(error)")
        }
    }
}
