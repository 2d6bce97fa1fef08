import Core
package import Settings

/// The standard `OTEL_…` variables, as far as they concern traces over OTLP/HTTP (OpenTelemetry specification,
/// "Environment variable specification" and "OTLP exporter configuration").
///
/// Two defaults differ from the standard's: batches leave after one second instead of five, and exporting a batch may
/// take 10 seconds instead of 30, because that is also how long the end of a process may be held up.
package struct OpenTelemetryConfiguration: Sendable {
    /// Whether traces are exported: there is an endpoint, or the exporter is named, and the SDK is not disabled.
    package var isEnabled: Bool
    package var sampler: Sampler
    var endpoint: OTLPEndpoint
    /// What the process is, sent with every batch.
    var resource: [(key: String, value: SpanRecord.AttributeValue)]
    /// Of sagaflow; "" when it is not known.
    var version: String
    var queueSize: Int
    var batchSize: Int
    /// How long a span waits for others.
    var delay: Duration
    /// For one batch with all its tries, and for what is left at shutdown.
    var exportTimeout: Duration

    /// Exports, every trace.
    init(
        endpoint: OTLPEndpoint, resource: [(key: String, value: SpanRecord.AttributeValue)], version: String,
        queueSize: Int, batchSize: Int, delay: Duration, exportTimeout: Duration
    ) {
        isEnabled = true
        sampler = .parentBased(root: .alwaysOn)
        self.endpoint = endpoint
        self.resource = resource
        self.version = version
        self.queueSize = queueSize
        self.batchSize = batchSize
        self.delay = delay
        self.exportTimeout = exportTimeout
    }

    /// Reads it. The order is the order of `--help`.
    ///
    /// - Parameters:
    ///   - service: `service.name`, unless it is configured.
    ///   - version: `service.version`.
    package init(_ settings: inout Settings, service: String, version: String? = nil) throws(SettingsError) {
        let isDisabled = try Self.flag(&settings)
        let exporter = settings.optionalText("otel.traces.exporter", help: "otlp, or none; otlp if an endpoint is set")
        let reader = ExporterSettings(&settings)
        sampler = try Self.sampler(&settings)
        (queueSize, batchSize, delay, exportTimeout) = try Self.batches(&settings)
        let name = settings.optionalText("otel.service.name", help: "the name in traces (default \(service))")
        let attributes = settings.optionalText(
            "otel.resource.attributes", help: "key=value,… percent-encoded: more about this process")
        resource = try Self.resource(name: name, service: service, version: version, attributes: attributes)
        self.version = version ?? ""
        switch exporter {
        case nil: isEnabled = reader.hasEndpoint
        case "otlp": isEnabled = true
        case "none": isEnabled = false
        case let other?:
            throw SettingsError(
                "--otel-traces-exporter (OTEL_TRACES_EXPORTER) is \"\(other)\", but must be otlp or none.")
        }
        if isDisabled { isEnabled = false }
        endpoint = OTLPEndpoint(url: "")
        if isEnabled { endpoint = try reader.endpoint(version: version) }
    }

    private static func flag(_ settings: inout Settings) throws(SettingsError) -> Bool {
        let text = try settings.text("otel.sdk.disabled", default: "false", help: "true: no traces at all")
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw SettingsError(
                "--otel-sdk-disabled (OTEL_SDK_DISABLED) is \"\(text)\", but must be true or false.")
        }
    }

    private static func sampler(_ settings: inout Settings) throws(SettingsError) -> Sampler {
        let name = try settings.text(
            "otel.traces.sampler", default: "parentbased_always_on",
            help: "always_on, always_off, traceidratio, or one of them after parentbased_")
        let argument = settings.optionalText(
            "otel.traces.sampler.arg", help: "for traceidratio: the share of traces that is kept, 0 to 1 (default 1)")
        let prefix = "parentbased_"
        let isParentBased = name.hasPrefix(prefix)
        let root: Sampler
        switch isParentBased ? String(name.dropFirst(prefix.count)) : name {
        case "always_on": root = .alwaysOn
        case "always_off": root = .alwaysOff
        case "traceidratio":
            guard let ratio = Double(argument ?? "1"), (0...1).contains(ratio) else {
                throw SettingsError(
                    "--otel-traces-sampler-arg (OTEL_TRACES_SAMPLER_ARG) is \"\(argument ?? "")\", but must be a "
                        + "number from 0 to 1.")
            }
            root = .traceIDRatio(ratio)
        default:
            throw SettingsError(
                "--otel-traces-sampler (OTEL_TRACES_SAMPLER) is \"\(name)\", but must be always_on, always_off or "
                    + "traceidratio, with or without parentbased_ before it.")
        }
        return isParentBased ? .parentBased(root: root) : root
    }

    // The names, and that these are milliseconds, come from the specification ("Batch Span Processor").
    private static func batches(
        _ settings: inout Settings
    ) throws(SettingsError) -> (queue: Int, batch: Int, delay: Duration, timeout: Duration) {
        let queue = try settings.integer(
            "otel.bsp.max.queue.size", default: 2048, in: 1...1_000_000, help: "spans that may wait; more are dropped")
        let batch = try settings.integer(
            "otel.bsp.max.export.batch.size", default: 512, in: 1...100_000, help: "spans sent at once")
        let delay = try settings.integer(
            "otel.bsp.schedule.delay", default: 1000, in: 1...600_000, help: "milliseconds a span waits for others")
        let timeout = try settings.integer(
            "otel.bsp.export.timeout", default: 10_000, in: 1...600_000,
            help: "milliseconds for one batch, and for what is left at the end")
        return (queue, min(batch, queue), .milliseconds(delay), .milliseconds(timeout))
    }
}

extension OpenTelemetryConfiguration {
    /// What the process is (OpenTelemetry semantic conventions, "Resource").
    ///
    /// Configured attributes replace ours; `OTEL_SERVICE_NAME` wins over a configured `service.name`.
    static func resource(
        name: String?, service: String, version: String?, attributes: String?
    ) throws(SettingsError) -> [(key: String, value: SpanRecord.AttributeValue)] {
        var resource: [(key: String, value: SpanRecord.AttributeValue)] = [("service.name", .string(service))]
        if let version { resource.append(("service.version", .string(version))) }
        resource += [
            ("service.instance.id", .string(ProcessIdentity.instanceID)),
            ("host.name", .string(ProcessIdentity.hostName)),
            ("process.pid", .int(ProcessIdentity.processID)),
            ("telemetry.sdk.name", .string("sagaflow")),
            ("telemetry.sdk.language", .string("swift")),
            ("telemetry.sdk.version", .string(version ?? "0")),
        ]
        guard let pairs = KeyValueList.parse(attributes ?? "") else {
            throw SettingsError(
                "--otel-resource-attributes (OTEL_RESOURCE_ATTRIBUTES) must be key=value,key2=value2 with "
                    + "percent-encoded values.")
        }
        let named = name.map { [("service.name", $0)] } ?? []
        for (key, value) in pairs + named {
            resource.removeAll { $0.key == key }
            resource.append((key, .string(value)))
        }
        return resource
    }
}
