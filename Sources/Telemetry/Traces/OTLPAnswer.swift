/// What a collector's answer means for the batch that was sent (OTLP 1.x, "OTLP/HTTP Response").
enum OTLPAnswer: Equatable {
    /// Taken, except for the spans it refused, with its reason.
    case taken(rejected: Int, reason: String)
    /// Can be sent again, not before this time.
    case later(after: Duration?, reason: String)
    /// Will never be taken.
    case refused(reason: String)

    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - retryAfter: the header of this name.
    ///   - body: of a 2xx, an `ExportTraceServiceResponse`; one that can't be read counts as empty.
    init(status: UInt, retryAfter: String?, body: ArraySlice<UInt8>) {
        switch status {
        case 200..<300: self = Self.readBody(body)
        case 408, 429, 502, 503, 504:
            self = .later(after: retryAfter.flatMap(Self.seconds), reason: "status \(status)")
        default: self = .refused(reason: "status \(status)")
        }
    }

    /// `Retry-After` in seconds, at most an hour. Its other form, a date, is what no collector sends: nil.
    private static func seconds(_ text: String) -> Duration? {
        guard let seconds = UInt32(text) else { return nil }
        return .seconds(min(Int(seconds), 3600))
    }

    /// Field 1 is `partial_success`: 1 the number of rejected spans, 2 the reason.
    private static func readBody(_ body: ArraySlice<UInt8>) -> OTLPAnswer {
        var (rejected, reason) = (0, "")
        var response = ProtobufReader(body)
        while let (field, value) = response.next() {
            guard field == 1, case .bytes(let bytes) = value else { continue }
            var partial = ProtobufReader(bytes)
            while let (field, value) = partial.next() {
                switch (field, value) {
                case (1, .integer(let count)): rejected = Int(clamping: Int64(bitPattern: count))
                case (2, .bytes(let text)): reason = String(decoding: text, as: UTF8.self)
                default: continue
                }
            }
        }
        return .taken(rejected: max(0, rejected), reason: reason)
    }
}
