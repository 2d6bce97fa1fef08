import Settings
import Testing

@testable import Telemetry

@Suite("Settings of traces")
struct TraceConfigurationTests {
    private static func read(_ environment: [String: String]) throws -> OpenTelemetryConfiguration {
        var settings = Settings(program: "p", about: "tests", arguments: ["p"], environment: environment)
        return try OpenTelemetryConfiguration(&settings, service: "sagaflow-test", version: "1.2.3")
    }

    @Test(
        "Traces are exported when somebody asked for it",
        arguments: [
            ([:], nil), (["OTEL_TRACES_EXPORTER": "otlp"], "http://localhost:4318/v1/traces"),
            (["OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], nil),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], "http://c:4318/v1/traces"),
            (["OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"], "https://c/otlp/v1/traces"),
            (["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:1/x"], "http://c:1/x"),
            (
                ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"],
                "http://t"
            ),
            (["OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"], nil),
            // A cluster's variables for other programs must not keep one from starting that exports nothing.
            (["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"], nil),
        ] as [([String: String], String?)])
    func enabled(environment: [String: String], url: String?) throws {
        let configuration = try Self.read(environment)
        #expect(configuration.isEnabled == (url != nil))
        if let url { #expect(configuration.endpoint.url == url) }
    }

    @Test(
        "A password in an endpoint is not shown by --print-config",
        arguments: ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
    func endpointPassword(variable: String) {
        var settings = Settings(
            program: "p", about: "tests", arguments: ["p"], environment: [variable: "https://u:s3cret@c"])
        #expect(throws: SettingsError.self) {
            try OpenTelemetryConfiguration(&settings, service: "sagaflow-test", version: "1.2.3")
        }
        #expect(settings.reportText.contains("https://u:***@c"))
        #expect(!settings.reportText.contains("s3cret"))
    }

    @Test(
        "A bad value ends in a sentence that names it and shows no secret",
        arguments: [
            ("OTEL_SDK_DISABLED", "maybe"), ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"), ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
            ("OTEL_TRACES_SAMPLER_ARG", "nan"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"), ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%0d%0ax: y"), ("OTEL_EXPORTER_OTLP_HEADERS", "a b=s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret%zz"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:s3cret@c"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http:///x"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://c"), ("OTEL_RESOURCE_ATTRIBUTES", "novalue"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"), ("OTEL_BSP_SCHEDULE_DELAY", "5s"),
        ])
    func bad(variable: String, value: String) throws {
        let base = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        ]
        var environment = base.merging([variable: value]) { $1 }
        if variable == "OTEL_TRACES_EXPORTER" { environment[variable] = value }
        let error = #expect(throws: SettingsError.self) { try Self.read(environment) }
        let text = try #require(error?.description)
        #expect(text.contains(variable), "\(text)")
        #expect(!text.contains("s3cret"), "\(text)")
    }

    @Test("Headers are percent-decoded, and those for traces replace the others")
    func headers() throws {
        var environment = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%3Db%2Cc, x = y ",
        ]
        let general = try Self.read(environment).endpoint.headers
        #expect(general.map(\.name) == ["api-key", "x"])
        #expect(general.map(\.value) == ["a=b,c", "y"])
        environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "z=1"
        #expect(try Self.read(environment).endpoint.headers.map(\.name) == ["z"])
    }

    @Test(
        "Samplers by their standard names",
        arguments: [
            (nil, nil, .parentBased(root: .alwaysOn)), ("always_on", nil, .alwaysOn), ("always_off", nil, .alwaysOff),
            ("traceidratio", "0.25", .traceIDRatio(0.25)), ("traceidratio", nil, .traceIDRatio(1)),
            ("parentbased_always_off", nil, .parentBased(root: .alwaysOff)),
            ("parentbased_traceidratio", "0", .parentBased(root: .traceIDRatio(0))),
        ] as [(String?, String?, Sampler)])
    func samplers(name: String?, argument: String?, sampler: Sampler) throws {
        var environment: [String: String] = [:]
        environment["OTEL_TRACES_SAMPLER"] = name
        environment["OTEL_TRACES_SAMPLER_ARG"] = argument
        #expect(try Self.read(environment).sampler == sampler)
    }

    @Test("What the process is: ours, then what is configured, the service's own variable last")
    func resource() throws {
        func text(_ environment: [String: String], _ key: String) throws -> [SpanRecord.AttributeValue] {
            try Self.read(environment).resource.filter { $0.key == key }.map(\.value)
        }
        #expect(try text([:], "service.name") == [.string("sagaflow-test")])
        #expect(try text([:], "service.version") == [.string("1.2.3")])
        let configured = ["OTEL_RESOURCE_ATTRIBUTES": "service.name=a,deployment.environment.name=pr%C3%B6d"]
        #expect(try text(configured, "service.name") == [.string("a")])
        #expect(try text(configured, "deployment.environment.name") == [.string("pröd")])
        let named = configured.merging(["OTEL_SERVICE_NAME": "b"]) { $1 }
        #expect(try text(named, "service.name") == [.string("b")])
        for key in ["service.instance.id", "host.name", "process.pid", "telemetry.sdk.name"] {
            #expect(try text([:], key).count == 1)
        }
    }

    @Test("Every variable is in --help")
    func help() throws {
        var settings = Settings(program: "p", about: "tests", arguments: ["p"], environment: [:])
        _ = try OpenTelemetryConfiguration(&settings, service: "s")
        for name in ["OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_SERVICE_NAME"]
        {
            #expect(settings.helpText.contains("[\(name)]"))
        }
    }
}
