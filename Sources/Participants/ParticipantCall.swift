/// One HTTP request to a participant, ready to be sent.
package struct ParticipantCall: Sendable {
    /// An HTTP method in upper case. CONNECT and TRACE are refused.
    package var method: String
    package var baseURL: BaseURL
    /// Begins with `/`, is already percent-encoded, may hold a query; it follows the base URL's prefix.
    package var path: String
    /// Names and values as they go out. Host, Content-Length and the connection's own headers are set by the client and
    /// refused here.
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// The total deadline: waiting for a connection, connecting, writing and the whole answer.
    package var timeout: Duration

    package init(
        method: String = "POST", baseURL: BaseURL, path: String, headers: [(String, String)] = [], body: [UInt8] = [],
        timeout: Duration
    ) {
        self.method = method
        self.baseURL = baseURL
        self.path = path
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}
