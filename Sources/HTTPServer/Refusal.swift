package import HTTPTypes
package import NIOCore
package import NIOHTTP1

/// Why the end of a connection refuses a request by itself, before any route sees it.
package struct Refusal: Error {
    /// What kind of refusal; each is one status.
    package enum Kind: Sendable {
        case malformed
        case methodNotAllowed
        case requestTimeout
        case bodyTooLarge
        case uriTooLong
        case expectationFailed
        case headersTooLarge
        /// There are as many connections as there may be, and none of them is idle.
        case full
    }

    /// How a refusal is put into words: status, headers (without those of the transport) and body.
    package typealias Wording = @Sendable (Refusal) -> (head: HTTPResponse, body: ByteBuffer)

    package let kind: Kind
    /// A sentence that repeats nothing of what the client sent.
    package let detail: String
    /// Headers of the answer, such as `Allow`.
    package let headers: HTTPFields

    package init(_ kind: Kind, _ detail: String, headers: HTTPFields = [:]) {
        self.kind = kind
        self.detail = detail
        self.headers = headers
    }

    /// What the parser of requests could not read.
    ///
    /// - Parameter methods: those that are served, for `Allow`.
    package init(_ error: HTTPParserError, methods: String = StrictHTTPChannel.Limits().methods) {
        switch error {
        case .headerOverflow:
            self.init(.headersTooLarge, "There are too many headers, or they are too long.")
        case .invalidMethod:
            self.init(.methodNotAllowed, "This is no HTTP method.", headers: [.allow: methods])
        case .invalidVersion:
            self.init(.malformed, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        default:
            self.init(.malformed, "The request breaks the syntax of HTTP/1.1.")
        }
    }
}
