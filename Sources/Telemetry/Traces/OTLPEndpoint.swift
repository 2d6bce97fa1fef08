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
