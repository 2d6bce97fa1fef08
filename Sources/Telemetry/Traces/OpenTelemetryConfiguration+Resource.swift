import Settings

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
