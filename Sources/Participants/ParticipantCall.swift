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
    /// Bytes of a success's body at most; nil for the client's own limit.
    package var maxResponseBytes: Int?
    /// Headers of the answer that the caller wants, in lower case.
    package var wantedHeaders: [String]
    /// What its connection is made with; nil for what all have in common. Calls with different ones share no connections.
    package var identity: TLSIdentity?

    package init(
        method: String = "POST", baseURL: BaseURL, path: String, headers: [(String, String)] = [], body: [UInt8] = [],
        timeout: Duration, maxResponseBytes: Int? = nil, wantedHeaders: [String] = [], identity: TLSIdentity? = nil
    ) {
        self.method = method
        self.baseURL = baseURL
        self.path = path
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxResponseBytes = maxResponseBytes
        self.wantedHeaders = wantedHeaders
        self.identity = identity
    }
}

/// How a call ended, as far as the transport can know. What it means for a step is decided elsewhere.
package enum TransportResult: Sendable {
    /// An answer. 3xx is one like any other: redirects are never followed.
    ///
    /// `status` is 200...999 (informational answers are skipped). `retryAfter` counts from now and is at most one day;
    /// nil when absent or not understood. `body` holds the bytes as received, whatever they are.
    ///
    /// `bodyFault` is nil when the body is whole and readable, and otherwise completes the sentence "Its body …". An
    /// answer other than 2xx is decided by its head, so what is too long, cut off, late or malformed in its body leaves it
    /// an answer; `body` is then its beginning, at most 4 KiB. A body in a content coding, which
    /// is never asked for, is dropped. `headers` are those that the call wants and that came: of one that came several
    /// times the values with a comma between them.
    case response(
        status: Int, retryAfter: Duration?, contentType: String?, body: [UInt8], bodyFault: String? = nil,
        headers: [String: String] = [:])
    /// The participant surely never saw the request: repeating it cannot double an effect.
    case notSent(TransportFailure)
    /// The request was sent, or may have been, and there is no usable answer: an effect is possible.
    case unknown(TransportFailure)
}

/// Why there is no answer.
package struct TransportFailure: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The host has no address.
        case dns
        /// It has none that may be called.
        case notAllowed
        /// No connection: refused, unreachable, or not within the connect timeout.
        case connect
        /// The TLS handshake failed: untrusted or wrong certificate, no common protocol.
        case tls
        /// Every connection to the origin was busy until the deadline, or too many calls waited already.
        case poolExhausted
        /// The deadline passed while the participant had the request.
        case timeout
        /// The participant closed or reset the connection before its answer was complete.
        case connectionClosed
        /// The answer is not HTTP/1.1 as this client accepts it.
        case malformedResponse
        /// The body of a 2xx exceeds the limit.
        case responseTooLarge
        /// The call itself cannot be written as a request.
        case invalidRequest
        /// The caller no longer wanted it when its turn came.
        case withdrawn
        /// The client was shut down.
        case shutdown
    }

    package let kind: Kind
    /// One sentence that is safe to log and to show: no header, no body, no credentials.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
