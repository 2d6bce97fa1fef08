/// Where spans are posted to, and how.
struct OTLPEndpoint: Sendable {
    /// `http://` or `https://`, with the path.
    var url: String
    /// May hold secrets: never logged.
    var headers: [(name: String, value: String)] = []
    /// For one request.
    var timeout: Duration = .seconds(10)
    var userAgent = "sagaflow"
}

// Services are logged as they describe themselves, and they hold an endpoint: without this, its headers too.
extension OTLPEndpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL and how many headers there are; nothing of these.
    var description: String { "\(url) (\(headers.count) headers)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
