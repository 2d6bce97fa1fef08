import Core
import HTTPServer
import Participants
import Postgres
import Settings
import Storage
import Telemetry

/// Everything an engine can be told, checked once at start.
struct EngineConfiguration: Sendable {
    var database: ConnectionConfiguration
    var opsHost: String
    var opsPort: Int
    /// What `/metrics` is asked for with; nil where whoever reaches it may.
    var opsToken: SecretDigest?
    var maxInFlight: Int
    var lease: Duration
    var poll: Duration
    var grace: Duration
    var committers: Int
    /// How long runs are kept, from their start; nil for ever.
    var retention: Duration?
    /// How long rows of the audit trail are kept; nil for ever.
    var auditRetention: Duration?
    var participantConnections: Int
    var trustRoots: String?
    var participantRules: AddressRules
    /// Where participants call back; nil where they can't.
    var publicURL: String?
    /// The folder of secrets that calls are signed with, and that registrations name.
    var secretsFolder: String?
    /// For what is encrypted in the database; nil where nothing is.
    var secretKeys: SecretKeys?
    var injectFailure: Double
    /// What it may spend its memory on.
    let memory: MemoryBudget
    var logs: LogConfiguration
    var telemetry: OpenTelemetryConfiguration
    /// What all engines must have alike.
    var agreed: AgreedSettings

    /// Reads it. The order is the order of `--help`.
    init(_ settings: inout Settings) throws(SettingsError) {
        settings.group("Database")
        let url = try settings.text(
            "database.url", example: "postgres://localhost/sagaflow", secrecy: .password,
            help: "Postgres, as libpq takes it; several hosts are fine")
        do { database = try ConnectionConfiguration(url, applicationName: "sagaflow-engine") } catch {
            throw settings.error("database.url", "can't be used: \(error)")
        }
        settings.group("Runs")
        maxInFlight = try settings.integer(
            "max.in.flight", default: 1000, in: 1...100_000, help: "runs this engine holds at once")
        lease = try settings.duration(
            "lease", default: .seconds(10), in: .milliseconds(500) ... .seconds(600),
            help: "how long a run waits for a dead engine")
        poll = try settings.duration(
            "poll", default: .seconds(1), in: .milliseconds(10) ... .seconds(60),
            help: "how often to look for due runs when nothing wakes the engine")
        grace = try settings.duration(
            "grace", default: .seconds(10), in: .milliseconds(100) ... .seconds(600),
            help: "how long runs may go on after a SIGTERM")
        committers = try settings.integer(
            "committers", default: 2, in: 1...16, help: "batches of decisions written at once")
        retention = try Self.retention(
            &settings, "retention", default: "30d", from: ("1h", .seconds(3600)),
            help: "how long finished runs are kept, from their start, at least 1h; off keeps them for ever")
        auditRetention = try Self.retention(
            &settings, "audit.retention", default: "400d", from: ("1d", .seconds(86_400)),
            help: "how long rows of the audit are kept, at least 1d; off keeps them for ever")
        settings.group("Participants")
        participantConnections = try settings.integer(
            "participant.connections", default: 256, in: 1...10_000, help: "connections to one participant")
        memory = .engine(.ofProcess(), runs: maxInFlight, connections: participantConnections)
        if let refusal = memory.refusal { throw settings.error("max.in.flight", refusal) }
        trustRoots = settings.optionalText(
            "participant.ca.file", help: "PEM file of the authorities that sign participants' certificates")
        let allowed = settings.optionalText(
            "participant.allow",
            help: "hosts, *.suffixes, addresses and ranges that may be participants although they are not public")
        do throws(ParticipantsError) {
            participantRules = AddressRules(allowing: try AllowList(parsing: allowed ?? ""))
        } catch {
            throw settings.error("participant.allow", "can't be used: \(error)")
        }
        secretsFolder = settings.optionalText(
            "participant.secrets",
            help:
                "folder with a file for each secret that calls are signed with, and that participants' registrations name; "
                + "a tenant's own participants have those of tenants/ID in it"
        )
        if let folder = secretsFolder, !Secrets.isReadable(folder) {
            throw settings.error("participant.secrets", "is \"\(folder)\", which can't be read as a folder.")
        }
        secretKeys = try SecretKeys.setting(&settings)
        publicURL = settings.optionalText(
            "public.url",
            help: "where participants reach the API, as in https://saga.example.com: they call back there")
        if let url = publicURL, !CallbackURLs.isBase(url) {
            throw settings.error("public.url", "is \"\(url)\", which is no URL as in https://saga.example.com.")
        }
        injectFailure = try settings.number(
            "inject.failure", default: 0, in: 0...1,
            help: "the share of calls that fail on purpose, half before and half after their effect; for tests only")
        settings.group("Health and metrics")
        opsHost = try settings.text(
            "ops.host", default: "127.0.0.1", help: "the address where health and metrics are answered")
        opsPort = try settings.integer("ops.port", default: 3100, in: 0...65535, help: "the port; 0 takes a free one")
        opsToken = try Self.opsToken(&settings)
        settings.group("Logs")
        logs = try LogConfiguration(&settings)
        settings.group("Traces")
        telemetry = try OpenTelemetryConfiguration(&settings, service: "sagaflow-engine", version: sagaflowVersion)
        agreed = AgreedSettings([
            "LEASE": DurationText.format(lease), "RETENTION": retention.map { DurationText.format($0) } ?? "off",
            "AUDIT_RETENTION": auditRetention.map { DurationText.format($0) } ?? "off",
            "PARTICIPANT_ALLOW": Self.list(allowed ?? ""), "PARTICIPANT_CA_FILE": Self.content(of: trustRoots),
            "LOG_SENSITIVE": logs.sensitive.sorted().joined(separator: ","),
        ])
        try settings.finish()
    }

    /// A list with commas in an order that does not depend on who wrote it.
    private static func list(_ text: String) -> String {
        text.split(separator: ",").map { $0.lowercased().filter { !$0.isWhitespace } }.sorted().joined(separator: ",")
    }

    /// What authorities are trusted, wherever the file lies; a file that can't be read is refused later.
    private static func content(of file: String?) -> String {
        file.flatMap { Settings.content(of: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// File descriptors for everything but participants, at most.
    ///
    private static func opsToken(_ settings: inout Settings) throws(SettingsError) -> SecretDigest? {
        let token = settings.optionalText(
            "ops.token", secrecy: .secret,
            help:
                "what /metrics is to be asked for with, as Authorization: Bearer; without it whoever reaches the port may"
        )
        guard let token else { return nil }
        guard (8...512).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw settings.error("ops.token", "must have 8 to 512 visible ASCII characters.")
        }
        return SecretDigest(of: token)
    }

    /// - Parameter loops: event loops of the process.
    func reservedDescriptors(loops: Int) -> Int {
        // Beside the pools: what listens, and what looks whether the sessions are ours alone.
        let database = (committers + 3) + 2 + 2
        return Descriptors.base + Descriptors.perLoop * loops + Descriptors.perDatabaseConnection * database
            + OpsServer.connections + OpsServer.passing
            + (telemetry.isEnabled ? Descriptors.perLoop * loops + 8 : 0)
    }

    private static func retention(
        _ settings: inout Settings, _ key: String, default fallback: String, from least: (text: String, Duration),
        help: String
    ) throws(SettingsError) -> Duration? {
        let text = try settings.text(key, default: fallback, help: help)
        if text == "off" { return nil }
        guard let value = DurationText.parse(text), value >= least.1, value <= .seconds(36_500 * 86_400) else {
            throw settings.error(key, "must be a duration from \(least.text) to 36500d, like \(fallback), or off.")
        }
        return value
    }
}
