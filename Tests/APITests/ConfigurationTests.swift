import Core
import Settings
import Testing

@testable import API

@Suite("Configuration")
struct ConfigurationTests {
    private static func read(_ environment: [String: String], _ arguments: [String] = []) throws -> APIConfiguration {
        var settings = Settings(
            program: "sagaflow-api", about: "tests", arguments: ["sagaflow-api"] + arguments,
            environment: ["DATABASE_URL": "postgres://h/d"].merging(environment) { $1 })
        return try APIConfiguration(&settings)
    }

    @Test("Flags come before the environment, and the environment before defaults")
    func order() throws {
        let configuration = try Self.read(["PORT": "1234", "START_QUEUE": "7"], ["--port", "4321"])
        #expect(configuration.port == 4321)
        #expect(configuration.startQueue == 7)
        #expect(configuration.maxBodyBytes == 1 << 20)
        #expect(configuration.keyLifetime == .seconds(86_400))
    }

    @Test(
        "A bad value ends in a sentence that names it and shows no secret",
        arguments: [
            ("DATABASE_URL", "postgres://u:s3cret@h/d?nonsense=1"), ("REDIS_URL", "http://:s3cret@h"),
            ("ADMIN_TOKENS", "s3cret"),
            ("ADMIN_TOKENS", "ann:s3cret"), ("ADMIN_TOKENS", "ann:s3cret-1,bob:s3cret-1"), ("ADMIN_RATE", "60"),
            ("ADMIN_RATE", "0/1m"), ("ADMIN_RATE", "60/1 minute"), ("ADMIN_ADDRESS_RATE", "x/1m"),
            ("PARTICIPANT_ALLOW", "10.0.0.1/8"), ("PARTICIPANT_ALLOW", "http://mocks"), ("ADMIN_BURST", "0"),
            ("PORT", "65536"), ("PORT", "http"), ("MAX_BODY_BYTES", "-1"), ("START_QUEUE", "0"),
            ("IDEMPOTENCY_TTL", "1"),
            ("LOG_LEVEL", "loud"), ("REQUEST_TIMEOUT", "0s"),
        ])
    func bad(variable: String, value: String) throws {
        let error = #expect(throws: SettingsError.self) { try Self.read([variable: value]) }
        let text = try #require(error?.description)
        #expect(text.contains("(\(variable))"), "\(text)")
        #expect(!text.contains("s3cret"), "\(text)")
    }

    @Test("An unknown flag is refused")
    func unknown() { #expect(throws: SettingsError.self) { try Self.read([:], ["--prot", "1"]) } }
}
