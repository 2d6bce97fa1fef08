import Basics
import Settings

/// The `OTEL_EXPORTER_OTLP_…` variables, declared for `--help` and judged only when traces are exported: a variable that
/// a whole cluster shares for other programs must not keep one that exports nothing from starting.
///
/// Of each there is a general form and one for traces, which wins.
struct ExporterSettings {
    private let base: String?
    private let traces: String?
    private let protocolName: String?
    private let headers: String?
    private let timeout: String?

    init(_ settings: inout Settings) {
        base = settings.optionalText(
            "otel.exporter.otlp.endpoint", secrecy: .password,
            help: "the collector's base URL, which turns traces on (default http://localhost:4318)")
        traces = settings.optionalText(
            "otel.exporter.otlp.traces.endpoint", secrecy: .password, help: "the URL for traces, taken as it is")
        let general = settings.optionalText(
            "otel.exporter.otlp.protocol", default: "http/protobuf", help: "the only one there is")
        let special = settings.optionalText("otel.exporter.otlp.traces.protocol", help: "the same, for traces")
        protocolName = special ?? general
        let generalHeaders = settings.optionalText(
            "otel.exporter.otlp.headers", secrecy: .secret, help: "name=value,… percent-encoded, sent to the collector")
        let specialHeaders = settings.optionalText(
            "otel.exporter.otlp.traces.headers", secrecy: .secret, help: "the same, for traces; replaces the others")
        headers = specialHeaders ?? generalHeaders
        let generalTimeout = settings.optionalText(
            "otel.exporter.otlp.timeout", default: "10000", help: "milliseconds for one request")
        let specialTimeout = settings.optionalText(
            "otel.exporter.otlp.traces.timeout", help: "the same, for traces")
        timeout = specialTimeout ?? generalTimeout
    }

    var hasEndpoint: Bool { base != nil || traces != nil }

    func endpoint(version: String?) throws(SettingsError) -> OTLPEndpoint {
        guard protocolName == "http/protobuf" else {
            throw SettingsError(
                "OTEL_EXPORTER_OTLP_PROTOCOL is \"\(protocolName ?? "")\", but only http/protobuf is spoken; collectors "
                    + "take it on port 4318.")
        }
        guard let timeout, let milliseconds = Int(timeout), (1...600_000).contains(milliseconds) else {
            throw SettingsError(
                "OTEL_EXPORTER_OTLP_TIMEOUT is \"\(timeout ?? "")\", but must be milliseconds from 1 to 600000.")
        }
        return OTLPEndpoint(
            url: try url(), headers: try parsedHeaders(), timeout: .milliseconds(milliseconds),
            userAgent: "sagaflow/\(version ?? "0")")
    }

    /// The special URL as it is; the base URL with `/v1/traces` after its path.
    private func url() throws(SettingsError) -> String {
        if let traces { return try Self.checked(traces, name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") }
        let base = try Self.checked(base ?? "http://localhost:4318", name: "OTEL_EXPORTER_OTLP_ENDPOINT")
        return (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/v1/traces"
    }

    // User info is refused because a URL is shown in messages; headers are the place for secrets.
    private static func checked(_ url: String, name: String) throws(SettingsError) -> String {
        let scheme = ["http://", "https://"].first { url.lowercased().hasPrefix($0) }
        let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }
        guard let scheme, isPlain, let first = url.utf8.dropFirst(scheme.utf8.count).first, first != UInt8(ascii: "/")
        else {
            throw SettingsError("\(name) must be an http:// or https:// URL without user name and password.")
        }
        return url
    }

    private func parsedHeaders() throws(SettingsError) -> [(name: String, value: String)] {
        guard let headers else { return [] }
        let pairs = KeyValueList.parse(headers)
        let isFit = pairs?.allSatisfy { name, value in
            name.utf8.allSatisfy(\.isTokenCharacter) && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
        guard let pairs, isFit == true else {
            throw SettingsError(
                "OTEL_EXPORTER_OTLP_HEADERS must be name=value,name2=value2 with percent-encoded values; it is not "
                    + "shown here because it may be secret.")
        }
        return pairs.map { ($0.key, $0.value) }
    }
}

/// `key=value,key2=value2` with percent-encoded values: the form of headers and resource attributes in variables, which
/// is that of W3C baggage.
enum KeyValueList {
    /// The pairs in order, blanks around keys and values cut off; nil when a part is no pair or badly encoded.
    static func parse(_ text: String) -> [(key: String, value: String)]? {
        var pairs: [(key: String, value: String)] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = PercentEncoding.decode(sides[0].trimmingBlanks()),
                let value = PercentEncoding.decode(sides[1].trimmingBlanks()), !key.isEmpty
            else { return nil }
            pairs.append((key, value))
        }
        return pairs
    }
}
