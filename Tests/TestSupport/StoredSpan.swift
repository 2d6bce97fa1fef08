package import Core

/// A span as the backend has it.
package struct StoredSpan: Sendable {
    package let name: String
    /// Ids as hexadecimal digits.
    package let traceID: String
    package let spanID: String
    package let parentSpanID: String?
    package let start: Instant
    package let end: Instant
    package let attributes: [String: JSON]
    /// The status's description when the span failed.
    package let error: String?

    init?(_ json: JSON) {
        guard let name = json["name"]?.string, let traceID = json["trace_id"]?.string,
            let spanID = json["span_id"]?.string, let start = json["start_time_unix_nano"]?.int,
            let end = json["end_time_unix_nano"]?.int
        else { return nil }
        self.name = name
        self.traceID = traceID
        self.spanID = spanID
        parentSpanID = json["parent_span_id"]?.string
        // The backend goes through floating point: the nanoseconds are off by up to a hundred or so.
        self.start = Instant(microseconds: Int64((start + 500) / 1000))
        self.end = Instant(microseconds: Int64((end + 500) / 1000))
        var attributes: [String: JSON] = [:]
        for pair in json["attributes"]?.array ?? [] {
            guard let key = pair["key"]?.string, let members = pair["value"]?.object?.members else { continue }
            attributes[key] = members.first { !$0.value.isNull }?.value ?? .null
        }
        self.attributes = attributes
        error = json["status"]?["code"]?.int == 2 ? json["status"]?["message"]?.string ?? "" : nil
    }
}
